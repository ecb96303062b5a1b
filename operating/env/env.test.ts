// What `npm run env` leaves behind: a file that its owner alone reads, with everything that compose.yaml asks for, and never a second set of secrets.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readOpaqueSetup } from '../../services/auth/config.ts';
import { OpaqueServer } from '../../services/auth/opaque.ts';
import { type Ended, runToEnd } from '../../test/listening.fixture.ts';

const ROOT = join(import.meta.dirname, '../..');
const WRONG_SETTING = 2;

let file: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-env-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  file = join(folder, '.env');
});

const env = (...options: string[]): Promise<Ended> =>
  runToEnd([join(ROOT, 'operating/env.ts'), '--file', file, ...options], {});
const text = (): string => readFileSync(file, 'utf8');
const written = () => parseEnv(text());

describe('a new .env', () => {
  test('is for its owner alone, and has everything that compose.yaml asks for', async () => {
    const { status, stdout, stderr } = await env();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/\.env is written.*docker compose up/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const asked = ['compose.yaml', 'compose.cluster.yaml', 'compose.watch.yaml'].flatMap((name) =>
      [...readFileSync(join(ROOT, name), 'utf8').matchAll(/\$\{(\w+):\?/g)].map(([, variable]) => variable),
    );
    expect(asked).toEqual(expect.arrayContaining(['MONGO_PASSWORD', 'MONGO_KEY', 'GRAFANA_PASSWORD']));
    expect(asked.filter((name) => name === undefined || !written()[name])).toEqual([]);
  });

  test('has secrets of 32 random bytes, all different, and a setup that auth takes', async () => {
    await env();
    const { RABBITMQ_PASSWORD, MONGO_PASSWORD, NATS_PASSWORD, GRAFANA_PASSWORD, PARLEY_INVITATION_KEY } = written();
    const { RABBITMQ_COOKIE, MONGO_KEY } = written();
    const secrets = [RABBITMQ_PASSWORD, MONGO_PASSWORD, NATS_PASSWORD, GRAFANA_PASSWORD, PARLEY_INVITATION_KEY];
    for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/);
    for (const key of [RABBITMQ_COOKIE, MONGO_KEY]) expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([...secrets, RABBITMQ_COOKIE, MONGO_KEY]).size).toBe(secrets.length + 2);
    const setup = readOpaqueSetup({ opaqueSetup: written().PARLEY_OPAQUE_SETUP });
    await expect(OpaqueServer.open(setup ?? '', 'localhost')).resolves.toBeInstanceOf(OpaqueServer);
  });

  test('has what was asked for', async () => {
    await env('--domain', 'chat.example.org', '--port', '443', '--bind', '0.0.0.0', '--sign-up', 'invitation');
    expect(written()).toMatchObject({
      PARLEY_DOMAIN: 'chat.example.org',
      PARLEY_PUBLIC_PORT: '443',
      PARLEY_BIND: '0.0.0.0',
      PARLEY_SIGN_UP: 'invitation',
    });
  });

  test.each([
    ['--domain', 'Chat', 'domain'],
    ['--bind', 'everywhere', 'bind'],
    ['--port', '0', 'port'],
    ['--sign-up', 'all', 'signUp'],
  ])('is not made with %s %s', async (option, value, name) => {
    const { status, stderr } = await env(option, value);
    expect(status).toBe(WRONG_SETTING);
    expect(stderr).toMatch(new RegExp(`^The setting ${name} .*\n$`));
    expect(() => text()).toThrow('ENOENT');
  });
});

describe('an .env that is there', () => {
  test('stays as it is, to the byte', async () => {
    await env();
    const before = text();
    const { status, stdout } = await env();
    expect(status).toBe(0);
    expect(stdout).toMatch(/lacks nothing/);
    expect(text()).toBe(before);
  });

  test('gets what this version needs and it lacks, and nothing else', async () => {
    writeFileSync(file, 'MINE=1\nMONGO_PASSWORD=as it was\nNATS_PASSWORD=\n# the end');
    chmodSync(file, 0o644);
    const { status, stdout } = await env('--domain', 'chat.example.org');
    expect(status).toBe(0);
    expect(stdout).toMatch(/lacked them: PARLEY_DOMAIN, .*NATS_PASSWORD/);
    expect(stdout).not.toContain('MONGO_PASSWORD');
    expect(text()).toMatch(/^MINE=1\nMONGO_PASSWORD=as it was\nNATS_PASSWORD=\n# the end\nPARLEY_DOMAIN=/);
    expect(written()).toMatchObject({ MONGO_PASSWORD: 'as it was', PARLEY_DOMAIN: 'chat.example.org' });
    expect(written().NATS_PASSWORD).toMatch(/^[\w-]{43}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is not changed to what is asked for now: that is said', async () => {
    await env('--domain', 'chat.example.org');
    const before = text();
    const { status, stderr } = await env('--domain', 'example.org');
    expect(status).toBe(WRONG_SETTING);
    expect(stderr).toMatch(/has PARLEY_DOMAIN=chat\.example\.org, not example\.org: change it there\.\n$/);
    expect(text()).toBe(before);
  });
});

test('a folder that is not there is said in a sentence', async () => {
  file = join(file, 'nowhere/.env');
  const { status, stderr } = await env();
  expect(status).toBe(1);
  expect(stderr).toMatch(/^\S+ cannot be written: ENOENT.*\n$/);
});

test('no secret stands on a command line of a container, where everybody on the machine would see it', async () => {
  await env();
  const secrets = Object.keys(written()).filter((name) => /PASSWORD|COOKIE|KEY|SETUP/.test(name));
  const reading = ['compose.yaml', 'compose.cluster.yaml', 'compose.watch.yaml'].map((name) =>
    readFileSync(join(ROOT, name), 'utf8'),
  );
  // Erlang's arguments are a command line, too; `$$` is the container's own variable, which its shell does not show.
  const shown = reading.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => /command:|^\s+- |_ARGS:/.test(line) && secrets.some((name) => line.includes(`{${name}`))),
  );
  expect(shown).toEqual([]);
});
