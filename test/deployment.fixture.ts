import type { Environment } from './listening.fixture.ts';

/** A Parley server under test, whatever processes it is made of: one (server.fixture.ts) or many (stack.fixture.ts). */
export interface Deployment {
  /** Its first door. */
  readonly url: string;
  /** All its doors. */
  readonly urls: readonly string[];
  /** Its log since it was started last. */
  readonly stderr: string;
  /** The settings by which another program finds what it keeps. */
  readonly environment: Environment;
  /** Resolves when its log has a line like this. */
  said(line: RegExp): Promise<void>;
  /** SIGTERM: it drains; the status with which it ended. */
  stop(): Promise<number | null>;
  /** kill -9 of every process of it: nothing is finished, nothing is said. */
  kill(): Promise<void>;
  /** The same data, ports and options again. Resolves once it works. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}
