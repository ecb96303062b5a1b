// Finding messages again and taking a conversation out of the profile, with the terminal client against a real server.
import { readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { refused, SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  it(
    'what was said is found by a part of it, in both directions, and is not read by that',
    async () => {
      const { al, bo } = await world.two();
      await al.run(['send', bo.name, '-'], { input: 'Grüße vom Hafen\nLunch at ONE?\nlunch at two?\n' });
      await bo.run(['unread']);
      await bo.run(['send', al.name, 'Lunch at one, yes']);
      const found = await bo.run(['search', 'lunch', 'AT', '--json']);
      expect(texts(found.records)).toEqual(['Lunch at ONE?', 'lunch at two?', 'Lunch at one, yes']);
      expect(found.records[2]).toMatchObject({ from: bo.address, conversation: al.address, state: 'accepted' });
      const last = await bo.run(['search', 'at one', '--limit', '1', '--in', al.name]);
      expect(last.stdout).toMatch(/Lunch at one, yes {2}\(accepted\)$/);
      expect(last).toMatchObject({ status: 0, lines: [expect.any(String)], stderr: expect.stringMatching(/--limit/) });
      expect((await bo.run(['search', 'GRU\u0308SSE'])).stdout).toBe('');
      expect((await bo.run(['search', 'GRU\u0308ß'])).stdout).toMatch(/Grüße vom Hafen$/);
      expect(await bo.run(['search', 'lunch', '--in', 'nobody'])).toMatchObject({ status: 0, stdout: '' });
      expect(await bo.run(['search', ' '])).toMatchObject(refused(/nothing to search for/, 2));
      expect(await bo.run(['unread'])).toMatchObject({ stdout: `3 from ${al.address}` });
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'a conversation is exported to standard output or to a new private file, with a word about what that means',
    async () => {
      const { al, bo } = await world.two();
      await al.run(['send', bo.name, '# one']);
      await al.run(['send', bo.name, 'two\nlines']);
      const lines = await al.run(['export', bo.name]);
      expect(texts(lines.records)).toEqual(['# one', 'two\nlines']);
      expect(lines.stderr).toMatch(/not encrypted/);
      expect((await al.run(['export', bo.name, '--json'])).stdout).toBe(lines.stdout);
      const markdown = await al.run(['export', bo.name, '--format', 'markdown']);
      expect(markdown.lines.filter((line) => line.startsWith('#'))).toEqual([`# Conversation with \`${bo.address}\``]);

      const file = world.path(`${al.name}.md`);
      const toFile = ['export', bo.name, '--format', 'markdown', '--to', file];
      const result = await al.run([...toFile, '--json']);
      expect(result.records).toEqual([
        { type: 'exported', conversation: bo.address, format: 'markdown', file, messages: 2, encrypted: false },
      ]);
      expect(result.stderr).toMatch(/The file is not encrypted/);
      expect(readFileSync(file, 'utf8')).toBe(`${markdown.stdout}\n`);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(await al.run(toFile)).toMatchObject(refused(/exists already, and nothing is overwritten/));
      expect(await al.run(['export', 'nobody', '--to', world.path('no')])).toMatchObject(refused(/no message with/));
      expect(() => statSync(world.path('no'))).toThrow();
      expect(await al.run(['export', bo.name, '--json', '--format', 'markdown'])).toMatchObject(
        refused(/--to FILE/, 2),
      );
      expect(await al.run(['export', bo.name, '--format', 'pdf'])).toMatchObject({ status: 2 });
    },
    SEVERAL_COMMANDS_MS,
  );
});
