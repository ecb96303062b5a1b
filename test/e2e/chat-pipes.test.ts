// A chat between programs: whoever reads slowly or goes away costs nothing and loses nothing.
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ServerProcess } from '../server.fixture.ts';
import { SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

const world = TerminalWorld.forTheseTests((options) => ServerProcess.start(options));
const numbered = (count: number, text = '') => Array.from({ length: count }, (_, i) => `${i + 1} of ${count}.${text}`);

it(
  'a reader that goes away ends a chat with status 0: what was typed leaves, and what was not seen stays unread',
  async () => {
    const { al, bo } = await world.two();
    const chat = bo.start(['chat'], { staysOpen: true });
    chat.type(`/open ${al.name}`);
    // Both, in whichever order: what it says of itself later would tell it that nobody reads.
    for (const said of [', nothing unread', 'Nothing is unread.']) {
      await chat.until(({ lines }) => lines.some((line) => line.includes(said)));
    }
    chat.child.stdout?.destroy();
    const typed = numbered(50);
    // At once: what it has not read yet when it finds out is not its own.
    chat.type(['/unread', ...typed].join('\n'));
    expect((await chat.end()).status).toBe(0);
    const listened = await al.run(['listen', '--json', '--count', '50']);
    expect(texts(listened.records)).toEqual(typed);
    const again = bo.start(['chat'], { staysOpen: true });
    again.type(`/open ${al.name}`);
    await again.until(({ lines }) => lines.some((line) => line.includes('nothing unread')));
    again.child.stdout?.destroy();
    expect(await al.run(['send', bo.name, 'for nobody'])).toMatchObject({ status: 0 });
    expect((await again.end()).status).toBe(0);
    expect((await bo.run(['unread'])).lines).toEqual([`1 from ${al.address}`]);
  },
  SEVERAL_COMMANDS_MS,
);

it(
  'a reader that takes its time gets a long history whole, and holds up the chat alone',
  async () => {
    const { al, bo } = await world.two();
    const sent = numbered(500, 'x'.repeat(2_000));
    expect(await al.run(['send', bo.name, '-'], { input: sent.join('\n') })).toMatchObject({ status: 0 });
    expect(await bo.run(['unread'])).toMatchObject({ stdout: `500 from ${al.address}` });
    const chat = bo.start(['chat'], { staysOpen: true });
    chat.child.stdout?.pause();
    chat.type(`/open ${al.name}\n/history 500\n/exit`);
    // 200 unread lines are more than the pipe takes, and what stands before it.
    await full(chat.child.stdout as Readable);
    expect((await bo.run(['unread'])).stdout).toBe(`500 from ${al.address}`);
    chat.child.stdout?.resume();
    const { status, lines } = await chat.end();
    expect(status).toBe(0);
    const shown = lines.filter((line) => line.includes(' of 500.')).map((line) => line.replace(/^.*?: /, ''));
    expect(shown).toEqual([...sent.slice(0, 200), ...sent]);
  },
  SEVERAL_COMMANDS_MS,
);

/** Resolves when a stream that is paused takes no more: nothing else tells. */
async function full(stream: Readable): Promise<void> {
  while (stream.readableLength < stream.readableHighWaterMark) await setTimeout(50);
}
