import { PassThrough } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import type { FrontHandlers } from './front.ts';
import { TerminalFront } from './terminal-front.ts';

/** A front on a terminal of 80 columns; `lines` yields what was typed, `complete` says what Tab makes of it. */
function atKeyboard(complete: FrontHandlers['complete']) {
  const keyboard = Object.assign(new PassThrough(), { setRawMode: () => keyboard });
  const screen = Object.assign(new PassThrough(), { columns: 80 });
  const lines = Promise.withResolvers<string>();
  const typing: string[] = [];
  const front = new TerminalFront({ keyboard, screen, write: () => {}, stopJob: async () => {} });
  front.start({
    line: async (text) => lines.resolve(text),
    typing: (line) => typing.push(line),
    interrupt: () => {},
    end: () => {},
    complete,
  });
  onTestFinished(() => front.close());
  return { front, type: (keys: string) => void keyboard.write(keys), line: lines.promise, typing };
}

it('what is typed while Tab still looks for what it means stands behind that', async () => {
  const found = Promise.withResolvers<{ word: string; completions: string[] }>();
  const { type, line } = atKeyboard(() => found.promise);
  type('/op\tbo');
  type(' and more\r');
  setImmediate(() => found.resolve({ word: '/op', completions: ['/open '] }));
  expect(await line).toBe('/open bo and more');
});

it('a line that ends while Tab looks takes no answer any more', async () => {
  const found = Promise.withResolvers<{ word: string; completions: string[] }>();
  const { type, front } = atKeyboard(() => found.promise);
  type('/op\t');
  await new Promise(setImmediate);
  front.close();
  found.resolve({ word: '/op', completions: ['/open '] });
  await found.promise;
});

it('what stands on the line is told while it is typed, and nothing once it is done', async () => {
  const { type, line, typing } = atKeyboard(async (word) => ({ word, completions: [] }));
  type('te');
  type('xt\r');
  expect(await line).toBe('text');
  expect(typing).toEqual(['te']);
});
