import { PassThrough } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { Graphics } from '../images/graphics.ts';
import { twoColours } from '../images/image-files.fixture.ts';
import type { ImageSettings } from '../images/way.ts';
import type { FrontHandlers } from './front.ts';
import { TerminalFront } from './terminal-front.ts';

/** A front on a terminal of 80 columns; `lines` yields what was typed, `complete` says what Tab makes of it. */
function atKeyboard(
  complete: FrontHandlers['complete'] = async (word) => ({ word, completions: [] }),
  images: ImageSettings = { way: 'none', depth: 24, asks: false },
) {
  const keyboard = Object.assign(new PassThrough(), { setRawMode: () => keyboard });
  const screen = Object.assign(new PassThrough(), { columns: 80 });
  const lines = Promise.withResolvers<string>();
  const typing: string[] = [];
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const graphics = new Graphics(images);
  const front = new TerminalFront({ keyboard, screen, write, stopJob: async () => {}, graphics });
  front.start({
    line: async (text) => lines.resolve(text),
    typing: (line) => typing.push(line),
    interrupt: () => {},
    end: () => {},
    complete,
  });
  onTestFinished(() => front.close());
  return { front, type: (keys: string) => void keyboard.write(keys), line: lines.promise, typing, written, screen };
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

const BLOCKS: ImageSettings = { way: 'blocks', depth: 24, asks: true };
const IMAGE = twoColours(8, 8);
const MOST = { columns: 40, rows: 12 };

it('an image stands above what is typed, as text does, and waits while something is asked', async () => {
  const { front, type, written } = atKeyboard(undefined, BLOCKS);
  type('half a line');
  await new Promise(setImmediate);
  written.length = 0;
  front.picture(IMAGE, IMAGE, MOST);
  expect(written[0]).toMatch(/^\r.*▀.*\n$/);
  expect(written.slice(1).join('')).toContain('half a line');
  const answered = Promise.withResolvers<void>();
  const asked = front.question(() => answered.promise);
  written.length = 0;
  front.picture(IMAGE, IMAGE, MOST);
  expect(written).toEqual([]);
  answered.resolve();
  await asked;
  expect(written.join('')).toContain('▀');
});

it('an image takes no more columns and rows than the terminal has beside what is typed', () => {
  const { front, screen, written } = atKeyboard(undefined, BLOCKS);
  Object.assign(screen, { columns: 12, rows: 7 });
  screen.emit('resize');
  written.length = 0;
  front.picture(twoColours(80, 80), { width: 800, height: 800 }, MOST);
  const rows = (written[0] ?? '').split('\n').slice(0, -1);
  expect(rows).toHaveLength(3);
  for (const row of rows) expect(row.split('▀').length - 1).toBeLessThanOrEqual(12 - 1 - 4);
  expect(front.pictureRoom(MOST)).toEqual({ width: 11 * 8, height: 3 * 16 });
});

it('a terminal is asked what it can, and what it answers is no key', async () => {
  const { type, line, written } = atKeyboard(undefined, BLOCKS);
  expect(written.at(-1)).toBe('\u001b[16t\u001b[c');
  type('te\u001b[?62;');
  type('4cxt\u001b[6;20;10t\r');
  expect(await line).toBe('text');
});

const SIGN_OR_MOVE = new RegExp(`${'\u001b'}\\[\\??(\\d*)([A-Za-z])|.`, 'gs');

/** The rows of a screen on which that was written, without colours and with no more than readline and a front ask of one. */
function rowsOf(written: string): string[] {
  const rows = [''];
  let [row, column] = [0, 0];
  for (const [sign, count, move] of written.matchAll(SIGN_OR_MOVE)) {
    const by = Number(count || 1);
    if (move === 'A') row = Math.max(0, row - by);
    else if (move === 'G') column = by - 1;
    else if (move === 'J') rows.splice(row, Number.POSITIVE_INFINITY, (rows[row] ?? '').slice(0, column));
    else if (sign === '\r') column = 0;
    else if (sign === '\n') {
      [row, column] = [row + 1, 0];
      rows[row] ??= '';
    } else if (move === undefined) rows[row] = (rows[row] ?? '').slice(0, column++) + sign;
  }
  return rows;
}

it('what a typed line comes to stands directly below what was there, also where a file is on its way', async () => {
  const { front, type, line, written } = atKeyboard();
  front.print('said before\n');
  front.prompt('saving a file\n> ');
  type('text\r');
  front.print(`${await line}\n`);
  front.print('said after\n');
  expect(rowsOf(written.join(''))).toEqual(['said before', 'text', 'said after', 'saving a file', '> ']);
});

it('a question that a typed line leads to stands directly below what was there, also where a file is on its way', async () => {
  const { front, type, line, written } = atKeyboard();
  front.print('said before\n');
  front.prompt('saving a file\n> ');
  type('text\r');
  await line;
  await front.question(async () => void written.push('asked\n'));
  expect(rowsOf(written.join(''))).toEqual(['said before', 'asked', 'saving a file', '> ']);
});
