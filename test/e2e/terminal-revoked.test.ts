// What a device does that is told that it is out of its account: with a server that tells the truth, and with one that lies.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ServerDouble } from '../../clients/sdk/test/server-double.ts';
import { describeInBothModes } from '../modes.fixture.ts';
import { HAS_PSEUDO_TERMINAL } from './pseudo-terminal.ts';
import { PASSWORD, Terminal } from './terminal.ts';
import { refused, SEVERAL_COMMANDS_MS, TerminalWorld } from './terminal-world.ts';

const DONE = { status: 0 };
/** A command of each kind: one that stays, one that goes, and the chat. */
const COMMANDS: [string[]][] = [[['listen']], [['unread']], [['send', 'BO', 'too late']], [['chat']]];
const input = (command: readonly string[]) => (command[0] === 'chat' ? { input: '/devices\n' } : {});

async function deviceOf(terminal: Terminal): Promise<string> {
  const { records } = await terminal.run(['devices', '--json']);
  return String(records.find(({ thisDevice }) => thisDevice)?.device);
}

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  it.each(COMMANDS)(
    'a revoked device erases itself when %j hears of it, and says why',
    async (template) => {
      const { al, bo } = await world.two();
      const second = world.terminal(`${al.name}-second`);
      expect(await second.run(['login', al.address])).toMatchObject(DONE);
      expect(await second.run(['send', bo.name, 'hello'])).toMatchObject(DONE);
      expect(await al.run(['revoke', await deviceOf(second)])).toMatchObject(DONE);
      const command = template.map((word) => (word === 'BO' ? bo.name : word));
      const result = await second.run(command, input(command));
      expect(result.status).toBe(1);
      expect(`${result.stderr}${result.stdout}`).toMatch(/The account's signed log says .* erased\./);
      expect(await readdir(second.directory)).toEqual([]);
    },
    SEVERAL_COMMANDS_MS,
  );
});

describe('a server that says that a device was revoked, and lies', () => {
  async function signedUp(name: string, double: ServerDouble): Promise<Terminal> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-revoked-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const person = new Terminal(directory, double.url);
    expect(await person.run(['signup', name])).toMatchObject(DONE);
    return person;
  }

  /** Somebody whose server does. */
  async function liedTo(): Promise<{ al: Terminal; double: ServerDouble }> {
    const double = await ServerDouble.start();
    onTestFinished(() => double.stop());
    const al = await signedUp('al', double);
    double.lies.revoked = () => true;
    return { al, double };
  }

  it.each(COMMANDS)(
    'has %j erase nothing',
    async (command) => {
      const { al, double } = await liedTo();
      expect(await al.run(command, input(command))).toMatchObject(
        refused(/Only the server says .* kept.*: signout\.\n$/),
      );
      expect(existsSync(join(al.directory, 'profile.db'))).toBe(true);
      delete double.lies.revoked;
      expect(await al.run(['unread'])).toMatchObject(DONE);
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'has what is in the outbox given up, and says so once',
    async () => {
      const { al, double } = await liedTo();
      delete double.lies.revoked;
      await signedUp('bo', double);
      expect(await al.run(['send', 'bo', 'hello'])).toMatchObject(DONE);
      const nowhere = ['--server', 'ws://127.0.0.1:9', '--timeout', '1'];
      expect(await al.run(['send', 'bo', 'one', ...nowhere])).toMatchObject(refused(/in the outbox/, 4));
      double.lies.revoked = () => true;
      expect(await al.run(['unread'])).toMatchObject(refused(/1 message in the outbox was not sent/));
      const { records } = await al.run(['history', 'bo', '--json']);
      expect(records.map(({ state }) => state).slice(1)).toEqual(['not sent']);
      expect(await al.run(['unread'])).toMatchObject({ stderr: expect.not.stringContaining('not sent') });
    },
    SEVERAL_COMMANDS_MS,
  );

  it.skipIf(!HAS_PSEUDO_TERMINAL)(
    'has a person asked, who alone decides',
    async () => {
      const { al } = await liedTo();
      for (const [answer, what, left] of [
        ['no', 'everything is kept', true],
        ['yes', 'The keys and the history of this device are erased', false],
      ] as const) {
        const terminal = al.atTerminal('unread');
        await terminal.type('Password for the profile', `${PASSWORD}\r`);
        await terminal.type('Type yes: ', `${answer}\r`);
        const { status, shown } = await terminal.end();
        expect(shown.join('\n')).toContain(what);
        expect(status).toBe(1);
        expect(existsSync(join(al.directory, 'profile.db'))).toBe(left);
      }
    },
    SEVERAL_COMMANDS_MS,
  );
});
