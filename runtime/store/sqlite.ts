// The embedded Database: SQLite in a worker thread, with group commit. One batch is under way at a time; what is asked for
// meanwhile is the next one, so that a busy server pays one disk sync for hundreds of rows and an idle one waits for nobody.
import { Worker } from 'node:worker_threads';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { Conflict, type CopiedDatabase, type Row, type Statement } from './database.ts';
import type {
  WireBatch,
  WireCopied,
  WireCopy,
  WireFailure,
  WireReply,
  WireResult,
  WireUnit,
  WorkerSettings,
} from './sqlite.worker.ts';

const NO_EXPECTATION = -1;

type Waiting = {
  readonly unit: WireUnit;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
};

/** What keeps a database file from being opened. */
export type OpenProblem = 'full' | 'io' | 'locked' | 'damaged' | 'denied';

/** The database file cannot be used. The message is the reason without a full stop, in the words of SQLite or the operating system. */
export class OpenError extends Error {
  override readonly name = 'OpenError';
  readonly problem: OpenProblem;

  constructor(problem: OpenProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/**
 * Opens (or makes) the database file and applies `schema`, a list of repeatable statements (CREATE … IF NOT EXISTS).
 * Throws OpenError.
 */
export async function openDatabase(settings: WorkerSettings): Promise<CopiedDatabase> {
  const worker = new Worker(new URL('./sqlite.worker.ts', import.meta.url), { workerData: settings });
  const opened = await new Promise<WireReply>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  if ('failure' in opened) {
    await worker.terminate();
    const { kind, message } = opened.failure;
    if (kind === 'conflict' || kind === 'broken') throw new Error(message); // the schema is wrong
    throw new OpenError(kind, message);
  }
  return new SqliteDatabase(worker);
}

class SqliteDatabase implements CopiedDatabase {
  readonly #worker: Worker;
  readonly #numbers = new Map<string, number>();
  #texts: string[] = [];
  #waiting: Waiting[] = [];
  #underWay: Waiting[] = [];
  readonly #copies = new Map<string, { resolve(): void; reject(error: Error): void }>();
  #scheduled = false;
  #closing: (() => void) | undefined;
  #dead: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: WireReply | WireCopied) => {
      if ('copied' in reply) this.#copied(reply);
      else this.#finish(reply);
    });
    worker.on('error', (error) => this.#die(error));
    worker.on('exit', () => this.#die(new Unavailable('The database was closed.')));
  }

  write(statements: readonly Statement[]): Promise<readonly number[]> {
    return this.#ask([false, statements.map((one) => this.#encode(one))]);
  }

  read(statement: Statement): Promise<readonly Row[]> {
    return this.#ask([true, [this.#encode(statement)]]);
  }

  copyTo(file: string): Promise<void> {
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#copies.set(file, { resolve, reject });
      this.#worker.postMessage({ copyTo: file } satisfies WireCopy);
    });
  }

  async close(): Promise<void> {
    if (this.#dead) return;
    await new Promise<void>((resolve) => {
      this.#closing = resolve;
      this.#schedule();
    });
  }

  #encode({ sql, params, expect }: Statement): WireUnit[1][number] {
    let number = this.#numbers.get(sql);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(sql, number);
      this.#texts.push(sql);
    }
    return [number, params, expect ?? NO_EXPECTATION];
  }

  #ask<T>(unit: WireUnit): Promise<T> {
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ unit, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay.length > 0) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  #start(): void {
    if (this.#waiting.length === 0) {
      if (this.#closing) this.#worker.postMessage('close');
      return;
    }
    this.#underWay = this.#waiting;
    this.#waiting = [];
    const batch: WireBatch = { texts: this.#texts, units: this.#underWay.map(({ unit }) => unit) };
    this.#texts = [];
    this.#worker.postMessage(batch);
  }

  #finish(reply: WireReply): void {
    const done = this.#underWay;
    this.#underWay = [];
    this.#start();
    done.forEach((waiting, index) => {
      const result = 'failure' in reply ? reply : (reply.results[index] as WireResult); // one result for each unit
      if ('failure' in result) waiting.reject(toError(result.failure));
      else waiting.resolve(result as never); // the caller of #ask knows which of the two it asked for
    });
  }

  #copied({ copied, failure }: WireCopied): void {
    const waiting = this.#copies.get(copied);
    this.#copies.delete(copied);
    if (failure) waiting?.reject(toError(failure));
    else waiting?.resolve();
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const copy of this.#copies.values()) copy.reject(this.#dead);
    this.#copies.clear();
    for (const waiting of [...this.#underWay, ...this.#waiting]) waiting.reject(this.#dead);
    this.#underWay = [];
    this.#waiting = [];
    this.#closing?.();
  }
}

function toError({ kind, message }: WireFailure): Error {
  if (kind === 'conflict') return new Conflict(message);
  return kind === 'full' ? new RequestError('no_space') : new Unavailable(message);
}
