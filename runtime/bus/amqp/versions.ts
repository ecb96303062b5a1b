// In which version frames are written (DESIGN section 2, Versions): each instance says which it reads, and all write one that all who
// live read, so that services are replaced one after the other. Pure.

/** The versions of frames, of commands and for inboxes, that this version of Parley reads and writes; the oldest first. */
export const FRAME_VERSIONS: readonly number[] = [1];

/**
 * The newest of `own` versions that all live instances read, given what each said; the oldest where nobody is heard of, or where there is none: who
 * cannot read it hands it over.
 */
export function versionToWrite(own: readonly number[], readers: readonly (readonly number[])[]): number {
  const common = own.filter((version) => readers.every((reads) => reads.includes(version)));
  const [oldest = 1] = own;
  return (readers.length > 0 ? common.at(-1) : undefined) ?? oldest;
}
