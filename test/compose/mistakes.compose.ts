// What operators get wrong: each mistake is answered by a sentence that says what to do and by a status that is not 0, and nothing is harmed.
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServerSetup } from '../../services/auth/opaque.ts';
import { tryDocker } from './docker.ts';
import { removeProjects } from './removal.ts';
import { currentRun, ROOT } from './run.ts';
import { ComposeStack, type Service, type Settings } from './stack.ts';

/** As services/gateway and all others end: a setting that is wrong, and anything else that stops a start. */
const WRONG_SETTING = 2;
const CANNOT_START = 1;
const STACK_TRACE = /^\s+at .+:\d+/m;

const run = currentRun();
let stack: ComposeStack;

/** A service with other settings than those of the stack: how it ends, and what it says. */
async function endOf(service: Service, changes: Settings = {}): Promise<{ status: number; says: string }> {
  const { status, stdout, stderr } = await stack.tryCompose(['run', '--rm', '--no-deps', '-T', service], changes);
  const says = `${stdout}\n${stderr}`;
  expect(says).not.toMatch(STACK_TRACE);
  return { status, says };
}

/** Sets the version that the data says it has, from a container of its own: services that run end when they see one that they do not know. */
async function setSchema(version: string): Promise<void> {
  const program = `
    import { MongoClient } from 'mongodb';
    const client = await MongoClient.connect(process.env.PARLEY_MONGO_URL);
    const { matchedCount } = await client.db().collection('meta').updateOne({ _id: 'schema' }, { $set: { value: '${version}' } });
    await client.close();
    console.log(matchedCount);`;
  const node = ['--input-type=module', '--eval', program];
  expect((await stack.compose('run', '--rm', '--no-deps', '-T', 'auth', ...node)).trim()).toBe('1');
}

beforeAll(async () => {
  stack = await ComposeStack.prepare('mistakes', run);
});

afterAll(async () => {
  await removeProjects(stack.project);
});

describe('before anything runs', () => {
  test('no settings: Compose says which is missing and how to make them', async () => {
    const empty = join(run.folder, 'empty.env');
    await writeFile(empty, '');
    const words = [
      'compose',
      '--project-name',
      stack.project,
      '--env-file',
      empty,
      '--file',
      'compose.yaml',
      'up',
      '-d',
    ];
    const { status, stderr } = await tryDocker(words, { cwd: ROOT, environment: stack.environment() });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/[A-Z_]{5,} .*npm run env/);
    expect(await stack.containers()).toEqual([]);
  });

  test.each([
    ['RABBITMQ_PASSWORD', 'guest', 'amqp'],
    ['MONGO_PASSWORD', 'changeme', 'mongo'],
    ['NATS_PASSWORD', 'short', 'nats'],
  ])('a weak %s: %s is refused, and not shown', async (name, password, setting) => {
    const { status, says } = await endOf('delivery', { [name]: password });
    expect(status).toBe(WRONG_SETTING);
    expect(says).toMatch(new RegExp(`${setting}Url.*npm run env`));
    expect(says).not.toContain(`:${password}@`);
  });

  test('a port that is taken: Docker says which, and the start fails', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo; // a port, never a pipe
    const up = ['up', '--detach', '--no-deps', 'haproxy'];
    const { status, stderr } = await stack.tryCompose(up, { PARLEY_PUBLIC_PORT: String(port) });
    await new Promise((resolve) => taken.close(resolve));
    expect(status).not.toBe(0);
    expect(stderr).toMatch(new RegExp(`${port}.*(in use|allocated)`));
  });
});

describe('on data that is there', () => {
  beforeAll(async () => {
    await stack.compose('up', '--detach', '--wait', 'auth');
  });

  test('another domain: refused, by every start again, until it is the right one', async () => {
    const other = { PARLEY_DOMAIN: 'chat.example.org' };
    const up = await stack.tryCompose(['up', '--detach', '--wait', '--no-deps', 'delivery'], other);
    expect(up.status).not.toBe(0);
    const logs = await stack.compose('logs', '--no-color', 'delivery');
    expect(logs).toMatch(/The data belongs to the domain localhost, not chat\.example\.org\. Start with/);
    expect(logs).not.toMatch(STACK_TRACE);
    await stack.compose('up', '--detach', '--wait', '--no-deps', 'delivery');
  });

  test('passwords that are not those of the volumes: a sentence says that the volume keeps the first', async () => {
    const password = 'another-but-strong-password-0123456789';
    const sentences = {
      RABBITMQ_PASSWORD: /amqpUrl.* A server keeps the password that its data was made with/,
      MONGO_PASSWORD: /mongoUrl.* A server keeps the password that its data was made with/,
      NATS_PASSWORD: /NATS .*natsUrl/i,
    };
    for (const [name, sentence] of Object.entries(sentences)) {
      const { status, says } = await endOf('delivery', { [name]: password });
      expect([name, status]).toEqual([name, WRONG_SETTING]);
      expect(says).toMatch(sentence);
      expect(says).not.toContain(password);
    }
  });

  test('another OPAQUE setup: refused, because nobody could sign in', async () => {
    const { status, says } = await endOf('auth', { PARLEY_OPAQUE_SETUP: await createServerSetup() });
    expect(status).toBe(WRONG_SETTING);
    expect(says).toMatch(/opaqueSetup is another than the one that the accounts of this data were made with/);
  });

  test('data of a version that this one does not know: every service refuses, and nothing of it is touched', async () => {
    await setSchema('99');
    for (const service of ['auth', 'groups', 'delivery', 'gateway'] as const) {
      const { status, says } = await endOf(service);
      expect([service, status]).toEqual([service, CANNOT_START]);
      expect(says).toMatch(/The data has the form of version 99; this version of Parley reads .*\. Use the version/);
    }
    await setSchema('1');
    expect((await stack.tryCompose(['up', '--detach', '--wait', '--no-deps', 'groups'])).status).toBe(0);
  });
});
