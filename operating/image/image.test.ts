// The two small programs that containers bring: what says whether one is ready, and what ends one that does not listen to signals yet. And what the
// manual has run in containers.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { serveHealth } from '#runtime/health.ts';
import { Metrics } from '#runtime/metrics.ts';

const ROOT = join(import.meta.dirname, '../..');
const here = (file: string): string => join(import.meta.dirname, file);

test('a container is ready when its /readyz says so, and not while it says no or nothing', async () => {
  let ready = false;
  const health = await serveHealth({ healthHost: '127.0.0.1', healthPort: 0 }, new Metrics(), () => ready);
  if (health === undefined) throw new Error('a port was given');
  const { port } = new URL(health.url);
  const look = async (...args: string[]): Promise<number | null> => {
    const [status] = await once(spawn('bash', [here('ready.sh'), port, ...args], { stdio: 'ignore' }), 'close');
    return status;
  };
  expect(await look()).not.toBe(0);
  expect(await look('/healthz')).toBe(0);
  ready = true;
  expect(await look()).toBe(0);
  health.stop();
  expect(await look()).not.toBe(0);
});

test('what the manual has run in a container is a program of the image, and `node` stands before it only where the image does not put it there', () => {
  const manual = readFileSync(join(ROOT, 'docs/OPERATING.md'), 'utf8');
  const commands = [
    ...manual.matchAll(/docker compose (run|exec) (?:-\S+ )*(?:auth|groups|delivery|gateway) (node )?([\w/.-]+\.ts)/g),
  ];
  expect(new Set(commands.map(([, how]) => how))).toEqual(new Set(['run', 'exec']));
  for (const [command, how, node, program = ''] of commands) {
    expect([command, node !== undefined, existsSync(join(ROOT, program))]).toEqual([command, how === 'exec', true]);
  }
});

test.each([
  ['SIGTERM', 'process.kill(process.pid, "SIGTERM"); setTimeout(() => process.exit(9), 60_000)', 0],
  [
    'SIGTERM',
    'process.on("SIGTERM", () => process.exit(7)); process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
    7,
  ],
])('a program that does not listen to %s yet is ended by it, one that does decides itself', (_, code, status) => {
  const args = ['--import', here('first-signal.ts'), '--input-type=module', '--eval', code];
  expect(spawnSync(process.execPath, args).status).toBe(status);
});

test('one service builds the image that all have: of several builds the last one has its name, and the next `up` starts the others anew', () => {
  const { services } = parse(readFileSync(here('../../compose.yaml'), 'utf8'), { merge: true });
  const parley = Object.entries<{ image: string; build?: string }>(services).filter(([, { image }]) =>
    image.startsWith('parley:'),
  );
  expect(parley.map(([name]) => name)).toEqual(expect.arrayContaining(['auth', 'groups', 'delivery', 'gateway']));
  expect(parley.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(['auth']);
});

test.each(['README.md', 'docs/OPERATING.md', 'Dockerfile'])(
  'what %s runs in a container is a file: `run` has Node as its entry point, `exec` has to name it',
  (document) => {
    const text = readFileSync(here(`../../${document}`), 'utf8');
    const service = '(?:auth|groups|delivery|gateway)';
    const given = [
      ...text.matchAll(new RegExp(`docker compose run .*?${service} ([\\w./-]+)`, 'g')),
      ...text.matchAll(new RegExp(`docker compose exec .*?${service} node ([\\w./-]+)`, 'g')),
    ];
    expect(
      given
        .map(([, program = '']) => program)
        .filter((program) => program !== '-e' && !existsSync(here(`../../${program}`))),
    ).toEqual([]);
    expect(text).not.toMatch(new RegExp(`docker compose exec .*?${service} (?!node )`));
  },
);

test('every setting that the manual names reaches a container from .env', () => {
  const manual = readFileSync(here('../../docs/OPERATING.md'), 'utf8').matchAll(/\bPARLEY_[A-Z_]+\b/g);
  const stack = readFileSync(here('../../compose.yaml'), 'utf8');
  const elsewhere = ['PARLEY_INVITATION_KEY_FILE']; // the manual's own words for services without compose
  const named = [...new Set([...manual].map(([name]) => name))].filter((name) => !elsewhere.includes(name));
  expect(named.filter((name) => !stack.includes(`\${${name}:`))).toEqual([]);
});
