// The threads with the clients, as the main thread sees them.
import { Worker } from 'node:worker_threads';
import { StartError } from '#runtime/start-error.ts';
import type { CrewData, Order, Phase, Report, Tick } from './messages.ts';

export interface CrewEvents {
  tick(tick: Tick, thread: number): void;
  /** One more user is through. */
  one(phase: Phase): void;
  waiting(reason: string, seconds: number): void;
}

type Waiter = { readonly resolve: () => void; readonly reject: (error: Error) => void };

export class Crew {
  readonly #threads: readonly Worker[];
  readonly #events: CrewEvents;
  readonly #addresses: string[] = [];
  readonly #waiters: (Waiter | undefined)[];
  #leftBehind = 0;
  #failure: Error | undefined;

  constructor(data: Omit<CrewData, 'index' | 'of'>, count: number, events: CrewEvents) {
    this.#events = events;
    this.#waiters = new Array(count).fill(undefined);
    this.#threads = Array.from({ length: count }, (_, index) => {
      const workerData: CrewData = { ...data, index, of: count };
      const thread = new Worker(new URL('./crew.worker.ts', import.meta.url), { workerData });
      thread.on('message', (report: Report) => this.#hear(report, index));
      thread.on('error', (error) => this.#fail(error));
      return thread;
    });
  }

  /** By user, once all have signed up. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Resolves when all threads have carried it out. Throws StartError if one cannot go on. */
  async all(order: Exclude<Order, { type: 'stop' }>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const done = this.#threads.map(
      (_, index) =>
        new Promise<void>((resolve, reject) => {
          this.#waiters[index] = { resolve, reject };
        }),
    );
    for (const thread of this.#threads) thread.postMessage(order);
    await Promise.all(done);
  }

  /** Deletes what was made, also after a failure. Resolves with how many accounts are left. */
  async leave(keep: boolean): Promise<number> {
    this.#failure = undefined;
    await this.all({ type: 'leave', keep });
    return this.#leftBehind;
  }

  /** Nothing more is begun. */
  stop(): void {
    for (const thread of this.#threads) thread.postMessage({ type: 'stop' } satisfies Order);
  }

  async end(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #hear(report: Report, thread: number): void {
    switch (report.type) {
      case 'tick':
        return this.#events.tick(report, thread);
      case 'one':
        return this.#events.one(report.phase);
      case 'waiting':
        return this.#events.waiting(report.reason, report.seconds);
      case 'failed':
        return this.#fail(new StartError(report.reason));
      case 'done':
        for (const [user, address] of report.addresses ?? []) this.#addresses[user] = address;
        this.#leftBehind += report.leftBehind ?? 0;
        this.#waiters[thread]?.resolve();
        this.#waiters[thread] = undefined;
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiter of this.#waiters) waiter?.reject(error);
    this.#waiters.fill(undefined);
  }
}
