// Which bytes of a blob a download asks for: one range from a byte on, to another or to the end.
import { RequestError } from '#protocol/errors.ts';

const RANGE = /^bytes=(\d{1,15})-(\d{1,15})?$/;

/** From `from` to before `to`. */
export type ByteRange = { readonly from: number; readonly to: number };

/** Of a blob of `size` bytes; what goes beyond is cut off. Undefined: it begins behind the end. Throws RequestError `bad_request`: another form, or an end before its beginning. */
export function rangeOf(header: string, size: number): ByteRange | undefined {
  const [, first, last] = RANGE.exec(header) ?? [];
  const from = Number(first);
  const to = last === undefined ? size : Math.min(size, Number(last) + 1);
  if (first === undefined || Number(last ?? first) < from)
    throw new RequestError('bad_request', 'Ask for one range, as bytes=FROM- or bytes=FROM-TO.');
  return from < size ? { from, to } : undefined;
}
