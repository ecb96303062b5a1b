// What a capture of a terminal becomes in a picture and in text.
import { describe, expect, test } from 'vitest';
import { plainOf, svgOf } from './picture.ts';
import { rowsOf, textOf } from './screen.ts';

const texts = (capture: string, columns = 80) => rowsOf(capture, columns).map(textOf);

describe('a screen', () => {
  test('is broken where the next sign has no room, wide ones included, and ends with its last text', () => {
    expect(texts('abcdef\n\n日本語\n\n \n', 5)).toEqual(['abcde', 'f', '', '日本', '語']);
  });

  test('has a run for each style and script, at the column where it stood', () => {
    const [row] = rowsOf('\u001b[1mbo\u001b[0;2m 🥗 \u001b[22;91mשלום!\u001b[39m\u001b[49m', 80);
    const plain = { bold: false, dim: false, colour: undefined, script: 'narrow' };
    expect(row).toEqual([
      { ...plain, text: 'bo', column: 0, columns: 2, bold: true },
      { ...plain, text: '🥗', column: 3, columns: 2, dim: true, script: 'wide' },
      { ...plain, text: 'שלום', column: 6, columns: 4, colour: 9, script: 'right-to-left' },
      { ...plain, text: '!', column: 10, columns: 1, colour: 9 },
    ]);
  });

  test('keeps a style from one line to the next, as tmux does', () => {
    expect(rowsOf('\u001b[2mone\ntwo', 80)[1]).toMatchObject([{ text: 'two', dim: true }]);
  });

  test('shows what became of a message only where nothing more of the same follows at once', () => {
    const lines = [
      '✓ accepted for bo: “a”',
      '✓ accepted for bo: “b”',
      '✓✓ delivered to bo: “b”',
      '✓✓✓ read by bo: “b”',
      '✓✓ delivered to 1 of 2 in #team: “c”',
      '✓✓✓ read by 2 of 2 in #team: “c”',
    ];
    const shown = [lines[0], lines[3], lines[5]].map((line) => `  ${line}`);
    expect(texts(lines.map((line) => `  ${line}`).join('\n'))).toEqual(shown);
  });

  test('shows who comes back with the server as little as a fast machine does', () => {
    const before = ['  bo is offline.', '  bo is online.', 'The connection is lost.'];
    const after = ['The server is back.', '  ✓ accepted for bo: “a”', '  bo is online.', '  ✓✓✓ read by bo: “a”'];
    expect(texts([...before, ...after].join('\n'))).toEqual([...before, after[0], after[3]]);
  });

  test('says so where a style cannot be drawn', () => {
    expect(() => rowsOf('\u001b[4munderlined', 80)).toThrow('style 4');
  });
});

describe('a picture', () => {
  const windows = [
    { who: 'al', columns: 20, rows: rowsOf('<b>&amp;\n\u001b[1;31mbo', 20) },
    { who: 'bo', columns: 20, rows: rowsOf('one', 20) },
  ];

  test('has texts as they were written, and nothing that a page would obey', () => {
    const svg = svgOf(windows);
    expect(svg).toContain('>&lt;b&gt;&amp;amp;</text>');
    expect(svg).toMatch(/class="b" style="fill:#ff7b72">bo</);
    expect(svg).not.toContain('<b>');
  });

  test('is text too, a window below the other', () => {
    expect(plainOf(windows)).toBe('--- al ---\n<b>&amp;\nbo\n\n--- bo ---\none\n');
  });
});
