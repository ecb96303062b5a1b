// Canonical bytes: the one way in which Parley writes what it hashes, signs and seals (DESIGN section 5, Bytes).
// Every value has one encoding, and the reader refuses all others, because a second spelling would be a second hash.
import { ProtocolError } from './errors.ts';

const encoder = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF: dropping it would give two byte strings one text.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const U32_MAX = 0xffff_ffff;
const U32_RANGE = 0x1_0000_0000;
/** A u64 above 2⁵³ − 1 has a top half above this. */
const U64_TOP_MAX = 0x1f_ffff;
/** Memory for small values is cut from slabs of this size: V8 takes 2 µs for each array above 64 bytes by itself. */
const SLAB_BYTES = 8_192;
const SLAB_SHARE_MAX_BYTES = 2_048;
const HEX_DIGITS = '0123456789abcdef';

/** UTF-8 of a text. Lone surrogates have no UTF-8 and are refused (ProtocolError), never replaced. */
export function encodeText(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new ProtocolError('The text is not well-formed Unicode.');
  return encoder.encode(text);
}

/** Text of strictly well-formed UTF-8, not normalised; anything else is a ProtocolError. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ProtocolError('The text is not well-formed UTF-8.');
  }
}

let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/** Zeroed memory that nobody else has. Whoever keeps a small part of it for long copies that with `slice()`. */
function allocate(length: number): Uint8Array {
  if (length > SLAB_SHARE_MAX_BYTES) return new Uint8Array(length);
  if (slabUsed + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += length;
  return slab.subarray(slabUsed - length, slabUsed);
}

/** All parts, one after the other, in new memory. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = allocate(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Whether both are the same bytes; takes the same time wherever they differ, so tags and keys may be compared. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  // Both have this length, so no index is beyond an end.
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Bytewise order, a prefix being lower: negative, 0 or positive. Not for secrets. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    // Below both lengths.
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether every byte is 0; takes the same time wherever one is not. */
export function isZero(bytes: Uint8Array): boolean {
  let any = 0;
  for (const byte of bytes) any |= byte;
  return any === 0;
}

/** Lower-case hexadecimal, for keys of maps and for people. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 15);
  return text;
}

/** The bytes of lower-case hexadecimal; anything else is a ProtocolError. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text))
    throw new ProtocolError('This is not lower-case hexadecimal.');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Appends canonical values to a buffer that grows. What has no canonical form is a ProtocolError. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacityBytes = 256) {
    this.#bytes = allocate(capacityBytes);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#bytes.length) {
      const larger = allocate(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }

  u8(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xff) throw new ProtocolError(`${value} is not a u8.`);
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  u32(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > U32_MAX) throw new ProtocolError(`${value} is not a u32.`);
    this.#putU32(this.#grow(4), value);
    return this;
  }

  /** A u64 of at most 2⁵³ − 1, which a number carries exactly. */
  u64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new ProtocolError(`${value} is not a u64 below 2^53.`);
    const at = this.#grow(8);
    this.#putU32(at, Math.floor(value / U32_RANGE));
    this.#putU32(at + 4, value % U32_RANGE);
    return this;
  }

  #putU32(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  /** Bytes as they are. `length`: the size that the field has; any other is refused. */
  raw(bytes: Uint8Array, length = bytes.length): this {
    if (bytes.length !== length) throw new ProtocolError(`A field has ${bytes.length} bytes in place of ${length}.`);
    const at = this.#grow(length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** LP(bytes) = u32 length ‖ bytes. */
  lp(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  /** LP of the text's UTF-8. */
  text(text: string): this {
    if (!text.isWellFormed()) throw new ProtocolError('The text is not well-formed Unicode.');
    const at = this.#grow(4 + 3 * text.length);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(at + 4));
    this.#putU32(at, written);
    this.#length = at + 4 + written;
    return this;
  }

  /** u32 count ‖ items. Sets are lists too: the caller has sorted them. */
  list<T>(items: readonly T[], write: (writer: this, item: T) => void): this {
    this.u32(items.length);
    for (const item of items) write(this, item);
    return this;
  }

  /** What was written. The writer must not be used afterwards: the memory is shared. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/**
 * Reads canonical values from the front; every refusal is a ProtocolError. Byte fields are views of the input, not
 * copies (header decoding would cost twice as much): whoever keeps one for long copies it with `slice()`.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw new ProtocolError('The bytes end too early.');
    this.#at = at + count;
    return at;
  }

  u8(): number {
    // #take has made sure of the length, here and below.
    return this.#bytes[this.#take(1)] as number;
  }

  u32(): number {
    return this.#getU32(this.#take(4));
  }

  u64(): number {
    const at = this.#take(8);
    const top = this.#getU32(at);
    if (top > U64_TOP_MAX) throw new ProtocolError('A number is above 2^53 - 1.');
    return top * U32_RANGE + this.#getU32(at + 4);
  }

  #getU32(at: number): number {
    const bytes = this.#bytes;
    const low = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    return (bytes[at] as number) * 0x100_0000 + low;
  }

  /** The next `length` bytes, as a view. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** The bytes of LP(bytes), at most `maxBytes`, as a view. */
  lp(maxBytes: number): Uint8Array {
    const length = this.u32();
    if (length > maxBytes) throw new ProtocolError(`A field has ${length} bytes; at most ${maxBytes} are allowed.`);
    return this.raw(length);
  }

  /** The text of LP(UTF-8), at most `maxBytes` of it. */
  text(maxBytes: number): string {
    return decodeText(this.lp(maxBytes));
  }

  /** A list of at most `maxItems`, each read by `read`. */
  list<T>(maxItems: number, read: (reader: this) => T): T[] {
    const count = this.u32();
    if (count > maxItems) throw new ProtocolError(`A list has ${count} items; at most ${maxItems} are allowed.`);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this));
    return items;
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at);
  }

  /** Refuses trailing bytes: a longer spelling of the same value would have another hash. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new ProtocolError('There are bytes after the end.');
  }
}
