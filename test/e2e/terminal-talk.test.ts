// Two people who talk by the terminal client, against a real server: command by command, as a person, a script or a bot uses it.
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { refused, SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  describe('two people', () => {
    it(
      'sign up, talk, go away, come back and find what they missed',
      async () => {
        const { al, bo } = await world.two();
        expect(await al.run(['send', bo.name, 'good', 'morning'])).toMatchObject({ status: 0, stdout: 'Accepted.' });
        const first = await bo.run(['listen', '--json', '--count', '1']);
        expect(first.status).toBe(0);
        expect(first.records).toStrictEqual([
          {
            ...{ type: 'message', id: expect.any(String), from: al.address, device: expect.any(String) },
            ...{ conversation: al.address, text: 'good morning', sentAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) },
            receivedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
          },
        ]);
        expect(await al.run(['send', bo.address, 'while you are away', '--expires', '1h'])).toMatchObject({
          status: 0,
        });
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
        const { al, bo } = await world.two();
        const listener = bo.start(['listen', '--json']);
        await al.run(['send', bo.name, 'one']);
        await listener.until(({ lines }) => lines.length === 1);
        const second = bo.start(['listen', '--json']);
        expect(await bo.run(['send', al.name, 'an answer'])).toMatchObject({ status: 0 });
        await al.run(['send', bo.name, '-'], { input: 'two\nthree\n' });
        const both = () => texts([...listener.lines, ...second.lines].map((line) => JSON.parse(line)));
        await Promise.race([listener.until(() => both().length === 3), second.until(() => both().length === 3)]);
        // What is read is marked as printed: a line that was printed just when its listener was killed would come again.
        await expect.poll(() => bo.run(['unread'])).toMatchObject({ stdout: 'Nothing is unread.' });
        // The one that receives dies: the other one takes over.
        await listener.end('SIGKILL');
        await al.run(['send', bo.name, 'four']);
        await second.until(() => both().length === 4);
        const ended = await second.end('SIGTERM');
        expect(ended).toMatchObject({ status: 0, stderr: expect.stringMatching(/^Another listen .*takes over.*\n$/) });
        expect(both().sort()).toEqual(['four', 'one', 'three', 'two']);
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'see the same safety number, set marks by it, and block',
      async () => {
        const { al, bo } = await world.two();
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
        expect(await al.run(['block', al.name])).toMatchObject(refused(/is you/));
        expect(await al.run(['block', bo.name])).toMatchObject({ stdout: expect.stringContaining('on this device') });
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

  describe('a hostile peer', () => {
    it(
      'cannot reach the terminal with control characters',
      async () => {
        const { al, bo } = await world.two();
        await al.run(['send', bo.name, '-', '--whole'], {
          input: '\u001b]0;owned\u0007\u009b31m\u202e\n00:00 bo: forged',
        });
        const { stdout } = await bo.run(['listen', '--count', '1']);
        expect(stdout).toMatch(/␛\]0;owned␇<U\+009B>31m<U\+202E>\n {4}00:00 bo: forged$/);
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
