import { inflateSync } from 'node:zlib';
import sixel from 'sixel';
import { describe, expect, it } from 'vitest';
import { Graphics } from './graphics.ts';
import { halfBlocks, nearest } from './half-blocks.ts';
import { BLUE, colourAt, RED, twoColours } from './image-files.fixture.ts';
import { fitting, scaled, upright } from './pixels.ts';
import { TerminalAnswers } from './terminal-answers.ts';
import { imageSettings, type Way } from './way.ts';

const IMAGE = twoColours(80, 40);
const WITHIN = { columns: 44, rows: 12 };
/** Rows are made, the cursor goes up to them and in, draws, and stands below them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is drawn begins and ends with them.
const PLACED = /^(\n+)\u001b\[(\d+)A\u001b\[4C\u001b7(.*)\u001b8\r\u001b\[(\d+)B$/s;

function drawn(way: Way, within = WITHIN): string {
  return new Graphics({ way, depth: 24, asks: false }).drawn(IMAGE, IMAGE, within);
}

/** What is drawn, and over how many rows. */
function placed(text: string): { rows: number; sequence: string } {
  const [, made = '', up, sequence = '', down] = PLACED.exec(text) ?? expect.fail(text);
  expect([Number(up), Number(down)]).toEqual([made.length, made.length]);
  return { rows: made.length, sequence };
}

describe('an image', () => {
  it('is half blocks in two colours each, where there is nothing better', () => {
    const tiny = { width: 2, height: 2, pixels: Uint8Array.from([...RED, ...BLUE, ...BLUE, ...BLUE]) };
    expect(halfBlocks(tiny, { columns: 2, rows: 1 }, 24)).toEqual([
      '\u001b[38;2;255;0;0;48;2;0;0;255m▀\u001b[38;2;0;0;255;48;2;0;0;255m▀\u001b[0m',
    ]);
    expect(halfBlocks(tiny, { columns: 1, rows: 1 }, 8)).toEqual(['\u001b[38;5;90;48;5;21m▀\u001b[0m']);
    const rows = drawn('blocks').split('\n');
    expect(rows).toHaveLength(3 + 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: styles are told by them.
    for (const row of rows.slice(0, -1)) expect(row.replace(/\u001b\[[\d;]*m/g, '')).toBe(`    ${'▀'.repeat(10)}`);
  });

  it('goes to kitty as compressed pixels in short sequences, over cells', () => {
    const noise = {
      width: 80,
      height: 80,
      pixels: Uint8Array.from({ length: 19_200 }, (_, at) => (at * at * 7) % 251),
    };
    const text = new Graphics({ way: 'kitty', depth: 24, asks: false }).drawn(
      noise,
      { width: 800, height: 800 },
      WITHIN,
    );
    const { rows, sequence } = placed(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: sequences begin and end with it.
    const parts = [...sequence.matchAll(/\u001b_G([^;]*);([^\u001b]{0,4096})\u001b\\/g)];
    expect(parts.map(([all]) => all).join('')).toBe(sequence);
    expect(parts[0]?.[1]).toBe(`a=T,f=24,o=z,q=2,C=1,s=80,v=80,c=24,r=${rows},m=${parts.length > 1 ? 1 : 0}`);
    expect(parts.at(-1)?.[1]).toMatch(/m=0$/);
    const data = parts.map(([, , base64]) => base64).join('');
    expect(new Uint8Array(inflateSync(Buffer.from(data, 'base64')))).toEqual(noise.pixels);
  });

  it('goes to iTerm2 as a PNG', () => {
    const { rows, sequence } = placed(drawn('iterm2'));
    const [, size, columns, height, base64 = ''] =
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence has them.
      /^\u001b\]1337;File=inline=1;size=(\d+);width=(\d+);height=(\d+);preserveAspectRatio=0:(.*)\u0007$/.exec(
        sequence,
      ) ?? [];
    const file = Buffer.from(base64, 'base64');
    expect([Number(size), Number(columns), Number(height)]).toEqual([file.length, 10, rows]);
    expect(file.subarray(1, 4).toString()).toBe('PNG');
  });

  it('goes to a terminal with sixels as such, within its rows', async () => {
    const graphics = new Graphics({ way: 'sixel', depth: 24, asks: false });
    await expect.poll(() => graphics.drawn(IMAGE, IMAGE, WITHIN)).toContain('\u001bP');
    const { rows, sequence } = placed(graphics.drawn(IMAGE, IMAGE, WITHIN));
    const decoder = new sixel.Decoder();
    decoder.decodeString(sequence.slice(sequence.indexOf('q') + 1, -2));
    expect([decoder.width, decoder.height]).toEqual([80, rows * 16]);
    const pixels = new Uint8Array(decoder.data8.buffer, decoder.data8.byteOffset);
    expect([...pixels.slice(0, 3)]).toEqual([...RED]);
  });

  it('is nothing where there are no colours, or no room', () => {
    expect([drawn('none'), drawn('kitty', { columns: 4, rows: 12 })]).toEqual(['', '']);
  });

  it('stays within a narrow terminal, whatever shape it is of', () => {
    for (const [width, height] of [
      [80, 1],
      [1, 80],
      [80, 80],
    ] as const) {
      const image = twoColours(width, height);
      const claimed = { width: 4_000_000_000, height: 1 };
      const text = new Graphics({ way: 'blocks', depth: 8, asks: false }).drawn(image, claimed, {
        columns: 9,
        rows: 3,
      });
      const rows = text.split('\n').slice(0, -1);
      expect(rows.length).toBeLessThanOrEqual(3);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: styles are told by them.
      for (const row of rows) expect(row.replace(/\u001b\[[\d;]*m/g, '').length).toBeLessThanOrEqual(9);
    }
  });
});

describe('pixels', () => {
  it('are made smaller as means, and larger as they are', () => {
    const two = { width: 2, height: 1, pixels: Uint8Array.from([0, 0, 0, 100, 200, 50]) };
    expect([...scaled(two, { width: 1, height: 1 }).pixels]).toEqual([50, 100, 25]);
    expect([...scaled(two, { width: 4, height: 1 }).pixels]).toEqual([0, 0, 0, 0, 0, 0, 100, 200, 50, 100, 200, 50]);
    expect(fitting({ width: 1_000, height: 1 }, { width: 80, height: 80 })).toEqual({ width: 80, height: 1 });
  });

  it('are turned as EXIF says', () => {
    // 0 1 2
    // 3 4 5
    const image = {
      width: 3,
      height: 2,
      pixels: Uint8Array.from([0, 1, 2, 3, 4, 5].flatMap((one) => [one, one, one])),
    };
    const seen = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((orientation) => {
      const turned = upright(image, orientation);
      return Array.from({ length: turned.height }, (_, y) =>
        Array.from({ length: turned.width }, (_, x) => colourAt(turned, x, y)[0]).join(''),
      ).join(' ');
    });
    expect(seen).toEqual([
      '012 345',
      '210 543',
      '543 210',
      '345 012',
      '03 14 25',
      '30 41 52',
      '52 41 30',
      '25 14 03',
      '012 345',
    ]);
  });

  it('are the nearest of 256 colours where there are no more', () => {
    expect(
      [
        [0, 0, 0],
        [255, 255, 255],
        [255, 0, 0],
        [128, 128, 128],
        [96, 134, 174],
      ].map((one) => nearest(one as never)),
    ).toEqual([16, 231, 196, 244, 67]);
  });
});

describe('what a terminal can', () => {
  const NONE = { kitty: false, iterm2: false, sixel: false };
  const settings = (environment: Record<string, string>, supported = {}, colourBits = 24, wished?: Way) =>
    imageSettings(environment, { supported: { ...NONE, ...supported }, colourBits, wished });

  it('is taken from its environment, and asked for where that may say too little', () => {
    expect(settings({ TERM: 'xterm-kitty' }, { kitty: true, iterm2: true })).toMatchObject({
      way: 'kitty',
      asks: false,
    });
    expect(settings({ TERM: 'xterm' }, { iterm2: true })).toMatchObject({ way: 'iterm2', asks: false });
    expect(settings({ TERM: 'xterm' }, { sixel: true, iterm2: true })).toMatchObject({ way: 'sixel', asks: true });
    expect(settings({ TERM: 'xterm' })).toEqual({ way: 'blocks', depth: 24, asks: true });
    expect(settings({ TERM: 'xterm' }, {}, 8)).toEqual({ way: 'blocks', depth: 8, asks: true });
  });

  it('is characters within a multiplexer, whatever stands around it', () => {
    const inside = [
      { TERM: 'tmux-256color' },
      { TERM: 'screen' },
      { TERM: 'xterm', TMUX: '/tmp/s' },
      { TERM: 'xterm', STY: '1' },
    ];
    for (const environment of inside) {
      expect(settings(environment, { kitty: true })).toEqual({ way: 'blocks', depth: 24, asks: false });
    }
  });

  it('is nothing without colours, and what the person wishes', () => {
    expect(settings({ TERM: 'xterm' }, { kitty: true }, 1)).toMatchObject({ way: 'none', asks: false });
    expect(settings({ TERM: 'tmux' }, {}, 1, 'kitty')).toMatchObject({ way: 'kitty', asks: false });
  });
});

describe('answers of a terminal', () => {
  it('are found between keys, however they are cut, and are not keys', () => {
    const all = 'a\u001b[6;18;9tb\u001b[?62;4;22cc\u001b[6~\u001b[6;5~\u001b[Ad';
    for (let cut = 0; cut <= all.length; cut++) {
      // Within the first two characters of a sequence it may be a key, and terminals write those at once.
      if (['\u001b', '\u001b['].some((part) => all.slice(0, cut).endsWith(part))) continue;
      const heard: unknown[] = [];
      const answers = new TerminalAnswers((answer) => heard.push(answer));
      expect(answers.keys(all.slice(0, cut)) + answers.keys(all.slice(cut))).toBe('abc\u001b[6~\u001b[6;5~\u001b[Ad');
      expect(heard).toEqual([{ cell: { width: 9, height: 18 } }, { sixel: true }]);
    }
  });

  it('make it draw sixels, which it did not before', async () => {
    const graphics = new Graphics({ way: 'blocks', depth: 24, asks: true });
    expect(graphics.question).toBe('\u001b[16t\u001b[c');
    expect(graphics.drawn(IMAGE, IMAGE, WITHIN)).toContain('▀');
    graphics.hear({ sixel: true });
    await expect.poll(() => graphics.drawn(IMAGE, IMAGE, WITHIN)).toContain('\u001bP');
  });
});
