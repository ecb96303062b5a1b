// What follows from what Docker says of the stack's containers.
import { expect, test } from 'vitest';
import { containerFindings } from './containers.ts';
import type { Container } from './docker.ts';

const SERVICES = ['haproxy', 'gateway', 'auth', 'groups', 'delivery', 'rabbitmq', 'mongo', 'nats'];
const well = (service: string): Container => ({
  service,
  name: `parley-${service}-1`,
  status: 'running',
  health: service === 'nats' ? undefined : 'healthy',
  restarts: 0,
  exitCode: 0,
  outOfMemory: false,
});
const found = (changes: Readonly<Record<string, Partial<Container>>>) =>
  containerFindings(SERVICES.map((service) => ({ ...well(service), ...changes[service] }))).map(
    ({ level, says }) => `${level}: ${says}`,
  );

test('all that run and are healthy are well', () => {
  expect(found({})).toEqual(['ok: All 8 containers run, those with a health check are healthy.']);
});

test('no container, and a service without one, is a problem', () => {
  expect(containerFindings([])).toMatchObject([{ level: 'problem', todo: 'docker compose up -d --wait' }]);
  const [first] = containerFindings([well('auth'), well('gateway')]);
  expect(first?.says).toBe('There is no container of haproxy, groups, delivery, rabbitmq, mongo, nats.');
});

test('each thing that is wrong with one is said', () => {
  expect(
    found({
      auth: { status: 'exited', exitCode: 2 },
      gateway: { health: 'unhealthy', restarts: 3 },
      mongo: { outOfMemory: true },
      delivery: { health: 'starting' },
    }),
  ).toEqual([
    'problem: parley-gateway-1 runs and is not ready.',
    'warning: parley-gateway-1 ended by itself and was started again, 3 times.',
    'problem: parley-auth-1 is exited (status 2).',
    'warning: parley-delivery-1 is still starting.',
    'problem: parley-mongo-1 was killed for want of memory.',
  ]);
});
