import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineBatches, wholeText } from './stdin-lines.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The bytes in parts of these sizes, over and over, in one array that is used again for each part. */
async function* inParts(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const shared = new Uint8Array(Math.max(...sizes));
  for (let at = 0, part = 0; at < bytes.length; part++) {
    const size = Math.min(sizes[part % sizes.length] ?? 1, bytes.length - at);
    shared.set(bytes.subarray(at, at + size));
    yield shared.subarray(0, size);
    at += size;
  }
}

async function allOf(
  text: string,
  sizes: readonly number[] = [1_000],
): Promise<{ texts: string[]; through: number; batches: number }> {
  const all = { texts: [] as string[], through: 0, batches: 0 };
  for await (const { texts, through } of lineBatches(inParts(utf8(text), sizes))) {
    all.texts.push(...texts);
    all.through = through;
    all.batches++;
  }
  return all;
}

describe('lines of standard input', () => {
  it('are the same however the bytes come in', async () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (lines, sizes) => {
          expect((await allOf(lines.join('\n'), sizes)).texts).toEqual(lines);
          expect((await allOf(lines.map((text) => `${text}\n`).join(''), sizes)).texts).toEqual(lines);
          expect((await allOf(lines.map((text) => `${text}\r\n`).join(''), sizes)).texts).toEqual(lines);
        },
      ),
    );
  });

  it('count from one, and empty ones are left out but counted', async () => {
    expect(await allOf('one\n\n\nfour\n')).toEqual({ texts: ['one', 'four'], through: 4, batches: 1 });
    expect(await allOf('')).toEqual({ texts: [], through: 0, batches: 0 });
  });

  it('come in batches of a bounded size', async () => {
    const { batches, texts } = await allOf('x\n'.repeat(1_000), [10_000]);
    expect([batches, texts.length]).toEqual([16, 1_000]);
  });

  it('are refused by their number when they are too long, without being read to their end, after what came before', async () => {
    let read = 0;
    async function* endless() {
      yield utf8('fine\n');
      for (; ; read++) yield new Uint8Array(10_000).fill(97);
    }
    const lines = lineBatches(endless());
    expect((await lines.next()).value).toMatchObject({ texts: ['fine'] });
    await expect(lines.next()).rejects.toThrow(/^Line 2 has more than 65536 bytes/);
    expect(read).toBeLessThan(8);
  });

  it('may have exactly 65,536 bytes', async () => {
    expect((await allOf(`${'ä'.repeat(32_768)}\n`)).texts[0]).toHaveLength(32_768);
    await expect(allOf(`${'ä'.repeat(32_768)}a\n`)).rejects.toMatchObject({ reason: 'text_too_long' });
  });

  it('are refused when they are no UTF-8', async () => {
    const bytes = Uint8Array.of(...utf8('a\n'), 0xff, 0x0a);
    const lines = lineBatches(inParts(bytes, [64]));
    expect((await lines.next()).value).toEqual({ texts: ['a'], through: 2 });
    await expect(lines.next()).rejects.toThrow('Line 2 is not UTF-8.');
  });
});

describe('all of standard input', () => {
  it('is one text with its line ends, but for the last', async () => {
    const whole = (text: string) => wholeText(inParts(utf8(text), [1]));
    expect(await whole('a\nb\n')).toBe('a\nb');
    expect(await whole('a\nb')).toBe('a\nb');
    expect(await whole('a\n\n')).toBe('a\n');
    expect(await wholeText(inParts(utf8(`${'a'.repeat(65_536)}\n`), [4_096]))).toHaveLength(65_536);
  });

  it('is refused when it is longer than a message may be', async () => {
    await expect(wholeText(inParts(new Uint8Array(65_537).fill(97), [4_096]))).rejects.toMatchObject({
      reason: 'text_too_long',
    });
  });
});
