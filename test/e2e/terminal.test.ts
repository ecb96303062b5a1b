// The terminal client against a real server, command by command, as a person, a script or a bot uses it.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealServer } from './real-server.ts';
import { type Line, PASSWORD, type Result, Terminal } from './terminal.ts';

/** Each command starts a process and unlocks a profile, which is made to cost something. */
const SEVERAL_COMMANDS_MS = 120_000;
const FRESH = 'seven otters at dusk';

let server: RealServer;
let directory: string;
let round = 0;

beforeAll(async () => {
  server = await RealServer.start('--rate-factor', '100', '--tries-per-source', '1000');
  directory = await mkdtemp(join(tmpdir(), 'parley-terminal-'));
});

afterAll(async () => {
  await server.remove();
  await rm(directory, { recursive: true, force: true });
});

type Person = Terminal & { readonly address: string; readonly name: string };

const terminal = (what: string, url = server.url) => new Terminal(join(directory, what), url);

/** People with a profile each, under names that nobody else has. */
async function people(count: number, url = server.url): Promise<Person[]> {
  round++;
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const name = `${['al', 'bo', 'cy'][index]}${round}`;
      const person = Object.assign(terminal(name, url), { name, address: `${name}@localhost` });
      expect(await person.run(['signup', person.address])).toMatchObject({ status: 0 });
      return person;
    }),
  );
}

async function two(url = server.url): Promise<{ al: Person; bo: Person }> {
  const [al, bo] = await people(2, url);
  if (al === undefined || bo === undefined) throw new Error('two people');
  return { al, bo };
}

const texts = (records: readonly Line[]) => records.filter(({ type }) => type === 'message').map(({ text }) => text);
const refused = (sentence: RegExp, status = 1): Partial<Result> => ({
  status,
  stderr: expect.stringMatching(sentence),
});

describe('two people', () => {
  it(
    'sign up, talk, go away, come back and find what they missed',
    async () => {
      const { al, bo } = await two();
      expect(await al.run(['send', bo.name, 'good', 'morning'])).toMatchObject({ status: 0, stdout: 'Accepted.' });
      const first = await bo.run(['listen', '--json', '--count', '1']);
      expect(first.status).toBe(0);
      expect(first.records).toStrictEqual([
        {
          ...{ type: 'message', id: expect.any(String), from: al.address, device: expect.any(String) },
          ...{ conversation: al.address, text: 'good morning', sentAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) },
        },
      ]);
      expect(await al.run(['send', bo.address, 'while you are away', '--expires', '1h'])).toMatchObject({ status: 0 });
      expect(await al.run(['send', bo.name, '-', '--whole'], { input: 'two\nlines' })).toMatchObject({ status: 0 });
      const unread = await bo.run(['unread', '--json']);
      expect(unread.records).toEqual([{ type: 'unread', conversation: al.address, from: al.address, count: 2 }]);
      // Received by `unread`, and printed by nobody yet.
      expect(texts((await bo.run(['listen', '--json', '--count', '2'])).records)).toEqual([
        'while you are away',
        'two\nlines',
      ]);
      expect(await bo.run(['unread'])).toMatchObject({ status: 0, stdout: 'Nothing is unread.' });
      // What became of his messages is told to who receives.
      const listener = al.start(['listen', '--json']);
      await listener.until(({ lines }) => lines.length >= 3);
      expect((await listener.end('SIGINT')).records.map(({ type, by }) => [type, by])).toEqual(
        Array(3).fill(['delivered', bo.address]),
      );
      const history = await al.run(['history', bo.name, '--json', '--limit', '2']);
      expect(history.records).toMatchObject([
        { text: 'while you are away', from: al.address, conversation: bo.address, state: 'delivered' },
        { text: 'two\nlines', state: 'delivered' },
      ]);
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'send and listen on one profile at the same time, and a second listener prints what the first receives',
    async () => {
      const { al, bo } = await two();
      const listener = bo.start(['listen', '--json']);
      await al.run(['send', bo.name, 'one']);
      await listener.until(({ lines }) => lines.length === 1);
      const second = bo.start(['listen', '--json']);
      expect(await bo.run(['send', al.name, 'an answer'])).toMatchObject({ status: 0 });
      await al.run(['send', bo.name, '-'], { input: 'two\nthree\n' });
      const both = () => texts([...listener.lines, ...second.lines].map((line) => JSON.parse(line)));
      await Promise.race([listener.until(() => both().length === 3), second.until(() => both().length === 3)]);
      // The one that receives dies: the other one takes over.
      await listener.end('SIGKILL');
      await al.run(['send', bo.name, 'four']);
      await second.until(() => both().length === 4);
      const ended = await second.end('SIGTERM');
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      expect(both().sort()).toEqual(['four', 'one', 'three', 'two']);
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'see the same safety number, set marks by it, and block',
    async () => {
      const { al, bo } = await two();
      const [mine, theirs] = await Promise.all([
        al.run(['safety', bo.name, '--json']),
        bo.run(['safety', al.name, '--json']),
      ]);
      expect(mine.records[0]).toMatchObject({ type: 'safety', address: bo.address, verified: false });
      expect(mine.records[0]?.number).toBe(theirs.records[0]?.number);
      expect(await al.run(['verify', bo.name])).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(String(mine.records[0]?.number)),
      });
      expect((await al.run(['safety', bo.name, '--json'])).records[0]).toMatchObject({ verified: true });
      expect(await al.run(['trust', bo.name])).toMatchObject(refused(/has not changed/));
      expect(await al.run(['block', bo.name])).toMatchObject({ status: 0 });
      expect(await al.run(['send', bo.name, 'x'])).toMatchObject(refused(/is blocked/));
      expect(await bo.run(['send', al.name, 'do you hear me'])).toMatchObject({ status: 0 });
      expect(await al.run(['unread'])).toMatchObject({ stdout: 'Nothing is unread.' });
      expect(await al.run(['unblock', bo.name])).toMatchObject({ status: 0 });
      expect(await bo.run(['send', al.name, 'and now'])).toMatchObject({ status: 0 });
      expect(texts((await al.run(['listen', '--json', '--count', '1'])).records)).toEqual(['and now']);
    },
    SEVERAL_COMMANDS_MS,
  );
});

describe('many messages', () => {
  it(
    '10,000 lines of random sizes arrive one by one, in order',
    async () => {
      const { al, bo } = await two();
      const lines = Array.from(
        { length: 10_000 },
        (_, index) => `${index} ${'ä'.repeat(Math.floor(Math.random() ** 6 * 3_000))}`,
      );
      const listener = bo.start(['listen', '--json', '--count', '10000']);
      expect(await al.run(['send', bo.name, '-'], { input: lines.join('\n') })).toMatchObject({
        status: 0,
        stdout: '10000 accepted.',
      });
      const { status, records } = await listener.end();
      expect(status).toBe(0);
      expect(texts(records)).toEqual(lines);
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'are printed once over listeners that are killed, and none is lost',
    async () => {
      const { al, bo } = await two();
      const lines = Array.from({ length: 3_000 }, (_, index) => `line ${index}`);
      expect(await al.run(['send', bo.name, '-'], { input: lines.join('\n') })).toMatchObject({ status: 0 });
      const printed: unknown[] = [];
      for (const kill of [1, 150, 400, 700]) {
        const listener = bo.start(['listen', '--json']);
        await listener.until((running) => running.lines.length >= kill);
        const run = texts((await listener.end('SIGKILL')).records);
        // Killed between the write and its mark, it repeats that one line at most.
        printed.push(...run.slice(run[0] === printed.at(-1) ? 1 : 0));
      }
      const last = bo.start(['listen', '--json']);
      await last.until((running) => running.lines.at(-1)?.includes('"line 2999"') === true);
      const rest = texts((await last.end('SIGTERM')).records);
      printed.push(...rest.slice(rest[0] === printed.at(-1) ? 1 : 0));
      expect(printed).toEqual(lines);
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'are refused where one is too long, before it is sent',
    async () => {
      const { al, bo } = await two();
      expect(await al.run(['send', bo.name, 'x'.repeat(65_537)])).toMatchObject(refused(/65537 bytes.*65536/));
      expect(await al.run(['send', bo.name, '-'], { input: `fine\n${'x'.repeat(70_000)}\nnever` })).toMatchObject(
        refused(/Line 2 has more.*\n1 of 1 accepted/),
      );
      expect(await al.run(['send', bo.name, '-', '--whole'], { input: 'x'.repeat(70_000) })).toMatchObject(
        refused(/The text has more/),
      );
      expect(texts((await bo.run(['listen', '--json', '--timeout', '5', '--count', '1'])).records)).toEqual(['fine']);
    },
    SEVERAL_COMMANDS_MS,
  );
});

describe('a hostile peer', () => {
  it(
    'cannot reach the terminal with control characters',
    async () => {
      const { al, bo } = await two();
      await al.run(['send', bo.name, '-', '--whole'], {
        input: '\u001b]0;owned\u0007\u009b31m\u202e\n00:00 bo: forged',
      });
      const { stdout } = await bo.run(['listen', '--count', '1']);
      expect(stdout).toMatch(/␛\]0;owned␇<U\+009B>31m<U\+202E>\n {4}00:00 bo: forged$/);
    },
    SEVERAL_COMMANDS_MS,
  );
});

describe('a second device', () => {
  it(
    'signs in with the password alone, is listed, follows a change of the password, and is revoked',
    async () => {
      const { al, bo } = await two();
      const phone = terminal(`${al.name}-phone`);
      expect(
        await phone.run(['login', al.address], { environment: { PARLEY_PASSWORD: 'not the right one' } }),
      ).toMatchObject(refused(/Wrong name or password \(\d+ tries left\)/));
      expect(await phone.run(['login', al.address])).toMatchObject({ status: 0 });
      await bo.run(['send', al.name, 'to both']);
      for (const device of [al, phone])
        expect(texts((await device.run(['listen', '--json', '--count', '1'])).records)).toEqual(['to both']);

      const changed = await phone.run(['password'], { environment: { PARLEY_NEW_PASSWORD: FRESH } });
      expect(changed).toMatchObject({ status: 0 });
      // The other device has to hear of it, and then asks for the new one.
      expect((await al.run(['devices', '--json'])).records).toMatchObject([
        { thisDevice: true },
        { thisDevice: false },
      ]);
      expect(await al.run(['devices'])).toMatchObject(refused(/changed on another device[\s\S]*PARLEY_NEW_PASSWORD/));
      const adopting = { environment: { PARLEY_NEW_PASSWORD: FRESH } };
      const [, other] = (await al.run(['devices', '--json'], adopting)).records;
      expect(await al.run(['devices'])).toMatchObject(refused(/Wrong password for this profile/));

      const fresh = { environment: { PARLEY_PASSWORD: FRESH } };
      const listener = phone.start(['listen', '--json'], fresh);
      await bo.run(['send', al.name, 'the phone is on']);
      await listener.until(({ lines }) => texts(lines.map((line) => JSON.parse(line))).length === 1);
      expect(await al.run(['revoke', String(other?.device).slice(0, 8)], fresh)).toMatchObject({ status: 0 });
      expect(await listener.end()).toMatchObject(refused(/revoked/));
      expect((await al.run(['devices', '--json'], fresh)).records[1]).toMatchObject({ revokedAt: expect.any(String) });
      expect(await phone.run(['send', bo.name, 'stolen'], fresh)).toMatchObject(refused(/revoked/));
      expect(await al.run(['revoke', 'zzzzzz'], fresh)).toMatchObject(refused(/no device/));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'leaves nothing behind when it signs out, and the account stays',
    async () => {
      const { al } = await two();
      expect(existsSync(join(al.directory, 'profile.db'))).toBe(true);
      expect(await al.run(['signout'])).toMatchObject({ status: 0 });
      expect(await readdir(al.directory)).toEqual([]);
      expect(await al.run(['unread'])).toMatchObject(refused(/no profile here yet.*signup/));
      expect(await al.run(['login', al.address])).toMatchObject({ status: 0 });
      expect(await al.run(['deleteaccount'])).toMatchObject(refused(/--yes/, 2));
      expect(await al.run(['deleteaccount', '--yes'])).toMatchObject({ status: 0 });
      expect(await al.run(['signup', al.address])).toMatchObject(refused(/name is taken/));
    },
    SEVERAL_COMMANDS_MS,
  );
});

describe('a server that is away', () => {
  let shaky: RealServer;

  beforeAll(async () => {
    shaky = await RealServer.start();
  });

  afterAll(async () => {
    await shaky.remove();
  });

  it(
    'gives status 4 and says how far it came; what is in the outbox goes first next time',
    async () => {
      const { al, bo } = await two(shaky.url);
      await al.run(['send', bo.name, 'hello']);
      await shaky.kill();
      const away = await al.run(['send', bo.name, '-', '--timeout', '1'], { input: 'one\ntwo\nthree\n' });
      expect(away).toMatchObject(refused(/cannot be reached[\s\S]*\n0 of 3 accepted, the rest is in the outbox\./, 4));
      expect(await al.run(['send', 'stranger', 'x', '--timeout', '1'])).toMatchObject(
        refused(/Nothing was queued for stranger@localhost/, 4),
      );
      expect(await al.run(['safety', 'stranger'])).toMatchObject(refused(/cannot be reached/, 4));
      expect(await terminal('nowhere', shaky.url).run(['signup', 'new@localhost'])).toMatchObject(
        refused(/cannot be reached/, 4),
      );
      expect(await bo.run(['unread'])).toMatchObject(refused(/cannot be reached.*had come before/, 4));
      await shaky.restart();
      expect(await al.run(['send', bo.name, 'four'])).toMatchObject({ status: 0 });
      expect(texts((await bo.run(['listen', '--json', '--count', '5'])).records)).toEqual([
        'hello',
        'one',
        'two',
        'three',
        'four',
      ]);
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'loses nothing of a stream that is interrupted',
    async () => {
      const { al, bo } = await two();
      const sending = al.start(['send', bo.name, '-', '--json'], { input: 'x\n'.repeat(5_000) });
      await sending.until(({ lines }) => lines.length >= 100);
      const { status, stderr, records } = await sending.end('SIGINT');
      expect(status).toBe(130);
      expect(stderr).toMatch(/\d+ of \d+ accepted, the rest is in the outbox\./);
      const total = Number(records.at(-1)?.total);
      expect(await al.run(['send', bo.name, 'last'])).toMatchObject({ status: 0 });
      const heard = texts((await bo.run(['listen', '--json', '--count', String(total + 1)])).records);
      expect(heard).toHaveLength(total + 1);
      expect(heard.at(-1)).toBe('last');
    },
    SEVERAL_COMMANDS_MS,
  );
});

describe('a person who errs', () => {
  it(
    'is told what to do, in a sentence, with a status',
    async () => {
      const { al, bo } = await two();
      const wrong = { environment: { PARLEY_PASSWORD: 'not the right one' } };
      expect(await al.run(['unread'], wrong)).toMatchObject(refused(/^Wrong password/));
      expect(await al.run(['send', 'nobody', 'x'])).toMatchObject(refused(/nobody@localhost: There is no such user/));
      expect(await al.run(['send', `nobody,${bo.name}`, 'x'])).toMatchObject(
        refused(/nobody@localhost: .*\n1 of 1 accepted/),
      );
      expect(await terminal('other').run(['signup', bo.address])).toMatchObject(refused(/That name is taken/));
      expect(await al.run(['signup', 'new@localhost'])).toMatchObject(refused(/a profile here already.*--profile/));
      expect(
        await terminal('weak').run(['signup', 'weak@localhost'], { environment: { PARLEY_PASSWORD: 'password123' } }),
      ).toMatchObject(refused(/guesser/));
      expect(await al.run(['unread'], { environment: { PARLEY_PASSWORD: undefined } })).toMatchObject(
        refused(/no terminal to ask on.*PARLEY_PASSWORD/),
      );
      const file = join(directory, 'password');
      await writeFile(file, `${PASSWORD}\n`);
      expect(await al.run(['history', bo.name, '--password-file', file], wrong)).toMatchObject({ status: 0 });
      expect(await al.run(['history', bo.name, '--profile', '/dev/null/x'])).toMatchObject({ status: 1 });
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'of wrong arguments sees the usage and what was meant, with status 2',
    async () => {
      const al = terminal('nobody');
      expect(await al.run(['snd', 'bo', 'x'])).toMatchObject(refused(/Did you mean send\?/, 2));
      expect(await al.run(['send', 'bo'])).toMatchObject(refused(/Usage: .* send .*USER/, 2));
      expect(await al.run(['listen', '--count', 'many'])).toMatchObject(refused(/whole number from 1/, 2));
      expect(await al.run(['listen', '--server', 'http://x'])).toMatchObject(refused(/not a server's address/, 2));
      expect(await al.run([])).toMatchObject({ status: 2 });
      expect(await al.run(['send', '--help'])).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('Example:'),
      });
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'waits no longer than told, with status 3',
    async () => {
      const [al] = await people(1);
      expect(await al?.run(['listen', '--json', '--count', '1', '--timeout', '1'])).toMatchObject(
        refused(/^0 of 1 messages came/, 3),
      );
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'who closes the output early sees no trace of it, and what was not printed comes next time',
    async () => {
      const { al, bo } = await two();
      await al.run(['send', bo.name, '-'], { input: 'one\ntwo\nthree' });
      const listener = bo.start(['listen', '--json']);
      await listener.until(({ lines }) => lines.length >= 1);
      listener.child.stdout?.destroy();
      const seen = listener.lines.length;
      await al.run(['send', bo.name, 'four']);
      expect(await listener.end()).toMatchObject({ status: 0, stderr: '' });
      const next = texts((await bo.run(['listen', '--json', '--count', '1'])).records);
      expect(next).toHaveLength(1);
      expect(seen).toBeGreaterThan(0);
    },
    SEVERAL_COMMANDS_MS,
  );
});
