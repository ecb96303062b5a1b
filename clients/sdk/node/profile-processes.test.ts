// A profile among processes that are killed, and what its files show to who has them without the password.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { encodeText, toHex } from '#protocol/bytes.ts';
import { textContent } from '../content/content.ts';
import { BO, CHEAP, exampleAccount, exampleChain, exampleMessage, PASSWORD } from '../profile/example.fixture.ts';
import type { Profile } from '../profile/profile.ts';
import { nodeRandom } from './platform.ts';
import { nodeProfileHome } from './profile-home.ts';

const CHILD = fileURLToPath(new URL('./profile-child.fixture.ts', import.meta.url));

let directory = '';
const children = new Set<{ kill(): Promise<void> }>();
const profiles: Profile[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-profile-'));
});
afterEach(async () => {
  await Promise.all([...children].map((child) => child.kill()));
  children.clear();
  for (const profile of profiles.splice(0)) await profile.close();
  rmSync(directory, { recursive: true, force: true });
});

const home = () => nodeProfileHome({ directory, random: nodeRandom, cost: CHEAP });
function kept(profile: Profile): Profile {
  profiles.push(profile);
  return profile;
}
const made = async () => kept(await home().create(exampleAccount(), PASSWORD));

type Said = { readonly id?: string; readonly seq?: number; readonly number?: number; readonly held?: boolean };

/** A shell under which no file can grow, as on a full disk, and which then becomes what follows. */
const FULL_DISK = ['sh', '-c', `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`];

/** Starts a child; `said` grows as it speaks. `after(n)` resolves when it has said n things, `end` and `kill` when it is dead and all it said is read. */
function start(task: string, name = task, under: readonly string[] = []) {
  const [command = '', ...rest] = [...under, process.execPath, CHILD, directory, task, name];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Said[] = [];
  const lines = createInterface({ input: child.stdout });
  // Its output ends while the system still closes its other files, and with them frees its locks.
  const end = Promise.all([once(lines, 'close'), once(child, 'close')]);
  const waiting = new Map<number, () => void>();
  const early = end.then((): never => {
    throw new Error(`${task} ended after ${said.length} lines`);
  });
  early.catch(() => {}); // for who waits for more
  lines.on('line', (line) => {
    said.push(JSON.parse(line) as Said); // written by the fixture
    waiting.get(said.length)?.();
  });
  const started = {
    said,
    end,
    after: (count: number) => Promise.race([new Promise<void>((resolve) => waiting.set(count, resolve)), early]),
    async kill() {
      child.kill('SIGKILL');
      await end;
    },
  };
  children.add(started);
  return started;
}

test('two processes that send from one profile never use a number twice, and what a killed one was told is in the outbox', async () => {
  const profile = await made();
  const writers = [start('enqueue', 'a'), start('enqueue', 'b')];
  await Promise.all(writers.map((writer) => writer.after(60)));
  await Promise.all(writers.map((writer) => writer.kill()));
  const items = await profile.sending.outbox(0, 1e6);
  expect(items.map(({ seq }) => seq)).toEqual(items.map((_, i) => i + 1));
  const ids = new Map(items.map(({ id, seq }) => [id, seq]));
  for (const { id = '', seq } of writers.flatMap(({ said }) => said)) expect(ids.get(id)).toBe(seq);
});

test('of two processes that write without a pause none keeps the other out', async () => {
  await made();
  const writers = [start('enqueue', 'a'), start('enqueue', 'b')];
  await Promise.all(writers.map((writer) => writer.after(3)));
  const before = writers.map(({ said }) => said.length);
  await Promise.race(writers.map((writer, i) => writer.after((before[i] ?? 0) + 300)));
  await Promise.all(writers.map((writer) => writer.kill()));
  const gains = writers.map(({ said }, i) => said.length - (before[i] ?? 0));
  expect(Math.min(...gains)).toBeGreaterThan(Math.max(...gains) / 4);
});

test('messages that were committed before kill -9 are there afterwards, whole batches only', async () => {
  const profile = await made();
  const committed: string[] = [];
  for (const pause of [7, 23, 41]) {
    const receiver = start('receive');
    await receiver.after(pause);
    await receiver.kill();
    committed.push(...receiver.said.map(({ id = '' }) => id));
  }
  const history = await profile.history.before(BO, 1e6);
  const found = new Set(history.map(({ id }) => id));
  expect(committed.filter((id) => !found.has(id))).toEqual([]);
  expect(history.length % 5).toBe(0);
});

test('whatever was written and deleted when its processes were killed, what is in the history is found, and nothing else', async () => {
  const profile = await made();
  for (const pause of [7, 19, 41]) {
    const writers = [start('forget', 'a'), start('forget', 'b')];
    await Promise.all(writers.map((writer) => writer.after(pause)));
    await Promise.all(writers.map((writer) => writer.kill()));
    const there = (await profile.history.after(BO, 1e6, 0)).map(({ id }) => id);
    const found = (await profile.history.search({ text: 'Gull', limit: 1e6 }, 0)).map(({ id }) => id);
    expect(there.length).toBeGreaterThan(pause);
    expect(found.sort()).toEqual(there.sort());
  }
});

test('killed printers repeat at most the event that they were printing, and lose none', async () => {
  const profile = await made();
  const events = 3_000;
  await profile.receiving.commitReceived({ messages: exampleChain(events) });
  const numbers: number[] = [];
  const kills = 4;
  for (let i = 1; i <= kills; i++) {
    const printers = [start('print'), start('print')];
    await Promise.race(printers.map((printer) => printer.after(i * 37)));
    await Promise.all(printers.map((printer) => printer.kill()));
    numbers.push(...printers.flatMap(({ said }) => said.map(({ number = 0 }) => number)));
  }
  await profile.events.printNext(1e6, ({ number }) => {
    numbers.push(number);
    return 'more';
  });
  expect(new Set(numbers)).toEqual(new Set(Array.from({ length: events }, (_, i) => i + 1)));
  expect(numbers.length - events).toBeLessThanOrEqual(kills * 2);
});

test('the death of a process frees the right to receive', async () => {
  const profile = await made();
  const holder = start('hold');
  await holder.after(1);
  expect(await profile.tryReceiverLock()).toBeUndefined();
  await holder.kill();
  expect(await profile.tryReceiverLock()).toBeDefined();
});

test('the right to receive stays with who has it, whoever else of its process asks for it', async () => {
  const profile = await made();
  expect(await profile.tryReceiverLock()).toBeDefined();
  expect(await kept(await home().open(PASSWORD)).tryReceiverLock()).toBeUndefined();
  const other = start('hold');
  await other.after(1);
  expect(other.said).toEqual([{ held: false }]);
});

test('no text, name, id or key is in the bytes of any file, neither while it is used nor when it is closed', async () => {
  const account = exampleAccount();
  const profile = kept(await home().create(account, PASSWORD));
  const text = 'a text that nobody else may read';
  const messages = exampleChain(3, { content: textContent(text) });
  await profile.receiving.commitReceived({ messages });
  const items = await profile.sending.enqueue([exampleMessage({ content: textContent(text) })]);
  await profile.history.search({ text: 'nobody else', limit: 1 }, 0);
  const pin = { address: BO, identity: nodeRandom(32), log: [], firstSeen: {}, verified: true, blocked: false };
  await profile.pins.update(BO, () => ({ pin }));
  await profile.events.printNext(10, () => 'more');

  const secrets = [
    account.boxSecret,
    account.signSeed,
    account.identity,
    pin.identity,
    items[0]?.k,
    items[0]?.header,
    messages[0]?.mh,
  ];
  const known = [
    ...[text, BO, account.address, 'example.org', PASSWORD, account.serverKey, account.device].map(encodeText),
    ...messages.map(({ id }) => encodeText(id)),
    ...secrets.flatMap((secret = new Uint8Array(0)) => [
      secret,
      encodeText(encodeBase64(secret)),
      encodeText(toHex(secret)),
    ]),
  ];
  const found = () => {
    const files = readdirSync(directory).map((file) => readFileSync(join(directory, file)));
    expect(Buffer.concat(files).length).toBeGreaterThan(4_096);
    return known.filter((bytes) => files.some((file) => file.includes(Buffer.from(bytes))));
  };
  expect(found()).toEqual([]);
  await profile.close();
  expect(found()).toEqual([]);
});

test('a damaged, foreign or newer file is said to be that, and a missing one makes no files', async () => {
  const file = join(directory, 'profile.db');
  const problem = (which: string) =>
    expect(home().open(PASSWORD)).rejects.toMatchObject({ name: 'ProfileError', problem: which });
  await problem('missing');
  expect(readdirSync(directory)).toEqual([]);

  const profile = await made();
  await profile.close();
  const good = readFileSync(file);
  const set = (statement: string) => {
    const database = new DatabaseSync(file);
    database.exec(statement);
    database.close();
  };
  set('PRAGMA user_version = 99');
  await problem('unknown_version');
  writeFileSync(file, good);
  set('PRAGMA application_id = 7');
  await problem('foreign');
  writeFileSync(file, 'this is a letter to my aunt, and nothing else. '.repeat(100));
  await problem('foreign');
  writeFileSync(file, good);
  set('UPDATE records SET value = zeroblob(200) WHERE space = 0');
  await problem('corrupt');
  writeFileSync(file, good);
  set('UPDATE records SET value = zeroblob(200) WHERE space = 1');
  await problem('corrupt');
  writeFileSync(file, Buffer.concat([good.subarray(0, 4_096), nodeRandom(good.length - 4_096)]));
  await problem('corrupt');
  writeFileSync(file, good);
  kept(await home().open(PASSWORD));
});

test('a place where nothing can be written is said to be that', async () => {
  const below = join(directory, 'file');
  writeFileSync(below, '');
  const profile = nodeProfileHome({ directory: join(below, 'profile'), random: nodeRandom, cost: CHEAP });
  await expect(profile.create(exampleAccount(), PASSWORD)).rejects.toMatchObject({ problem: 'no_access' });
});

test('after erase no file of the profile is left', async () => {
  const profile = await home().create(exampleAccount(), PASSWORD);
  await profile.receiving.commitReceived({ messages: exampleChain(10) });
  await profile.events.printNext(1, () => 'more');
  await profile.tryReceiverLock();
  await profile.erase();
  expect(readdirSync(directory)).toEqual([]);
});

test('a profile can be erased where nothing can be written any more', async () => {
  const profile = await made();
  await profile.receiving.commitReceived({ messages: exampleChain(10) });
  await profile.close();
  const eraser = start('erase', 'erase', FULL_DISK);
  await eraser.end;
  expect(eraser.said).toEqual([{ erased: true }]);
  expect(readdirSync(directory)).toEqual([]);
});
