// Where servers under test keep what they keep: one interface for both modes.
import type { StartOptions, Subject } from './subject.ts';

export type Place = {
  /** What lines say about it. */
  readonly params: Readonly<Record<string, string>>;
  /** Starts the product on what is kept here. Resolves once clients may come. */
  start(options: StartOptions): Promise<Subject>;
  /** What clients are connected to is killed (kill -9) and comes back on what is kept here. Resolves once clients may come. */
  crash(subject: Subject, options: StartOptions): Promise<Subject>;
  /** Ends what runs here and removes everything. */
  remove(): Promise<void>;
};
