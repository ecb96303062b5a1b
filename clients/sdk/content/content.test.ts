import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { concat, fromHex, toHex } from '#protocol/bytes.ts';
import { sealed } from '../crypto/test/world.ts';
import { EMPTY_CONTENT, isShown, nameContent, readContent, receiptContent, textContent } from './content.ts';
import { RECEIPT_MARKS_MAX } from './receipt.ts';

describe('content', () => {
  it('gives any well-formed text back unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        fc.pre(text.isWellFormed());
        expect(readContent(textContent(text))).toEqual({ kind: 'text', text });
      }),
    );
    expect(readContent(textContent('\ufeffx'))).toEqual({ kind: 'text', text: '\ufeffx' });
  });

  it('takes 65,536 bytes of UTF-8 and refuses one more with a sentence', () => {
    expect(textContent('ü'.repeat(32_768)).length).toBe(65_537);
    expect(() => textContent(`${'ü'.repeat(32_768)}a`)).toThrow('Send it in parts');
  });

  it('refuses empty and ill-formed text', () => {
    expect(() => textContent('')).toThrow('empty');
    expect(() => textContent('a\ud800')).toThrow('Unicode');
  });

  it('reads any bytes without throwing and says what it does not know', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readContent(bytes)));
    expect(readContent(EMPTY_CONTENT)).toEqual({ kind: 'empty' });
    expect(readContent(Uint8Array.of(9, 1))).toEqual({ kind: 'unknown', number: 9 });
    expect(readContent(Uint8Array.of(1, 0xff))).toEqual({ kind: 'unknown', number: 1 });
    expect(readContent(Uint8Array.of(1))).toEqual({ kind: 'unknown', number: 1 });
  });
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const mark = fc.record({
  device: bytes(32).map(encodeBase64),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  tag: bytes(16),
});
const receipt = fc.uniqueArray(mark, {
  minLength: 1,
  maxLength: RECEIPT_MARKS_MAX,
  selector: ({ device, seq }) => `${device} ${seq}`,
});
const marks = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    device: encodeBase64(new Uint8Array(32)),
    seq: i + 1,
    tag: new Uint8Array(16).fill(i),
  }));
const refused = { kind: 'unknown', number: 2 };

describe('a receipt', () => {
  it('gives what was read back, as a set', () => {
    fc.assert(
      fc.property(receipt, (read) => {
        const again = readContent(receiptContent([...read].reverse()));
        expect(again.kind === 'receipt' && new Set(again.read)).toEqual(new Set(read));
      }),
    );
  });

  it('has one spelling: other bytes are refused, or those of another receipt', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
    const ends = fc.integer({ min: -60, max: 60 });
    fc.assert(
      fc.property(receipt, changes, ends, (read, changed, longer) => {
        const whole = receiptContent(read);
        const given = new Uint8Array(Math.max(1, whole.length + longer));
        given.set(whole.subarray(0, given.length));
        for (const [at, value] of changed) given[1 + (at % Math.max(1, given.length - 1))] = value;
        const content = readContent(given);
        if (content.kind === 'receipt') expect(receiptContent(content.read)).toEqual(given);
        else expect(content).toEqual(refused);
      }),
    );
  });

  it('is of 1 to 100 messages, each once, sorted, with nothing behind', () => {
    const hundred = receiptContent(marks(100));
    expect(readContent(hundred)).toMatchObject({ kind: 'receipt' });
    expect(() => receiptContent(marks(101))).toThrow('not of 101');
    expect(() => receiptContent([])).toThrow('not of 0');
    expect(() => receiptContent([...marks(2), ...marks(1)])).toThrow('not a sorted set');
    expect(() => receiptContent(marks(1).map((one) => ({ ...one, seq: 0 })))).toThrow('no sequence number');
    const one = receiptContent(marks(1)).subarray(5);
    const two = receiptContent(marks(2)).subarray(5 + 56);
    const counted = (count: number, ...entries: Uint8Array[]) => concat(Uint8Array.of(2, 0, 0, 0, count), ...entries);
    expect(readContent(counted(2, one, two))).toMatchObject({ kind: 'receipt' });
    const ill = [counted(0), counted(2, one, one), counted(2, two, one), counted(1, one, two), counted(2, one)];
    const tooMany = [
      counted(
        101,
        hundred.subarray(5),
        Uint8Array.from(two, (byte, i) => (i === 39 ? 101 : byte)),
      ),
    ];
    for (const bytes of [...ill, ...tooMany]) expect(readContent(bytes)).toEqual(refused);
  });

  it('is shown to nobody, however ill-formed', () => {
    expect(isShown(readContent(receiptContent(marks(1))))).toBe(false);
    expect(isShown(readContent(Uint8Array.of(2, 9)))).toBe(false);
    expect(isShown(readContent(Uint8Array.of(9, 9)))).toBe(true);
    expect(isShown(readContent(textContent('x')))).toBe(true);
  });

  it('is in PROTOCOL.md byte by byte, of the first message of the vectors', async () => {
    const document = await readFile(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');
    const [, example = ''] = /^```text\n(02 00000001 [0-9a-f\s]+)```$/m.exec(document) ?? [];
    const { headerFields, slots } = sealed('direct-first');
    const content = fromHex(example.replace(/\s/g, ''));
    const { device, seq } = headerFields;
    const read = [{ device: encodeBase64(fromHex(device)), seq, tag: fromHex(slots[0]?.read ?? '') }];
    expect(readContent(content)).toEqual({ kind: 'receipt', read });
    expect(toHex(receiptContent(read))).toBe(toHex(content));
  });
});

describe('the name of a device', () => {
  const device = encodeBase64(new Uint8Array(32).fill(1));
  const ill = ['', ' ', 'x'.repeat(65), 'a\nb', '\u001b[2J', 'a\u2028b', '\u009b', '\ud800'];

  it('is given back, up to 64 characters of any script', () => {
    for (const name of ['laptop', 'Mö’s 💻', '日'.repeat(64), '👋'.repeat(64), '\ufeffx']) {
      expect(readContent(nameContent({ device, name }))).toEqual({ kind: 'name', name: { device, name } });
    }
  });

  it('has one spelling: other bytes are refused, or those of another name', () => {
    const [whole] = [nameContent({ device, name: 'laptop' })];
    fc.assert(
      fc.property(fc.nat(whole.length), fc.uint8Array({ maxLength: 80 }), (kept, more) => {
        const given = concat(whole.subarray(0, Math.max(1, kept)), more);
        const content = readContent(given);
        if (content.kind === 'name') expect(nameContent(content.name)).toEqual(given);
        else expect(content).toEqual({ kind: 'unknown', number: 3 });
      }),
    );
  });

  it('is refused where it is none, and shown to nobody then either', () => {
    for (const name of ill) expect(() => nameContent({ device, name })).toThrow();
    const bytes = (name: string) => {
      const utf8 = new TextEncoder().encode(name);
      return concat(Uint8Array.of(3), new Uint8Array(32), Uint8Array.of(0, 0, 0, utf8.length), utf8);
    };
    expect(isShown(readContent(bytes('laptop')))).toBe(false);
    for (const name of ill.slice(0, -1)) expect(readContent(bytes(name))).toEqual({ kind: 'unknown', number: 3 });
    expect(isShown(readContent(bytes(' ')))).toBe(false);
  });

  it('is in PROTOCOL.md byte by byte, of the first device of the vectors', async () => {
    const document = await readFile(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');
    const [, example = ''] = /^```text\n(03 [0-9a-f\s]+)```$/m.exec(document) ?? [];
    const name = { device: encodeBase64(fromHex(sealed('direct-first').headerFields.device)), name: 'phone' };
    expect(toHex(nameContent(name))).toBe(example.replace(/\s/g, ''));
  });
});
