// A session for a command that wants one thing done: it fails soon where no server answers, with a sentence, instead of trying for ever.
import { type Client, type LinkState, Unavailable } from '../sdk/index.ts';
import { Ended, EXIT, sentenceOf } from './exit.ts';
import type { Output } from './output.ts';

/** Failed attempts after which a server counts as unreachable; each server is tried once at least. */
const ATTEMPTS_MIN = 2;
/** The close code of a link that this end stopped. */
const CLOSE_NORMAL = 1000;

/**
 * Connects and does `work`. Throws what `work` throws, Unavailable where no server can be reached, Ended where the server ends the session for
 * good (a revoked device), RequestError and Refusal as `connect` does.
 */
export async function withSession<T>(client: Client, receive: boolean, work: () => Promise<T>): Promise<T> {
  const failed = Promise.withResolvers<never>();
  // Heard by the race below, if it is still on.
  failed.promise.catch(() => {});
  const attemptsMax = Math.max(ATTEMPTS_MIN, client.account.servers.length);
  let attempts = 0;
  const trouble = new Trouble();
  const stop = client.on((event) => {
    if (!isLinkState(event)) return;
    trouble.heard(event);
    if (event.type === 'reconnecting' && ++attempts >= attemptsMax) failed.reject(new Unavailable(trouble.sentence));
    const end = endedFor(event);
    if (end !== undefined) failed.reject(end);
  });
  try {
    await client.connect({ receive });
    return await Promise.race([work(), failed.promise]);
  } finally {
    stop();
  }
}

/** What ends a command when a link stops for good; undefined while it goes on, or where this end has stopped it. */
export function endedFor(state: LinkState): Ended | undefined {
  if (state.type !== 'stopped' || state.code === CLOSE_NORMAL) return undefined;
  return new Ended(EXIT.refused, sentenceOf(state.reason));
}

/** Why there is no session at present, in words. */
export class Trouble {
  #server = '';
  #reason = '';
  #told = false;

  heard(state: LinkState): void {
    if (state.type === 'connecting') this.#server = state.server;
    else this.#reason = state.type === 'online' ? '' : state.reason;
    if (state.type === 'online') this.#told = false;
  }

  /** Empty while nothing is wrong. */
  get sentence(): string {
    return this.#reason === '' ? '' : sentenceOf(`${this.#server} cannot be reached: ${this.#reason}`);
  }

  /** Tells a person, once for each time that the connection is lost. */
  tell(state: LinkState, output: Output): void {
    if (state.type !== 'reconnecting' || this.#told) return;
    this.#told = true;
    output.note(`${this.sentence} Trying again in ${state.seconds} s, and on.`);
  }
}

/** Whether an event is about the connection. */
export function isLinkState(event: { readonly type: string }): event is LinkState {
  return ['connecting', 'online', 'reconnecting', 'stopped'].includes(event.type);
}
