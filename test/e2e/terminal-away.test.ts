// The terminal client and a server that is not there: what it says, and what becomes of the messages.
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { refused, TerminalWorld, texts } from './terminal-world.ts';

/** Several commands, and a stack of services that is killed and comes again between them. */
const RESTARTS_MS = 480_000;
/** For a send to a server that is not there: long enough to be refused, also where the machine is busy. */
const SEND_MAX = ['--timeout', '5'] as const;

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  describe('a server that is away', () => {
    it(
      'gives status 4 and says how far it came; what is in the outbox goes first next time',
      async () => {
        const { al, bo } = await world.two();
        await al.run(['send', bo.name, 'hello']);
        await world.server.kill();
        const away = await al.run(['send', bo.name, '-', ...SEND_MAX], { input: 'one\ntwo\nthree\n' });
        expect(away).toMatchObject(
          refused(
            /cannot be reached[\s\S]*\n0 of 3 accepted, the rest is in the outbox: it goes with the next command/,
            4,
          ),
        );
        expect(await al.run(['send', `stranger,${bo.name}`, 'four', '--timeout', '1'])).toMatchObject(
          refused(/Nothing was queued for stranger@localhost.*\n0 of 2 accepted, 1 is in the outbox: it goes with/, 4),
        );
        expect(await al.run(['safety', 'stranger'])).toMatchObject(refused(/cannot be reached/, 4));
        expect(await world.terminal('nowhere').run(['signup', 'new@localhost'])).toMatchObject(
          refused(/cannot be reached/, 4),
        );
        expect(await bo.run(['unread'])).toMatchObject(refused(/cannot be reached.*had come before/, 4));
        await world.server.restart();
        expect(await al.run(['send', bo.name, 'five'])).toMatchObject({ status: 0 });
        const { records } = await bo.run(['listen', '--json', '--count', '6']);
        expect(texts(records)).toEqual(['hello', 'one', 'two', 'three', 'four', 'five']);
      },
      RESTARTS_MS,
    );

    it(
      'loses nothing of a stream that is interrupted',
      async () => {
        const { al, bo } = await world.two();
        // Far more than are accepted before it is interrupted, however late that comes; it reads no further ahead than it sends.
        const sending = al.start(['send', bo.name, '-', '--json'], { input: 'x\n'.repeat(200_000) });
        await sending.until(({ lines }) => lines.length >= 100);
        const { status, stderr, records } = await sending.end('SIGINT');
        expect(status).toBe(130);
        expect(stderr).toMatch(/^\d+ of \d+ accepted, the rest is in the outbox: it goes with the next [^\n]*\n$/);
        const total = Number(records.at(-1)?.total);
        expect(await al.run(['send', bo.name, 'last'])).toMatchObject({ status: 0 });
        const heard = texts((await bo.run(['listen', '--json', '--count', String(total + 1)])).records);
        expect(heard).toHaveLength(total + 1);
        expect(heard.at(-1)).toBe('last');
      },
      RESTARTS_MS,
    );

    it(
      'is not remembered where it was never reached, and is told what to do about',
      async () => {
        const { al, bo } = await world.two();
        const remembered = { environment: { PARLEY_SERVER: undefined } };
        const mistyped = ['--server', 'ws://127.0.0.1:9'];
        const hint =
          /cannot be reached.*Check the address, and that the server runs\. Give another with --server URL\./;
        expect(await al.run(['send', bo.name, 'x', ...SEND_MAX, ...mistyped], remembered)).toMatchObject(
          refused(hint, 4),
        );
        expect(await al.run(['devices', ...mistyped], remembered)).toMatchObject(refused(hint, 4));
        expect(await al.run(['send', bo.name, 'y'], remembered)).toMatchObject({ status: 0 });
        // Reached by another address of its own, which is remembered then.
        const other = world.server.url.replace('127.0.0.1', 'localhost');
        expect(await al.run(['devices', '--server', other], remembered)).toMatchObject({ status: 0 });
        await world.server.kill();
        expect(await al.run(['devices'], remembered)).toMatchObject(refused(/^ws:\/\/localhost:\d+ cannot/, 4));
        await world.server.restart();
      },
      RESTARTS_MS,
    );
  });
});
