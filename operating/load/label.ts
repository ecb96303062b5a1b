// What the text of a message says of itself, so that whoever receives it can tell which one it is and when it was meant to leave.

/** `stream`: number in the plan; `n`: from 0 in its stream; `dueMs`: when it was meant to leave, by `nowMs`. */
export type Label = { readonly stream: number; readonly n: number; readonly dueMs: number };

/** Every label fits into this. */
export const LABEL_MAX_BYTES = 64;
const FILLER = ' the quick brown fox jumps over the lazy dog';

/** A text of exactly so many bytes, at least LABEL_MAX_BYTES. */
export function labelled({ stream, n, dueMs }: Label, bytes: number): string {
  return `load ${stream} ${n} ${dueMs.toFixed(3)}.`.padEnd(bytes, FILLER);
}

/** Undefined: a text that no load generator wrote. */
export function readLabel(text: string): Label | undefined {
  const [, stream, n, dueMs] = /^load (\d+) (\d+) (\d+\.\d+)\./.exec(text) ?? [];
  return dueMs === undefined ? undefined : { stream: Number(stream), n: Number(n), dueMs: Number(dueMs) };
}
