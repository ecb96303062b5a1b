// A backup that is being made, in either mode.
import type { Part } from './archive.ts';
import type { Counts, Manifest } from './manifest.ts';

/** `now`: ms since 1970. `files`: whether those that people sent are to be in it. */
export type Wanted = { readonly now: number; readonly files: boolean };

export type Made = {
  readonly facts: Omit<Manifest, 'backup' | 'parley'>;
  readonly parts: AsyncIterable<Part>;
  /** When all parts are through. */
  counts(): Counts;
  close(): Promise<void>;
};
