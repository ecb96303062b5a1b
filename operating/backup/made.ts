// A backup that is being made, in either mode.
import type { Part } from './archive.ts';
import type { Counts, Manifest } from './manifest.ts';

export type Made = {
  readonly facts: Omit<Manifest, 'backup' | 'parley'>;
  readonly parts: AsyncIterable<Part>;
  /** When all parts are through. */
  counts(): Counts;
  close(): Promise<void>;
};
