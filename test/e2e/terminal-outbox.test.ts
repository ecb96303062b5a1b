// What waits in an outbox: any later session takes it along; on a device that is out of its account it is said not to go any more. And how such a
// device is erased, whatever the account's password is now.
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import type { Terminal } from './terminal.ts';
import { LISTEN_MAX, type Person, refused, SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

const DONE = { status: 0 };
const FRESH = 'seven otters at dusk';
/** A shell under which no file can grow, as on a full disk. */
const FULL_DISK: [string, ...string[]] = ['sh', '-c', `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`];
const NOWHERE = ['--server', 'ws://127.0.0.1:9', '--timeout', '1'];

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  async function queue(sender: Terminal, to: string, ...lines: string[]): Promise<void> {
    const input = lines.map((line) => `${line}\n`).join('');
    expect(await sender.run(['send', to, '-', ...NOWHERE], { input })).toMatchObject(refused(/in the outbox/, 4));
  }

  /** Another device of this person, and its name. */
  async function secondOf({ name, address }: Person): Promise<{ second: Terminal; device: string }> {
    const second = world.terminal(`${name}-second`);
    const { records } = await second.run(['login', address, '--json']);
    return { second, device: String(records.at(-1)?.device) };
  }

  describe('what is in the outbox', () => {
    it.each([[['unread']], [['listen', '--count', '1']]])(
      'goes with the next session, here of %j',
      async (command) => {
        const { al, bo } = await world.two();
        expect(await bo.run(['send', al.name, 'hello'])).toMatchObject(DONE);
        expect(await al.run(['send', bo.name, 'hello'])).toMatchObject(DONE);
        await queue(al, bo.name, 'one', 'two', 'three');
        expect(await al.run(command)).toMatchObject(DONE);
        const { records } = await bo.run(['listen', '--json', '--count', '4', ...LISTEN_MAX]);
        expect(texts(records)).toEqual(['hello', 'one', 'two', 'three']);
      },
      SEVERAL_COMMANDS_MS,
    );

    it.each([[['unread']], [['send', 'BO', 'too late']]])(
      'is said not to go where the device was revoked, as %j finds out',
      async (template) => {
        const { al, bo } = await world.two();
        const { second, device } = await secondOf(al);
        expect(await second.run(['send', bo.name, 'hello'])).toMatchObject(DONE);
        await queue(second, bo.name, 'one', 'two');
        expect(await al.run(['revoke', device])).toMatchObject(DONE);
        const command = template.map((word) => (word === 'BO' ? bo.name : word));
        expect(await second.run(command)).toMatchObject(
          refused(/(?=[\s\S]*revoked)(?=[\s\S]*history are erased)[\s\S]*not sent/),
        );
        expect(await readdir(second.directory)).toEqual([]);
      },
      SEVERAL_COMMANDS_MS,
    );
  });

  it(
    'a device is erased where nothing can be written any more, once that is meant',
    async () => {
      const { al } = await world.two();
      const { second } = await secondOf(al);
      const onFullDisk = { under: FULL_DISK };
      expect(await second.run(['signout'], onFullDisk)).toMatchObject(refused(/signout --yes/));
      expect(await second.run(['signout', '--yes'], onFullDisk)).toMatchObject({ status: 0, stderr: '' });
      expect(await readdir(second.directory)).toEqual([]);
      const { records } = await al.run(['devices', '--json']);
      expect(records.map(({ revokedAt }) => typeof revokedAt)).toEqual(['undefined', 'string']);
    },
    SEVERAL_COMMANDS_MS,
  );

  describe('a device that is out of its account', () => {
    it(
      'is erased with the password that unlocks it, whatever the password of the account is',
      async () => {
        const { al } = await world.two();
        const { second, device } = await secondOf(al);
        const environment = { PARLEY_NEW_PASSWORD: FRESH };
        expect(await al.run(['password'], { environment })).toMatchObject(DONE);
        // It hears of the change, and is revoked then.
        expect(await second.run(['devices'])).toMatchObject(DONE);
        expect(await al.run(['revoke', device], { environment: { PARLEY_PASSWORD: FRESH } })).toMatchObject(DONE);
        expect(await second.run(['signout'])).toMatchObject({ status: 0, stderr: '' });
        expect(await readdir(second.directory)).toEqual([]);
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'is kept where only the server says so, as of a deleted account, and erased then also without a server',
      async () => {
        const { al } = await world.two();
        const { second } = await secondOf(al);
        const away = ['signout', '--server', 'ws://127.0.0.1:9'];
        expect(await second.run(away)).toMatchObject(refused(/cannot be reached/, 4));
        expect(await al.run(['deleteaccount', '--yes'])).toMatchObject(DONE);
        expect(await second.run(['unread'])).toMatchObject(
          refused(/no such user here\..* Only the server says.* signout\.\n$/),
        );
        expect(await second.run(away)).toMatchObject(DONE);
        expect(await readdir(second.directory)).toEqual([]);
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
