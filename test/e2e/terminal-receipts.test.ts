// What somebody has read, told to who wrote it, by the terminal client against a real server.
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  describe('what was read', () => {
    it(
      'is told to its writer with the next session, and is no message there',
      async () => {
        const { al, bo } = await world.two();
        await al.run(['send', bo.name, '-'], { input: 'one\ntwo\n' });
        expect(await bo.run(['unread'])).toMatchObject({ stdout: `2 from ${al.address}` });
        expect((await bo.run(['history', al.name])).lines).toHaveLength(2);
        const listener = al.start(['listen', '--json']);
        expect(await bo.run(['send', al.name, 'an answer'])).toMatchObject({ status: 0 });
        await listener.until(({ lines }) => lines.length >= 5);
        const { records } = await listener.end('SIGINT');
        expect(texts(records)).toEqual(['an answer']);
        const read = records.filter(({ type }) => type === 'read');
        const delivered = records.filter(({ type }) => type === 'delivered');
        const report = { conversation: bo.address, by: bo.address, at: expect.stringMatching(/^\d{4}-.*Z$/) };
        expect(read).toStrictEqual(delivered.map(({ id }) => ({ type: 'read', id, ...report })));
        const history = await al.run(['history', bo.name, '--json']);
        expect(history.records.map(({ text, state }) => [text, state])).toEqual([
          ['one', 'read'],
          ['two', 'read'],
          ['an answer', undefined],
        ]);
        expect((await al.run(['search', 'o', '--json'])).records).toHaveLength(2);
        expect((await bo.run(['history', al.name])).lines).toHaveLength(3);
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'is told to nobody by who has switched it off, and by no listen',
      async () => {
        const { al, bo } = await world.two();
        expect((await bo.run(['receipts', '--json'])).records).toEqual([{ type: 'receipts', receipts: true }]);
        await al.run(['send', bo.name, 'printed']);
        expect(texts((await bo.run(['listen', '--json', '--count', '1'])).records)).toEqual(['printed']);
        expect(await bo.run(['receipts', 'perhaps'])).toMatchObject({ status: 2 });
        expect((await bo.run(['receipts', 'off'])).stdout).toMatch(/^Read receipts are off/);
        await al.run(['send', bo.name, 'shown']);
        await bo.run(['unread']);
        await bo.run(['history', al.name]);
        await bo.run(['send', al.name, 'an answer']);
        const listener = al.start(['listen', '--json']);
        await listener.until(({ lines }) => lines.length >= 3);
        const listened = await listener.end('SIGINT');
        expect(listened.records.map(({ type }) => type).sort()).toEqual(['delivered', 'delivered', 'message']);
        const history = await al.run(['history', bo.name, '--json', '--limit', '3']);
        expect(history.records).toMatchObject([{ state: 'delivered' }, { state: 'delivered' }, { text: 'an answer' }]);
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
