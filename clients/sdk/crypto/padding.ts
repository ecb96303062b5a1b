// Padding hides a message's length to about an eighth: its sizes are the multiples of a power of two that grows with it.
// Exactly one padding of each value is accepted (DESIGN section 5).
import { ByteReader, ByteWriter, isZero } from '#protocol/bytes.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { CIPHERTEXT_MAX_BYTES } from '#protocol/limits.ts';

const STEP_MIN_BYTES = 256;
const TAG_BYTES = 16;
export const PADDED_MAX_BYTES = CIPHERTEXT_MAX_BYTES - TAG_BYTES;

/** The padded size of a value of `length` bytes: y = LP(x), up to a multiple of max(256, 2^(⌊log₂|y|⌋−3)). */
export function paddedLength(length: number): number {
  const whole = 4 + length;
  // 31 − clz32 is ⌊log₂⌋ of a number below 2³².
  const step = Math.max(STEP_MIN_BYTES, 2 ** (31 - Math.clz32(whole) - 3));
  return Math.ceil(whole / step) * step;
}

/** pad(x) = LP(x), then zeros. Beyond 81,920 bytes it is a ProtocolError. */
export function pad(bytes: Uint8Array): Uint8Array {
  const length = paddedLength(bytes.length);
  if (length > PADDED_MAX_BYTES) throw new ProtocolError('The message is too long.');
  const padded = new Uint8Array(length);
  padded.set(new ByteWriter(4).u32(bytes.length).finish());
  padded.set(bytes, 4);
  return padded;
}

/** Inverse of `pad`, as a view; padding of another length or with anything but zeros is a ProtocolError. */
export function unpad(padded: Uint8Array): Uint8Array {
  const reader = new ByteReader(padded);
  const bytes = reader.lp(padded.length);
  if (padded.length !== paddedLength(bytes.length) || !isZero(reader.rest())) {
    throw new ProtocolError('The message is not padded as it must be.');
  }
  return bytes;
}
