// The server as a process: how it starts, what it says when it cannot, how it ends, and what it keeps when it is killed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE } from '#protocol/close-codes.ts';
import { SUBPROTOCOL } from '#protocol/limits.ts';
import { type Ended, runToEnd, ServerProcess } from '../test/server.fixture.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../test/tls.fixture.ts';
import { type AnswerFrame, Wire } from '../test/wire.fixture.ts';
import { WirePerson } from '../test/wire-person.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-process-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const running: ServerProcess[] = [];
async function started(options: readonly string[] = [], data?: string): Promise<ServerProcess> {
  const server = await ServerProcess.start(['--log-level', 'warn', ...options], data);
  running.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.remove()));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a start that cannot be', () => {
  const fresh = (name: string): string[] => ['--port', '0', '--data', join(folder, name)];

  /** One sentence on stderr that says what to do; nothing else, anywhere. */
  function expectSentence({ status, stdout, stderr }: Ended, expected: RegExp): void {
    expect(stderr).toMatch(expected);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/\n\s+at |\.ts:\d/);
    expect(status === 1 || status === 2).toBe(true);
    expect(stdout).toBe('');
  }

  test.each([
    ['an unknown option', ['--prot', '1'], /unknown option '--prot'.*--help/],
    ['a port that is no number', ['--port', 'http'], /setting port \(--port\) is "http" from the option --port/],
    ['an empty port', ['--port', ''], /setting port \(--port\) is "" from the option/],
    ['a domain with a slash', ['--domain', 'a/b'], /setting domain .* as in chat\.example\.org/],
    ['half of TLS', ['--tls-cert', 'x.pem'], /both --tls-cert and --tls-key/],
    ['a certificate that is not there', ['--tls-cert', 'x.pem', '--tls-key', 'y.pem'], /certificate cannot be used/],
    ['plain ws where others can read it', ['--host', '0.0.0.0'], /0\.0\.0\.0 without TLS.*--allow-plain/],
    ['a name that only looks local', ['--host', '127.evil.example'], /127\.evil\.example without TLS/],
    ['an address that is not this machine', ['--host', '192.0.2.1', '--allow-plain'], /--host/],
    ['invitations without a code', ['--sign-up', 'invitation'], /signUp is invitation/],
  ])('says so: %s', async (name, options, expected) => {
    expectSentence(await runToEnd([...fresh(name.replaceAll(' ', '-')), ...options]), expected);
  });

  test('names the variable or the file that a wrong value comes from', async () => {
    const byVariable = await runToEnd(fresh('variable'), { PARLEY_HOLD_MS: 'soon' });
    expectSentence(byVariable, /"soon" from the environment variable PARLEY_HOLD_MS/);
    const config = file('wrong.json', '{"holdMs": "later"}');
    expectSentence(await runToEnd([...fresh('file'), '--config', config]), /"later" from the file .*wrong\.json/);
    const unknown = file('unknown.json', '{"toString": 1}');
    expectSentence(await runToEnd([...fresh('file'), '--config', unknown]), /unknown setting toString/);
    expectSentence(await runToEnd([...fresh('file'), '--config', file('no.json', '{')]), /cannot be read/);
  });

  test('says so when the certificate is none', async () => {
    const bad = file('bad.pem', 'not a certificate');
    const ended = await runToEnd([...fresh('tls'), '--tls-cert', bad, '--tls-key', bad]);
    expectSentence(ended, /certificate cannot be used/);
  });

  test('says so when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const ended = await runToEnd(['--port', port, '--data', join(folder, 'used')]);
    expectSentence({ ...ended, stderr: ended.stderr.replace(/^\{.*\}\n/gm, '') }, new RegExp(`Port ${port} is in use`));
    other.close();
  });

  test('says so when the data folder is below a file', async () => {
    const data = join(file('regular', ''), 'data');
    expectSentence(await runToEnd(['--port', '0', '--data', data]), /data folder .* cannot be used.*--data/);
  });

  test('says so when the database is none, or only the rest of one', async () => {
    for (const [name, bytes] of [
      ['text', 'this is not a database, it is a text that is longer than a header'],
      ['torn', `SQLite format 3\0${'\x10\x00\x01\x01\x00\x40\x20\x20'.padEnd(4080, '\xff')}`],
    ] as const) {
      const data = join(folder, name);
      mkdirSync(data);
      writeFileSync(join(data, 'parley.db'), bytes, 'latin1');
      expectSentence(await runToEnd(['--port', '0', '--data', data]), /cannot be used: .*(backup|--data)/);
    }
  });

  test('says so when another server has the data, which goes on', async () => {
    const server = await started();
    expectSentence(await runToEnd(['--port', '0', '--data', server.data]), /another Parley server is using it/);
    expect((await server.http('/readyz')).status).toBe(200);
  });

  test('says so when the domain is another than that of the data', async () => {
    const server = await started(['--domain', 'chat.example.org']);
    await server.stop();
    const options = ['--port', '0', '--data', server.data];
    expectSentence(await runToEnd([...options, '--domain', 'example.org']), /belongs to the domain chat\.example\.org/);
    expectSentence(await runToEnd(options), /belongs to the domain chat\.example\.org.*--domain chat\.example\.org/);
  });
});

describe('a running server', () => {
  test('says on its first line where it listens, then what to type, and keeps stdout for that', async () => {
    const server = await started(['--log-level', 'info']);
    expect(server.stdout).toMatch(/^Parley listens on ws:\/\/127\.0\.0\.1:\d+\n/);
    await server.stop();
    expect(server.stdout).toContain('parley -- signup YOURNAME@localhost');
    for (const line of server.stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
  });

  test('explains its options and ends', async () => {
    const { status, stdout, stderr } = await runToEnd(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const option of ['--host', '--port', '--data', '--domain', '--allow-plain']) expect(stdout).toContain(option);
  });

  test('takes settings that are empty in the environment for absent', async () => {
    const ended = await runToEnd(['--help'], { PARLEY_PORT: '' });
    expect(ended.status).toBe(0);
    const data = join(folder, 'empty-variable');
    const other = await runToEnd(['--data', data, '--host', '0.0.0.0'], {
      PARLEY_TLS_CERT: '',
      PARLEY_ALLOW_PLAIN: '',
    });
    expect(other.stderr).toMatch(/without TLS/);
  });

  test('answers health, readiness and metrics, the last only to this machine and not through a proxy', async () => {
    const server = await started();
    expect(await (await server.http('/healthz')).text()).toBe('ok\n');
    expect(await (await server.http('/readyz')).text()).toBe('ready\n');
    const wire = await Wire.open(server.url);
    expect(await (await server.http('/metrics')).text()).toMatch(/^parley_connections 1$/m);
    expect((await server.http('/metrics', { headers: { 'x-forwarded-for': '192.0.2.7' } })).status).toBe(404);
    expect((await server.http('/')).status).toBe(426);
    expect((await server.http('/../../etc/passwd')).status).toBe(404);
    await wire.close();
  });

  test('takes no client that does not offer its subprotocol', async () => {
    const server = await started();
    for (const offered of [[], ['parley.v2'], ['graphql-ws', 'x']]) {
      const error = await new Promise<Error>((resolve) => new WebSocket(server.url, offered).once('error', resolve));
      expect(error.message).toMatch(/400/);
    }
    const both = new WebSocket(server.url, ['parley.v2', SUBPROTOCOL]);
    await new Promise((resolve) => both.once('open', resolve));
    expect(both.protocol).toBe(SUBPROTOCOL);
    both.terminate();
  });

  test('survives clients that reset while they are refused, and lets go of those that stay', async () => {
    const server = await started();
    const port = Number(new URL(server.url).port);
    const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    for (let i = 0; i < 50; i += 1) {
      const socket = connect(port, '127.0.0.1');
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      socket.on('error', () => {});
      socket.write(upgrade, () => socket.resetAndDestroy());
      await new Promise((resolve) => socket.once('close', resolve));
    }
    const stays = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    stays.write(upgrade);
    await new Promise((resolve) => stays.resume().once('end', resolve));
    expect((await server.http('/healthz')).status).toBe(200);
    stays.destroy();
  });

  test('speaks wss with a certificate', async () => {
    const tls = ['--tls-cert', file('cert.pem', TEST_CERTIFICATE), '--tls-key', file('key.pem', TEST_KEY)];
    const server = await started(tls);
    expect(server.url).toMatch(/^wss:/);
    const al = new WirePerson('al@localhost');
    const wire = await Wire.open(server.url, { ca: TEST_CERTIFICATE });
    await wire.ok({ type: 'signup.finish', ...(await al.signUpFields(wire)) });
    await wire.ok({ type: 'session', ...al.sessionFields(wire) });
    await wire.take('synced');
    wire.send('not a frame');
    expect(await wire.closed).toEqual(CLOSE.protocolError);
    await expect(
      new Promise((_, reject) => new WebSocket(server.url, SUBPROTOCOL).once('error', reject)),
    ).rejects.toThrow(/self-signed/);
  });

  test('listens beyond this machine without TLS only where that is said', async () => {
    const server = await started(['--host', '0.0.0.0', '--allow-plain']);
    expect(server.url).toMatch(/^ws:\/\/0\.0\.0\.0:/);
  });
});

describe('SIGTERM', () => {
  test('answers what was asked, says where to go, and ends with 0', async () => {
    const server = await started(['--rate-factor', '1000']);
    const al = await WirePerson.signedUp(server.url, 'al@localhost');
    const bo = await WirePerson.signedUp(server.url, 'bo@localhost');
    const idle = await bo.session(server.url);
    const busy = await al.session(server.url, { receive: false });
    const messages = Array.from({ length: 500 }, () => al.message(bo));
    const ids = messages.map((message) => {
      const id = busy.nextId();
      busy.send({ type: 'send', id, ...message });
      return id;
    });
    await busy.answer(ids[20] ?? 0);
    const status = server.stop();
    expect(await busy.closed).toEqual(CLOSE.goElsewhere);
    expect(await idle.closed).toEqual(CLOSE.goElsewhere);
    expect(await status).toBe(0);
    const answered = ids.filter((id) => busy.seen.some((frame) => frame.type === 'ok' && frame.re === id));
    expect(answered).toEqual(ids.slice(0, answered.length));
    expect(busy.seen.filter(({ type }) => type === 'error')).toEqual([]);
    await server.restart();
    const again = await bo.session(server.url, { ackAll: true });
    const kept = deliveries(again);
    // What was answered is there, in order; what was under way may be, after it.
    expect(kept.slice(0, answered.length)).toEqual(messages.slice(0, answered.length).map(short));
    await again.close();
  });

  test('ends at once with nobody there, and frees port and data', async () => {
    const server = await started();
    expect(await server.stop()).toBe(0);
    await server.restart();
    expect(await server.stop()).toBe(0);
  });
});

/** A message in short: the beginning of its random body. */
const short = ({ body }: { readonly body: string }): string => body.slice(0, 24);
/** What a connection was delivered. Without what came again: clients know it by its id (DESIGN section 3), and so does this. */
const deliveries = (wire: Wire): string[] => [
  ...new Set(wire.seen.flatMap((frame) => (frame.type === 'deliver' ? [short(frame)] : []))),
];

test('what was answered ok before kill -9 arrives once and in order', async () => {
  const server = await started(['--rate-factor', '1000']);
  const al = await WirePerson.signedUp(server.url, 'al@localhost');
  const bo = await WirePerson.signedUp(server.url, 'bo@localhost');
  const arrived: string[] = [];
  const accepted: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    // Half of the time the recipient is away.
    const to = round % 2 === 0 ? await bo.session(server.url, { ackAll: true }) : undefined;
    const from = await al.session(server.url, { receive: false });
    const messages = Array.from({ length: 200 }, () => al.message(bo));
    const ids = messages.map((message) => {
      const id = from.nextId();
      from.send({ type: 'send', id, ...message });
      return id;
    });
    await from.answer(ids[100 + round * 20] ?? 0);
    await server.kill();
    await from.closed;
    await to?.closed;
    const oks = new Set(from.seen.flatMap((frame) => (frame.type === 'ok' ? [frame.re] : [])));
    const answered = messages.filter((_, i) => oks.has(ids[i] ?? 0)).map(short);
    expect(answered).toEqual(messages.slice(0, answered.length).map(short));
    accepted.push(...answered);
    if (to) arrived.push(...deliveries(to));
    await server.restart();
  }
  const last = await bo.session(server.url, { ackAll: true }); // synced: it has all
  arrived.push(...deliveries(last));
  const once = [...new Set(arrived)].filter((body) => accepted.includes(body));
  expect(once).toEqual(accepted);
  const again = await bo.session(server.url);
  expect(deliveries(again)).toEqual([]);
  await Promise.all([last.closed, again.close()]);
}, 60_000);

describe('a disk that is nearly full', () => {
  test('refuses messages and new accounts, and still opens sessions, delivers and takes acks', async () => {
    const server = await started();
    const al = await WirePerson.signedUp(server.url, 'al@localhost');
    const bo = await WirePerson.signedUp(server.url, 'bo@localhost');
    const early = await al.session(server.url, { receive: false });
    const message = al.message(bo);
    await early.ok({ type: 'send', ...message });
    await server.stop();
    const full = await started(['--reserve-mib', '1000000000'], server.data);
    const from = await al.session(full.url, { receive: false });
    const refused = al.message(bo);
    expect(await from.request({ type: 'send', ...refused })).toMatchObject({ code: 'no_space', retry: true });
    expect(await from.request({ type: 'send', ...al.message(bo) })).toMatchObject({ retry: true });
    const to = await bo.session(full.url);
    expect(await to.take('deliver')).toMatchObject({ body: message.body });
    to.send({ type: 'ack', upTo: 1, tags: [] });
    expect(await bo.loginFields(to)).toBeDefined();
    const cy = new WirePerson('cy@localhost');
    expect(await to.refusal({ type: 'signup.finish', ...(await cy.signUpFields(to)) })).toBe('no_space');
    const lost = bo.revokeEntry(bo.device); // a stolen device can always be revoked
    await to.ok({ type: 'log.append', address: bo.address, entry: lost });
    expect(await to.closed).toEqual(CLOSE.revoked);
    expect(await full.stop()).toBe(0);
  });

  test('of 4 MB keeps what was accepted and answers the rest once there is room', async ({ skip }) => {
    const disk = mountTmpfs('4m') ?? skipped(skip);
    try {
      const filler = join(disk, 'filler');
      writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
      const server = await started(['--reserve-mib', '0', '--rate-factor', '1000'], join(disk, 'data'));
      const al = await WirePerson.signedUp(server.url, 'al@localhost');
      const bo = await WirePerson.signedUp(server.url, 'bo@localhost');
      const from = await al.session(server.url, { receive: false });
      const accepted: string[] = [];
      const full = server.said(/no_space|No space|disk|trying again/);
      for (let answer: AnswerFrame | undefined; answer?.type !== 'error'; ) {
        const message = al.message(bo, {}, 50_000);
        const request = from.request({ type: 'send', ...message });
        answer = await Promise.race([request, full.then(() => undefined)]);
        if (!answer) {
          rmSync(filler, { force: true });
          answer = await request;
        }
        if (answer.type === 'ok') accepted.push(short(message));
        else expect(answer).toMatchObject({ code: 'no_space', retry: true });
        if (accepted.length > 100) break;
      }
      rmSync(filler, { force: true });
      expect(accepted.length).toBeGreaterThan(5);
      await server.kill();
      await server.restart();
      const to = await bo.session(server.url, { ackAll: true });
      expect(deliveries(to).filter((body) => accepted.includes(body))).toEqual(accepted);
    } finally {
      await unmount(disk);
    }
  });

  test('from the very start is a sentence', async ({ skip }) => {
    const disk = mountTmpfs('64k') ?? skipped(skip);
    try {
      writeFileSync(join(disk, 'filler'), Buffer.alloc(56 * 1024));
      const { status, stderr } = await runToEnd(['--port', '0', '--data', join(disk, 'data')]);
      expect(status).toBe(1);
      expect(stderr).toMatch(/cannot be used: .*Make room/);
      expect(stderr).not.toMatch(/\n\s+at /);
    } finally {
      await unmount(disk);
    }
  });
});

/** A disk of that size; undefined where this user may not mount. */
/** Where servers and disks were promised, a test that cannot run has failed. */
function skipped(skip: (note: string) => never): never {
  const note = 'mounting a tmpfs needs root';
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(note);
  return skip(note);
}

function mountTmpfs(size: string): string | undefined {
  const disk = mkdtempSync(join(tmpdir(), 'parley-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk], { stdio: 'ignore' });
    return disk;
  } catch {
    rmSync(disk, { recursive: true });
    return undefined;
  }
}

async function unmount(disk: string): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.remove()));
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
}
