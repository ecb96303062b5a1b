// A person who errs at the terminal client: a sentence that says what to do, and a status for scripts.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import description from '../../package.json' with { type: 'json' };
import { describeInBothModes } from '../modes.fixture.ts';
import { ServerProcess } from '../server.fixture.ts';
import { PASSWORD, type Result, type Terminal } from './terminal.ts';
import { refused, SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

/** What a `listen` comes to whose time was enough to ask a server: how long that takes is the machine's. */
async function listened(listener: Terminal, ...options: readonly string[]): Promise<Result> {
  for (let seconds = 3; ; seconds *= 2) {
    const result = await listener.run(['listen', '--json', '--timeout', String(seconds), ...options]);
    if (!result.stderr.includes('No server has answered.')) return result;
  }
}

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  describe('a person who errs', () => {
    it(
      'is told what to do, in a sentence, with a status',
      async () => {
        const { al, bo } = await world.two();
        const wrong = { environment: { PARLEY_PASSWORD: 'not the right one' } };
        expect(await al.run(['unread'], wrong)).toMatchObject(refused(/^Wrong password/));
        expect(await al.run(['send', 'nobody', 'x'])).toMatchObject(refused(/nobody@localhost: There is no such user/));
        expect(await al.run(['send', `nobody,${bo.name}`, 'x'])).toMatchObject(
          refused(/^nobody@localhost: There is no such user.*\n1 of 2 accepted\.$/m),
        );
        expect(await world.terminal('other').run(['signup', bo.address])).toMatchObject(refused(/That name is taken/));
        expect(
          await world
            .terminal('weak')
            .run(['signup', 'weak@localhost'], { environment: { PARLEY_PASSWORD: 'password123' } }),
        ).toMatchObject(refused(/guesser/));
        expect(await al.run(['unread'], { environment: { PARLEY_PASSWORD: undefined } })).toMatchObject(
          refused(/no terminal to ask on.*PARLEY_PASSWORD/),
        );
        expect(await al.run(['send', bo.name, '-'], { input: '\n\n' })).toMatchObject({
          status: 0,
          stdout: 'Nothing was sent: standard input has no text.',
        });
        const file = world.path('password');
        await writeFile(file, `${PASSWORD}\n`);
        expect(await al.run(['history', bo.name, '--password-file', file], wrong)).toMatchObject({ status: 0 });
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'is not asked for a password where it would be for nothing',
      async () => {
        const [al] = await world.people(1);
        const unasked = { environment: { PARLEY_PASSWORD: undefined } };
        const fresh = world.terminal('unasked');
        for (const command of ['signup', 'login']) {
          expect(await al?.run([command, 'new@localhost'], unasked)).toMatchObject(
            refused(/^There is a profile here already.*--profile DIR\.\n$/),
          );
          expect(await fresh.run([command, 'new@elsewhere.example'], unasked)).toMatchObject(
            refused(/^ws:\S+ is the server of localhost, not of elsewhere\.example\..*\n$/),
          );
          expect(await fresh.run([command, 'x y@localhost'], unasked)).toMatchObject(refused(/Give a name, or/, 2));
        }
        expect(existsSync(fresh.directory)).toBe(false);
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'may leave out the domain, which is the one of the server, and write commands in any case',
      async () => {
        const di = world.terminal('di');
        expect(await di.run(['SignUp', 'Di'])).toMatchObject({
          status: 0,
          stdout: expect.stringMatching(/^di@localhost is yours/),
        });
        expect(await world.terminal('di-2').run(['LOGIN', 'DI'])).toMatchObject({ status: 0 });
        expect(await di.run(['--json', 'Devices'])).toMatchObject({ status: 0 });
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'waits no longer than told, with status 3',
      async () => {
        const [al] = await world.people(1);
        if (al === undefined) throw new Error('somebody');
        expect(await listened(al, '--count', '2')).toMatchObject(
          refused(/^0 of 2 messages came in the time given\.\n$/, 3),
        );
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'waits no longer than told for a server that is not there, with status 4',
      async () => {
        const [al] = await world.people(1);
        if (al === undefined) throw new Error('somebody');
        expect(await listened(al, '--count', '1', '--server', 'ws://127.0.0.1:9')).toMatchObject(
          refused(/\n0 of 1 message came in the time given\. .*cannot be reached/, 4),
        );
        // Over before it could ask any.
        expect(await al.run(['listen', '--timeout', '0.001'])).toMatchObject(
          refused(/\n0 messages came in the time given\. No server has answered\.\n$/, 4),
        );
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'who closes the output early sees no trace of it, and what was not printed comes next time',
      async () => {
        const { al, bo } = await world.two();
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
});

// Once is enough: the server has no part in it.
describe('embedded', () => {
  const world = TerminalWorld.forTheseTests((options) => ServerProcess.start(options));

  describe('a person who errs before a server is asked', () => {
    it(
      'is told at once of a profile directory that cannot be one',
      async () => {
        const file = world.path('a-file');
        await writeFile(file, '');
        for (const place of [file, join(file, 'x'), '/dev/null/x/y']) {
          for (const command of [['signup', 'new@localhost'], ['unread']]) {
            expect(await world.terminal('any').run([...command, '--profile', place])).toMatchObject(
              refused(/^\S+ is a file, or lies below one.*\n$/),
            );
          }
        }
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'of wrong arguments sees the usage and what was meant, with status 2',
      async () => {
        const al = world.terminal('nobody');
        expect(await al.run(['snd', 'bo', 'x'])).toMatchObject(refused(/Did you mean send\?/, 2));
        expect(await al.run(['send'])).toMatchObject(refused(/Usage: .* send .*USER/, 2));
        expect(await al.run(['send', 'bo'])).toMatchObject(refused(/give a text, or --file F/, 2));
        expect(await al.run(['listen', '--count', 'many'])).toMatchObject(refused(/whole number from 1/, 2));
        expect(await al.run(['listen', '--server', 'http://x'])).toMatchObject(refused(/not a server's address/, 2));
        for (const command of [
          ['listen', '--bogus'],
          ['listen', '--timeout', 'soon'],
          ['send', 'bo', 'x', '--expires', '999999999d'],
          ['send', 'b o', 'x'],
          ['send', 'bo,', 'x'],
          ['safety', 'bo@'],
          ['history', '@'],
          ['revoke', 'abc'],
          ['signup'],
          [],
        ]) {
          expect(await al.run(command)).toMatchObject({ status: 2, stdout: '' });
        }
        const { status, stdout } = await al.run(['send', '--help']);
        expect(status).toBe(0);
        expect(stdout).toMatch(/\(default: 60\)[\s\S]*Example:/);
        expect((await al.run(['block', '--help'])).stdout.replaceAll(/\s+/g, ' ')).toContain('your others still do');
        expect((await al.run(['chat', '--help'])).stdout).toContain('PARLEY_IMAGES');
        expect(await al.run(['--version'])).toMatchObject({ status: 0, stdout: description.version, stderr: '' });
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
