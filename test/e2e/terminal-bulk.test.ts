// Many messages through the terminal client: in order, once, over listeners that are killed.
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { LISTEN_MAX, refused, SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  describe('many messages', () => {
    it(
      '10,000 lines of random sizes arrive one by one, in order',
      async () => {
        const { al, bo } = await world.two();
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
        const { al, bo } = await world.two();
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
        const { al, bo } = await world.two();
        expect(await al.run(['send', bo.name, 'x'.repeat(65_537)])).toMatchObject(refused(/65537 bytes.*65536/));
        expect(await al.run(['send', bo.name, '-'], { input: `fine\n${'x'.repeat(70_000)}\nnever` })).toMatchObject(
          refused(/^Line 2 has more.*\nNothing from line 2 on was sent; 1 of 1 before it accepted\.\n$/),
        );
        expect(await al.run(['send', bo.name, '-', '--whole'], { input: 'x'.repeat(70_000) })).toMatchObject(
          refused(/The text has more/),
        );
        expect(texts((await bo.run(['listen', '--json', ...LISTEN_MAX, '--count', '1'])).records)).toEqual(['fine']);
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
