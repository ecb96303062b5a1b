// The embedded database as services see it: statements in, results out, durable when the promise resolves.
// Statements wait for each other's commit (group commit), because a disk sync costs more than a hundred rows.

export type SqlValue = string | number | null | Uint8Array;

/** One SQL statement. `expect`: the number of rows that it must change; another number rolls its whole unit back (Conflict). */
export type Statement = {
  readonly sql: string;
  readonly params: readonly SqlValue[];
  readonly expect?: number;
};

export type Row = Readonly<Record<string, SqlValue>>;

export interface Database {
  /**
   * Performs the statements as one unit, all or none; resolves when they are on disk. Returns the rows changed by each.
   * Throws Conflict (an `expect` or a UNIQUE was not met), RequestError `no_space`, or Unavailable.
   */
  write(statements: readonly Statement[]): Promise<readonly number[]>;
  /** Reads, seeing every write that was asked for before. */
  read(statement: Statement): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** A database in a file, which can be copied while it is used: that is what a backup is made of. */
export interface CopiedDatabase extends Database {
  /** Writes the whole database, as of one moment at the end, to a new file of mode 0600. Throws RequestError `no_space` or Unavailable; what was written stays. */
  copyTo(file: string): Promise<void>;
}

/** A fenced write came too late: another owner has changed the actor. Its memory is worth nothing; load again. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}
