import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { PlainFront } from './plain-front.ts';

it('reads no further while what it has read is not done', async () => {
  const input = Readable.from(
    (function* () {
      for (let chunk = 0; chunk < 1_000; chunk++) yield 'a line\n'.repeat(100);
    })(),
    { objectMode: false, highWaterMark: 1_000 },
  );
  const done: (() => void)[] = [];
  const front = new PlainFront({ input, write: () => {}, lendsInput: false });
  front.start({
    line: () => new Promise<void>((resolve) => done.push(resolve)),
    typing: () => {},
    interrupt: () => {},
    end: () => {},
    complete: async (word) => ({ word, completions: [] }),
  });
  const settled = async () => {
    for (let before = -1; before !== done.length; ) {
      before = done.length;
      for (let turn = 0; turn < 100; turn++) await setImmediate();
    }
    return done.length;
  };
  const first = await settled();
  expect(first).toBeLessThan(1_000);
  for (const end of done) end();
  expect(await settled()).toBeGreaterThan(first);
  front.close();
});

it('does what it has read to its end, also once there is no more to come', async () => {
  const heard: string[] = [];
  const ended = Promise.withResolvers<void>();
  const front = new PlainFront({ input: Readable.from(['one\ntwo\n', 'three']), write: () => {}, lendsInput: false });
  const done = Promise.withResolvers<void>();
  front.start({
    line: (text) => {
      heard.push(text);
      return done.promise;
    },
    typing: () => {},
    interrupt: () => {},
    end: () => ended.resolve(),
    complete: async (word) => ({ word, completions: [] }),
  });
  await ended.promise;
  // What failed here would be an unhandled rejection, which fails the test.
  done.resolve();
  await setImmediate();
  expect(heard).toEqual(['one', 'two', 'three']);
  front.close();
});
