// In which version frames are written (DESIGN section 2, Versions): each instance says which it reads, and all write one that all who
// live read, so that services are replaced one after the other. Pure.

/**
 * The versions of frames, of commands and for inboxes, that this version of Parley reads and writes; the oldest first. Of two neighbours the
 * newer one's reader reads both, and the older one's writing is kept until nobody reads that alone.
 *
 *   1   a JSON list of commands, or of what is for an inbox
 *   2   the same, and what deliveries of one message share is in it once (frame-text.ts)
 */
export const FRAME_VERSIONS: readonly number[] = [1, 2];

/** From this version on a frame has once what several of it share. */
export const SHARING_VERSION = 2;

/**
 * The newest of `own` versions that all live instances read, given what each said; the oldest where nobody is heard of, or where there is none: who
 * cannot read it hands it over.
 */
export function versionToWrite(own: readonly number[], readers: readonly (readonly number[])[]): number {
  const common = own.filter((version) => readers.every((reads) => reads.includes(version)));
  const [oldest = 1] = own;
  return (readers.length > 0 ? common.at(-1) : undefined) ?? oldest;
}
