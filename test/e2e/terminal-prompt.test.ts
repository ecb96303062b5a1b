// Passwords typed at a real terminal: asked for, twice where one is chosen, and never shown.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { HAS_PSEUDO_TERMINAL, type PseudoTerminal } from './pseudo-terminal.ts';
import { PASSWORD } from './terminal.ts';
import { SEVERAL_COMMANDS_MS, TerminalWorld } from './terminal-world.ts';

const FRESH = 'seven otters at dusk';
const ENTER = '\r';
const CTRL_C = '\u0003';
/** What stty says of a terminal that is as a shell leaves it. */
const AS_BEFORE = ['echo', 'icanon', 'isig'];

const itAtATerminal = it.skipIf(!HAS_PSEUDO_TERMINAL && process.env.REQUIRE_SERVICES !== '1');

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  /** The command at a terminal, without a password from elsewhere; then the terminal's settings, one a line, and the command's status. */
  function atTerminal(profile: string, command: string): PseudoTerminal {
    const settings = "stty -a | tr ' ;' '\\n\\n' | grep -E '^-?(echo|icanon|isig)$' | sort";
    return world.terminal(profile).atTerminal(command, `status=$?; ${settings}; exit $status`);
  }

  itAtATerminal(
    'are asked for at sign-up and at a change, each new one twice, and nothing of them is shown, not even what is typed ahead',
    async () => {
      const signUp = atTerminal('typed', 'signup typed@localhost');
      await signUp.type('A password for typed@localhost: ', PASSWORD + ENTER);
      await signUp.type('The same again: ', PASSWORD + ENTER);
      const { status, shown } = await signUp.end();
      expect(status).toBe(0);
      expect(shown.slice(2)).toEqual([
        'A password for typed@localhost: ',
        'The same again: ',
        expect.stringMatching(/^typed@localhost is yours/),
        ...AS_BEFORE,
      ]);

      // Whose it is stands inside the profile: the question names the directory.
      const unlock = `Password for the profile ${world.path('typed')}: `;
      const change = atTerminal('typed', 'password');
      await change.type(unlock, PASSWORD + ENTER + FRESH.slice(0, 5));
      await change.type('New password for typed@localhost: ', FRESH.slice(5) + ENTER + FRESH + ENTER);
      const asked = [unlock, 'New password for typed@localhost: ', 'The same again: '];
      const changed = [...asked, 'The password is changed.', ...AS_BEFORE];
      expect(await change.end()).toEqual({ status: 0, shown: changed });
    },
    SEVERAL_COMMANDS_MS,
  );

  itAtATerminal(
    'that are not the same twice change nothing',
    async () => {
      const signUp = atTerminal('two-ways', 'signup two-ways@localhost');
      await signUp.type('A password for two-ways@localhost: ', PASSWORD + ENTER);
      await signUp.type('The same again: ', FRESH + ENTER);
      const { status, shown } = await signUp.end();
      expect(status).toBe(1);
      expect(shown.slice(4)).toEqual([expect.stringContaining('not the same'), ...AS_BEFORE]);
    },
    SEVERAL_COMMANDS_MS,
  );

  itAtATerminal(
    'that are weak are refused before they are to be repeated, and no directory is left',
    async () => {
      const signUp = atTerminal('weak', 'signup weak@localhost');
      await signUp.type('A password for weak@localhost: ', `password123${ENTER}`);
      const { status, shown } = await signUp.end();
      expect(status).toBe(1);
      expect(shown.slice(3)).toEqual([expect.stringContaining('guesser'), ...AS_BEFORE]);
      expect(existsSync(world.path('weak'))).toBe(false);
    },
    SEVERAL_COMMANDS_MS,
  );

  itAtATerminal(
    'leave the only device alone where signing out is not confirmed, and erase it where it is',
    async () => {
      const [al] = await world.people(1);
      if (al === undefined) throw new Error('somebody');
      for (const [answer, status] of [
        ['no', 1],
        ['Yes', 0],
      ] as const) {
        const signOut = atTerminal(al.name, 'signout');
        await signOut.type(`Password for the profile ${al.directory}: `, PASSWORD + ENTER);
        await signOut.type('Type yes if it is meant: ', answer + ENTER);
        const ended = await signOut.end();
        expect(ended).toMatchObject({ status });
        expect(ended.shown.join('\n')).toContain(status === 0 ? 'signed out and erased' : 'Nothing was done.');
        expect(existsSync(join(al.directory, 'profile.db'))).toBe(status === 1);
      }
    },
    SEVERAL_COMMANDS_MS,
  );

  itAtATerminal(
    'are given up with Ctrl-C at each question, with a clean line and status 130',
    async () => {
      const first = atTerminal('given-up', 'signup given-up@localhost');
      await first.type('A password for given-up@localhost: ', `lan${CTRL_C}`);
      const begun = await first.end();
      expect(begun.status).toBe(130);
      expect(begun.shown.slice(2)).toEqual(['A password for given-up@localhost: ', ...AS_BEFORE]);
      const second = atTerminal('given-up', 'signup given-up@localhost');
      await second.type('A password for given-up@localhost: ', PASSWORD + ENTER);
      await second.type('The same again: ', `lan${CTRL_C}`);
      const { status, shown } = await second.end();
      expect(status).toBe(130);
      expect(shown.slice(3)).toEqual(['The same again: ', ...AS_BEFORE]);
    },
    SEVERAL_COMMANDS_MS,
  );

  itAtATerminal(
    'are asked for where standard input is a pipe of messages, or was read to its end',
    async () => {
      const [al] = await world.people(1);
      const unlock = `Password for the profile ${al?.directory}: `;
      const piped = al?.atTerminal('send nobody -', '', "printf 'one\\ntwo\\n' |");
      await piped?.type(unlock, PASSWORD + ENTER);
      expect(await piped?.end()).toMatchObject({
        status: 1,
        shown: [unlock, expect.stringContaining('no such user')],
      });
      const typed = al?.atTerminal('send nobody - --whole', '', 'echo Type:;');
      await typed?.type('Type:', `one${ENTER}two${ENTER}\u0004`);
      await typed?.type(unlock, PASSWORD + ENTER);
      expect((await typed?.end())?.status).toBe(1);
    },
    SEVERAL_COMMANDS_MS,
  );
});
