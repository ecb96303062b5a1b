// A body as it comes from a network is in pieces of any size, and may be of any length. Stores write it in slabs of their own size, of which one is
// in memory, and must know that it is as long as was said before they count it.
import { ProtocolError } from '#protocol/errors.ts';

/**
 * `body` in slabs of `slabBytes`, the last one shorter; each is overwritten by the next. Throws ProtocolError if the body has more or fewer than `bytes`
 * bytes, and what `body` throws.
 */
export async function* slabs(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  slabBytes: number,
): AsyncGenerator<Uint8Array> {
  const slab = Buffer.allocUnsafe(Math.min(bytes, slabBytes));
  let filled = 0;
  let left = bytes;
  for await (const piece of body) {
    if (piece.length > left) throw new ProtocolError('The body is longer than its header says.');
    left -= piece.length;
    for (let at = 0; at < piece.length; ) {
      const some = piece.subarray(at, at + slab.length - filled);
      slab.set(some, filled);
      filled += some.length;
      at += some.length;
      if (filled === slab.length) {
        yield slab;
        filled = 0;
      }
    }
  }
  if (left > 0) throw new ProtocolError('The body is shorter than its header says.');
  if (filled > 0) yield slab.subarray(0, filled);
}
