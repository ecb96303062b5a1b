// Requests that wait for an actor's answer. Each gets exactly one.
import type { Addressed, InboxMessage } from '#protocol/commands.ts';
import { type ErrorCode, RequestError } from '#protocol/errors.ts';
import type { RequestType } from '#protocol/frames/client.ts';
import type { Answer } from '#protocol/frames/server.ts';
import { ASK_TIMEOUT_MS } from '#protocol/limits.ts';

export type Outcome =
  | { readonly ok: Answer<RequestType> }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string; readonly retryAfterMs?: number } };

type Ask = {
  readonly done: (outcome: Outcome) => void;
  /** When it fails for want of an answer; sends never do. */
  readonly deadline: number;
  /** What its actor was told, and may be told again. */
  told?: Addressed;
};

export class Asks {
  readonly #open = new Map<number, Ask>();
  readonly #now: () => number;
  #last = 0;

  /** `now`: monotonic, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Awaits an answer under the returned number, for a limited time if `timed`. `done` is called once. */
  open(timed: boolean, done: (outcome: Outcome) => void): number {
    this.#last += 1;
    const deadline = timed ? this.#now() + ASK_TIMEOUT_MS : Number.POSITIVE_INFINITY;
    this.#open.set(this.#last, { done, deadline });
    return this.#last;
  }

  /** It was put to its actor as this, which may be lost with the owner of the partition, and may be told again. */
  told(re: number, command: Addressed): void {
    const ask = this.#open.get(re);
    if (ask) ask.told = command;
  }

  /** What was told and is not answered. */
  get unanswered(): readonly Addressed[] {
    return [...this.#open.values()].flatMap(({ told }) => told ?? []);
  }

  settle(message: Extract<InboxMessage, { type: 'answer' | 'refusal' }>): void {
    const ask = this.#open.get(message.re);
    if (!ask) return;
    this.#open.delete(message.re);
    ask.done(outcomeOf(message));
  }

  fail(re: number, error: RequestError): void {
    const ask = this.#open.get(re);
    if (!ask) return;
    this.#open.delete(re);
    ask.done(refusal(error));
  }

  /** Nobody waits for the answer any more. */
  drop(re: number): void {
    this.#open.delete(re);
  }

  /** Ends the asks whose answer did not come in time. */
  expire(): void {
    const now = this.#now();
    for (const [re, ask] of this.#open) if (ask.deadline <= now) this.fail(re, new RequestError('unavailable'));
  }

  get size(): number {
    return this.#open.size;
  }
}

export function refusal({ code, message, retryAfterMs }: RequestError): Outcome {
  return { refused: retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs } };
}

function outcomeOf(message: Extract<InboxMessage, { type: 'answer' | 'refusal' }>): Outcome {
  if (message.type === 'answer') return { ok: message.answer };
  const { code, message: text, retryAfterMs } = message;
  return { refused: retryAfterMs === undefined ? { code, message: text } : { code, message: text, retryAfterMs } };
}
