import { expect, it, onTestFinished, vi } from 'vitest';
import { Refusal } from '../../sdk/index.ts';
import { Ended } from '../exit.ts';
import { type TransferOptions, Transfers } from './transfers.ts';

/** Transfers of a chat at a terminal, or on a pipe; what they say, and a clock that is set by hand. */
function transfers(columns: number | undefined) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const said: string[] = [];
  const seen = { now: 0, draws: 0 };
  const say = (text: string) => void said.push(text);
  const all = new Transfers({
    ...{ output: { say, note: say }, front: { columns } },
    elapsed: () => seen.now,
    changed: () => seen.draws++,
  });
  return { all, said, seen };
}

const CAT = { doing: 'sending', name: 'cat.png', again: '/sendfile cat.png' } as const;
const untilStopped = ({ signal }: TransferOptions) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

it('each is a line above what is typed, drawn anew while it goes on, and gone when it is done', async () => {
  const { all, said, seen } = transfers(80);
  const done = Promise.withResolvers<void>();
  all.begin(CAT, async ({ onProgress }) => {
    onProgress({ done: 0, total: 4_000_000 });
    seen.now = 2_000;
    onProgress({ done: 1_000_000, total: 4_000_000 });
    await done.promise;
  });
  all.begin({ doing: 'saving', name: 'a\u001b[2Jb\u202e'.repeat(9), again: '/save' }, () => done.promise);
  await vi.advanceTimersByTimeAsync(600);
  expect(all.lines).toMatch(/^sending cat\.png: 25 %, 500 kB\/s, 0:06 left\nsaving .{1,24}: waiting\n$/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
  expect(all.lines).not.toMatch(/[\u001b\u202e]/);
  const { draws } = seen;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(seen.draws - draws).toBe(10);
  done.resolve();
  await all.done();
  expect([all.lines, said, vi.getTimerCount()]).toEqual(['', [], 0]);
});

it('what is stopped says how far it came and what goes on with it', async () => {
  const { all, said } = transfers(80);
  all.begin(CAT, async (options) => {
    options.onProgress({ done: 45, total: 100 });
    await untilStopped(options);
  });
  all.begin({ doing: 'saving', name: 'b.zip', again: '/save 2' }, untilStopped);
  await vi.advanceTimersByTimeAsync(0);
  expect(await all.stop()).toBe(2);
  expect(said.toSorted()).toEqual([
    'Saving b.zip has not begun. /save 2 goes on with it.',
    'Sending cat.png was stopped at 45 %. /sendfile cat.png goes on with it.',
  ]);
  expect(await all.stop()).toBe(0);
});

it('what fails is told, with the name of the file', async () => {
  const { all, said } = transfers(80);
  all.begin(CAT, () => Promise.reject(new Refusal('file_gone', 'It is not there any more: ask for it once more')));
  await all.done();
  expect(said).toEqual(['cat.png: It is not there any more: ask for it once more.']);
});

it('no more than four are on their way at once', async () => {
  const { all } = transfers(80);
  for (let count = 0; count < 4; count++) all.begin(CAT, untilStopped);
  expect(() => all.begin(CAT, untilStopped)).toThrow(Ended);
  await vi.advanceTimersByTimeAsync(0);
  expect(await all.stop()).toBe(4);
});

it('where no line can be drawn anew, one is said now and then', async () => {
  const { all, said } = transfers(undefined);
  all.begin(CAT, untilStopped);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(said).toEqual(['  sending cat.png: waiting', '  sending cat.png: waiting']);
  await all.stop();
});
