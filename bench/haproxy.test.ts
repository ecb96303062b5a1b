import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configurationFor } from './haproxy.ts';

const product = readFileSync(new URL('../operating/haproxy/haproxy.cfg', import.meta.url), 'utf8');

test("HAProxy is measured with the product's configuration, but for where it listens and where the services are", () => {
  const measured = configurationFor(
    { clients: 1, watch: 2, gateways: [3, 4], deliveries: [{ files: 5, health: 6 }] },
    product,
  );
  const left = product.split('\n').filter((line) => !measured.split('\n').includes(line) && !line.startsWith('#'));
  expect(left.map((line) => line.trim().split(' ')[0])).toEqual([
    ...['resolvers', 'nameserver', 'accepted_payload_size', 'timeout', 'timeout', 'hold', '#', 'hold'],
    ...['bind', 'server-template', 'server-template', 'bind'],
  ]);
  expect(measured).toMatch(/^ {2}server gw1 127\.0\.0\.1:3 check .*\n {2}server gw2 127\.0\.0\.1:4 check /m);
  expect(measured).toMatch(/^ {2}server dl1 127\.0\.0\.1:5 check port 6 inter /m);
  expect(measured).toMatch(/^ {2}bind 127\.0\.0\.1:1$/m);
  expect(measured).toMatch(/^ {2}bind 127\.0\.0\.1:2$/m);
});

test('a configuration that no longer fits is not measured as if it did', () => {
  const ports = { clients: 1, watch: 2, gateways: [3], deliveries: [] };
  expect(() => configurationFor(ports, product.replace('balance', 'x'))).not.toThrow();
  for (const name of ['gw', 'dl'])
    expect(() => configurationFor(ports, product.replace(`server-template ${name}`, `server ${name}`))).toThrow(
      'nothing like',
    );
});
