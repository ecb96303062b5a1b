// A session for a command that wants one thing done: it fails soon where no server answers, with a sentence, instead of trying for ever.
import { type Client, type LinkState, Unavailable, Unreachable } from '../sdk/index.ts';
import { Ended, EXIT, endOf, sentenceOf } from './exit.ts';
import type { Output } from './output.ts';

/** Failed attempts after which a server counts as unreachable; each server is tried once at least. */
const ATTEMPTS_MIN = 2;
/** How long a command that is done waits for what else may leave in its session. */
const SETTLE_MAX_MS = 10_000;
/** The close code of a link that this end stopped. */
const CLOSE_NORMAL = 1000;

/**
 * Connects, does `work`, and lets what is in the outbox go. Throws what `work` throws, Unavailable where no server can be reached, Ended where the server ends the session for
 * good (a revoked device), RequestError and Refusal as `connect` does.
 */
export async function withSession<T>(client: Client, receive: boolean, work: () => Promise<T>): Promise<T> {
  const failed = Promise.withResolvers<never>();
  // Heard by the race below, if it is still on.
  failed.promise.catch(() => {});
  const attemptsMax = Math.max(ATTEMPTS_MIN, client.account.servers.length);
  let attempts = 0;
  const trouble = new Trouble();
  let ownFault: string | undefined;
  const stop = client.on((event) => {
    if (event.type === 'trouble') ownFault = event.message;
    if (!isLinkState(event)) return;
    trouble.heard(event);
    if (event.type === 'reconnecting' && ++attempts >= attemptsMax) {
      // A connection that this device gave up (a full disk) says nothing about the server.
      failed.reject(event.reason === ownFault ? new Ended(EXIT.refused, ownFault) : trouble.error);
    }
    const end = endedFor(event);
    if (end !== undefined) failed.reject(end);
  });
  try {
    await client.connect({ receive });
    const result = await Promise.race([work(), failed.promise]);
    await settled(client);
    return result;
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    await settled(client);
    throw ownFault === undefined || ownFault === error.message
      ? error
      : new Ended(error.status, `${error.message} ${ownFault}`);
  } finally {
    stop();
  }
}

/** Resolves when all that may leave in this session has left, at the latest after `maxMs`, or when `ending` aborts. */
export async function settled(client: Client, maxMs = SETTLE_MAX_MS, ending?: AbortSignal): Promise<void> {
  const enough = Promise.withResolvers<void>();
  const timer = setTimeout(enough.resolve, maxMs);
  const end = () => enough.resolve();
  ending?.addEventListener('abort', end);
  if (ending?.aborted) end();
  await Promise.race([client.settled(), enough.promise]);
  clearTimeout(timer);
  ending?.removeEventListener('abort', end);
}

/** What ends a command when a link stops for good; undefined while it goes on, or where this end has stopped it. */
export function endedFor(state: LinkState): Ended | undefined {
  if (state.type !== 'stopped' || state.code === CLOSE_NORMAL) return undefined;
  return new Ended(EXIT.refused, sentenceOf(state.reason));
}

/** Why there is no session at present. */
export class Trouble {
  #server = '';
  #error: Unavailable | undefined;
  #hadSession = false;
  #told = false;

  heard(state: LinkState): void {
    if (state.type === 'connecting') this.#server = state.server;
    else if (state.type === 'online') {
      this.#error = undefined;
      this.#hadSession = true;
      this.#told = false;
    } else {
      this.#error = this.#hadSession
        ? new Unavailable(sentenceOf(`The connection to ${this.#server} is lost: ${state.reason}`))
        : new Unreachable(this.#server, state.reason);
      this.#hadSession = false;
    }
  }

  /** Undefined while nothing is wrong. */
  get error(): Unavailable | undefined {
    return this.#error;
  }

  /** Empty while nothing is wrong. */
  get sentence(): string {
    return this.#error === undefined ? '' : endOf(this.#error).sentence;
  }

  /** Tells a person, once for each time that the connection is lost. `patience`: how long it is tried again, as a sentence. */
  tell(state: LinkState, output: Output, patience: string): void {
    if (state.type !== 'reconnecting' || this.#told) return;
    this.#told = true;
    output.note(`${this.sentence} ${patience}`);
  }
}

/** Whether an event is about the connection. */
export function isLinkState(event: { readonly type: string }): event is LinkState {
  return ['connecting', 'online', 'reconnecting', 'stopped'].includes(event.type);
}
