// One command a message, as scripts send: whoever takes a new device has all of it there, although no sender's process lives for long.
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import type { Terminal } from './terminal.ts';
import { LISTEN_MAX, type Person, SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

const DONE = { status: 0 };

/** The next texts that this device is given; fewer if they do not come. */
async function heard(device: Terminal, count: number): Promise<unknown[]> {
  return texts((await device.run(['listen', '--json', '--count', String(count), ...LISTEN_MAX])).records);
}

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  /** Another device of this person, in use. */
  async function secondOf({ name, address }: Person): Promise<Terminal> {
    const second = world.terminal(`${name}-second`);
    expect(await second.run(['login', address])).toMatchObject(DONE);
    return second;
  }

  describe('a new device of somebody whom one-shot sends write to', () => {
    it(
      'has the message that was sent next, those before it and those after it',
      async () => {
        const { al, bo } = await world.two();
        expect(await al.run(['send', bo.name, 'before'])).toMatchObject(DONE);
        const second = await secondOf(bo);
        expect(await al.run(['send', bo.name, '-'], { input: 'one\ntwo\n' })).toMatchObject(DONE);
        expect((await heard(second, 3)).sort()).toEqual(['before', 'one', 'two']);
        expect(await al.run(['send', bo.name, 'three'])).toMatchObject(DONE);
        expect(await heard(second, 1)).toEqual(['three']);
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'has it also where the sender was killed once it was accepted, from its next session of any kind',
      async () => {
        const { al, bo } = await world.two();
        expect(await al.run(['send', bo.name, 'before'])).toMatchObject(DONE);
        const second = await secondOf(bo);
        const sending = al.start(['send', bo.name, '-', '--json'], { input: 'one\ntwo\n' });
        await sending.until(({ lines }) => lines.length > 0);
        await sending.end('SIGKILL');
        const listening = al.start(['listen', '--json']);
        expect((await heard(second, 3)).sort()).toEqual(['before', 'one', 'two']);
        await listening.end('SIGTERM');
      },
      SEVERAL_COMMANDS_MS,
    );
  });

  describe('a new device of the sender', () => {
    it(
      'has what the other one sends, and what others send',
      async () => {
        const { al, bo } = await world.two();
        expect(await bo.run(['send', al.name, 'hello'])).toMatchObject(DONE);
        expect(await al.run(['send', bo.name, 'before'])).toMatchObject(DONE);
        const second = await secondOf(al);
        expect(await al.run(['send', bo.name, 'after'])).toMatchObject(DONE);
        expect(await bo.run(['send', al.name, 'welcome'])).toMatchObject(DONE);
        expect((await heard(second, 4)).sort()).toEqual(['after', 'before', 'hello', 'welcome']);
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
