// The whole stack through its life, as an operator and the people on it see it: brought up, talked over, scaled, hurt, taken down and brought up
// again. One stack, step by step; each stands on those before it.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Wire } from '../../bench/wire.ts';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import { PASSWORD, Running, Terminal } from '../e2e/terminal.ts';
import { texts } from '../e2e/terminal-world.ts';
import { Crowd } from './crowd.ts';
import { docker, until } from './docker.ts';
import { removeProjects } from './removal.ts';
import { currentRun, ROOT } from './run.ts';
import { secretsSaid } from './secrets.ts';
import { ComposeStack, type Part, SERVICES, works } from './stack.ts';
import { Stream } from './stream.ts';

/** 150 connections, of so many people as may sign up from one address in a minute, with as many devices. */
const PEOPLE = 50;
const DEVICES_EACH = 3;
const SCALED = { gateway: 3, delivery: 2, auth: 2, groups: 2 } as const;
const SCALED_COUNT = Object.values(SCALED).reduce((sum, count) => sum + count, 0);
/** haproxy, rabbitmq, mongo, nats. */
const OTHERS = 4;
const SHARE_DIFFERENCE_MAX = 0.2;
const TEAM = '#team@localhost';

const run = currentRun();
const streams: Stream[] = [];
let stack: ComposeStack;
let al: Terminal;
let bo: Terminal;
let people: People;
let di: Person;
let ed: Person;
let fay: Person;
let crowd: Crowd;

/** A stream of di's that lasts as long as what happens; what is wrong with it. */
async function whileTheyTalk(name: string, happens: () => Promise<void>): Promise<string[]> {
  const stream = new Stream(name, di, [
    { to: ed.client.account.address, readers: [ed] },
    { to: '#crew@localhost', readers: [ed, fay] },
  ]);
  streams.push(stream);
  await happens().catch(async (error: unknown) => {
    await stream.stop().catch(() => {});
    throw error;
  });
  return stream.stop();
}

/** Resolves once so many gateways have all of the crowd and those who talk, and nobody else; how many each has. */
async function allConnected(gateways: number): Promise<number[]> {
  let counts: number[] = [];
  await until(async () => {
    counts = await stack.connections();
    const sum = counts.reduce((total, count) => total + count, 0);
    return counts.length === gateways && sum === crowd.size + [di, ed, fay].length;
  });
  return counts;
}

async function only(part: Part, index = 0) {
  const container = (await stack.containers(part))[index];
  if (container === undefined) throw new Error(`there is no ${part} ${index + 1}`);
  return container;
}

beforeAll(async () => {
  stack = await ComposeStack.prepare('whole', run);
  const profile = (name: string) => new Terminal(join(run.folder, name), stack.url);
  [al, bo] = [profile('al'), profile('bo')];
  people = new People([stack.url], { inMemory: true });
  crowd = new Crowd(stack.url, PEOPLE, DEVICES_EACH);
});

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  const { stdout } = await stack.tryCompose(['logs', '--no-color', '--tail', '20', 'haproxy', ...SERVICES]);
  const waiting = [
    'Commands that have not ended:',
    ...Running.unended(),
    'Of the stream:',
    ...streams.flatMap((one) => one.faults()),
  ];
  console.error(`${(await stack.tryCompose(['ps', '--all'])).stdout}\n${stdout}\n${waiting.join('\n')}`);
});

afterAll(async () => {
  crowd.leave();
  await people.end();
  await removeProjects(stack.project);
});

describe('the stack', () => {
  test('is ready when `docker compose up -d --wait` ends: somebody signs up at once', async () => {
    await stack.up();
    const words = ['run', '-s', 'parley', '--', 'signup', 'al@localhost', '--server', stack.url];
    const env = { ...process.env, PARLEY_PASSWORD: PASSWORD, PARLEY_PROFILE: al.directory };
    const { stdout } = await promisify(execFile)('npm', words, { cwd: ROOT, env });
    expect(stdout).toMatch(/^al@localhost is yours\./);
  });

  test('serves two people who talk, alone and in a group, and keeps what came while one was away', async () => {
    expect(await bo.run(['signup', 'bo@localhost'])).toMatchObject({ status: 0 });
    const listener = bo.start(['listen', '--json', '--count', '1']);
    expect(await al.run(['send', 'bo', 'Are you there?'])).toMatchObject({ status: 0, stdout: 'Accepted.' });
    expect(texts((await listener.end()).records)).toEqual(['Are you there?']);
    expect(await al.run(['group', 'create', 'team', 'bo'])).toMatchObject({ status: 0 });
    expect(await al.run(['send', '#team', 'Lunch at one'])).toMatchObject({ status: 0 });
    expect(await al.run(['send', 'bo', 'or at two?'])).toMatchObject({ status: 0 });
    const { records } = await bo.run(['listen', '--json', '--count', '2']);
    const messages = records.filter(({ type }) => type === 'message');
    expect(messages.map(({ conversation, text }) => [conversation, text]).sort()).toEqual([
      [TEAM, 'Lunch at one'],
      ['al@localhost', 'or at two?'],
    ]);
  });

  test('lets a file through its one door, sealed, to who was away', async () => {
    const film = randomBytes(6 * 1024 * 1024 + 1);
    const file = join(run.folder, 'film.bin');
    await writeFile(file, film);
    expect(await al.run(['send', '--file', file, 'bo'])).toMatchObject({ status: 0 });
    const saved = join(run.folder, 'saved');
    await mkdir(saved);
    const { records } = await bo.run(['listen', '--json', '--count', '1', '--save-to', saved]);
    // As `listen --json` writes a file.
    const paths = records.flatMap(({ file }) => (file as { readonly path?: string } | undefined)?.path ?? []);
    expect(paths).toHaveLength(1);
    expect((await readFile(paths[0] ?? '')).equals(film)).toBe(true);
    const deliveries = (await stack.containers('delivery')).filter(works);
    const sent = await Promise.all(deliveries.map((one) => stack.metric(one, 'parley_blob_sent_bytes_total')));
    expect(sent.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThanOrEqual(film.length);
    const refused = await fetch(`http://127.0.0.1:${stack.port}/blob`);
    expect([refused.status, await refused.json()]).toEqual([401, expect.objectContaining({ code: 'bad_ticket' })]);
  });

  test('publishes one port, on this machine only, and through it nothing but the door for clients', async () => {
    const published = (await stack.containers()).flatMap(({ Config, NetworkSettings }) =>
      Object.values(NetworkSettings.Ports).flatMap((bindings) =>
        (bindings ?? []).map(({ HostIp, HostPort }) => [Config.Labels['com.docker.compose.service'], HostIp, HostPort]),
      ),
    );
    expect(published).toEqual([['haproxy', '127.0.0.1', String(stack.port)]]);
    const [back, ...further] = JSON.parse(await docker(['network', 'inspect', `${stack.project}_back`]));
    expect([back.Internal, further]).toEqual([true, []]);
    for (const path of ['/metrics', '/healthz', '/readyz', '/stats', '/']) {
      const { status } = await fetch(`http://127.0.0.1:${stack.port}${path}`);
      expect([path, status]).toEqual([path, expect.any(Number)]);
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });

  test('has brokers and a store that take nobody without a password', async () => {
    const program = `
      import amqp from 'amqplib';
      import { MongoClient } from 'mongodb';
      import { connect } from 'nats';
      const attempts = {
        rabbitmq: async () => (await amqp.connect('amqp://guest:guest@rabbitmq')).close(),
        mongo: async () => (await MongoClient.connect('mongodb://mongo')).db('parley').collection('meta').findOne(),
        nats: async () => (await connect({ servers: 'nats', reconnect: false })).close(),
      };
      for (const [name, attempt] of Object.entries(attempts)) {
        await attempt().then(() => console.log(name, 'took it'), ({ message }) => console.log(name, message));
      }
      process.exit();`;
    const answers = (await stack.inside(await only('gateway'), program)).split('\n');
    expect(answers).toEqual([
      expect.stringMatching(/^rabbitmq .*(ACCESS.REFUSED|403)/i),
      expect.stringMatching(/^mongo .*authenticat/i),
      expect.stringMatching(/^nats .*authorization/i),
    ]);
  });

  test('runs nothing as root', async () => {
    for (const { Id, Name } of await stack.containers()) {
      const [, ...processes] = (await docker(['top', Id, '-eo', 'uid,pid,comm'])).split('\n');
      const asRoot = processes.filter((line) => /^\s*0\s/.test(line) && !/docker-init|tini/.test(line));
      expect([Name, processes.length > 0, asRoot]).toEqual([Name, true, []]);
    }
  });

  test('is scaled without an edit, and connections that come again spread over all gateways', async () => {
    [di, ed, fay] = await Promise.all([people.signUp('di'), people.signUp('ed'), people.signUp('fay')]);
    await Promise.all([di, ed, fay].map((person) => person.online()));
    await di.client.groups.create('crew@localhost', { members: ['ed@localhost', 'fay@localhost'] });
    await Promise.all([ed, fay].map((person) => person.until(() => person.of('membership').length > 0)));
    await crowd.gather();
    await allConnected(1);
    const faults = await whileTheyTalk('scaling', async () => {
      await stack.up(SCALED);
      expect((await stack.containers()).filter(works)).toHaveLength(SCALED_COUNT + OTHERS);
      // HAProxy asks Docker for their addresses in its own time: a connection that comes goes to the emptiest that it knows.
      const scouts: Wire[] = [];
      await until(async () => {
        const scout = await Wire.open(stack.url);
        scout.onClose = () => {}; // nobody signs in on it
        scouts.push(scout);
        return (await stack.connections()).every((count) => count > 0);
      });
      for (const scout of scouts) scout.close();
      await crowd.reconnect();
    });
    const counts = await allConnected(SCALED.gateway);
    const most = Math.max(...counts);
    expect((most - Math.min(...counts)) / most, `connections: ${counts}`).toBeLessThan(SHARE_DIFFERENCE_MAX);
    expect(faults).toEqual([]);
  });

  test('a gateway that is stopped sends its clients elsewhere, and is given none until it is back', async () => {
    const stopped = await only('gateway', 1);
    const had = await stack.metric(stopped, 'parley_connections');
    const before = crowd.ends.length;
    const sent = () => crowd.ends.slice(before).filter((end) => / 4001 .*go elsewhere/.test(end)).length;
    const faults = await whileTheyTalk('stopping', async () => {
      await docker(['stop', stopped.Id]);
      // They read it in their own time: until then each has a seat, which is at the gateway that is no more.
      await until(async () => sent() >= had - [di, ed, fay].length);
      await crowd.seated();
      const refusals = crowd.refusals.length;
      await crowd.reconnect();
      expect(crowd.refusals.slice(refusals)).toEqual([]);
    });
    await allConnected(SCALED.gateway - 1);
    await docker(['start', stopped.Id]);
    await stack.whole();
    expect(faults).toEqual([]);
  });

  test.each([...SERVICES, 'haproxy', 'nats', 'rabbitmq', 'mongo'] as const)(
    'loses, doubles and misorders nothing when %s is killed, and is whole again by itself',
    async (part) => {
      const faults = await whileTheyTalk(`${part} killed`, async () => {
        await stack.crash(await only(part));
        await stack.whole();
        await crowd.seated();
      });
      expect(faults).toEqual([]);
    },
  );

  test('has accounts, groups and what is unread after it was taken down and brought up again', async () => {
    expect(await al.run(['send', 'bo', 'before the end'])).toMatchObject({ status: 0 });
    expect(await al.run(['send', '#team', 'before the end, all'])).toMatchObject({ status: 0 });
    expect(await secretsSaid(stack, run.image)).toEqual([]);
    await stack.down();
    expect(await stack.containers()).toEqual([]);
    await stack.up(SCALED);
    const { records } = await bo.run(['listen', '--json', '--count', '2']);
    expect(texts(records).sort()).toEqual(['before the end', 'before the end, all']);
    const phone = new Terminal(join(run.folder, 'phone'), stack.url);
    expect(await phone.run(['login', 'al@localhost'])).toMatchObject({ status: 0 });
    expect(await phone.run(['send', 'bo', 'from the phone'])).toMatchObject({ status: 0 });
    expect(await al.run(['send', '#team', 'all are here'])).toMatchObject({ status: 0 });
    expect(texts((await bo.run(['listen', '--json', '--count', '2'])).records).sort()).toEqual([
      'all are here',
      'from the phone',
    ]);
    const faults = await whileTheyTalk('up again', async () => {});
    expect([...faults, ...streams.flatMap((stream) => stream.faults())]).toEqual([]);
  });

  test('says no secret: not in its logs, not in its image', async () => {
    expect(await secretsSaid(stack, run.image)).toEqual([]);
    const list = "console.log((await import('node:fs')).readdirSync('.').join('\\n'))";
    const files = (await stack.inside(await only('gateway'), list)).split('\n');
    expect(files).toContain('services');
    expect(files.filter((name) => /^(\.env|\.git|tls|data|test|bench)$/.test(name))).toEqual([]);
  });
});
