// The server as a chat sees it: there, away and back, one short line each; and how long something that needs it waits for it.
import { type Client, type LinkState, Unavailable } from '../../sdk/index.ts';
import type { App } from '../app.ts';
import type { Ended } from '../exit.ts';
import { endedFor, Trouble } from '../session.ts';

/** How long a command waits for a server that is away. */
const SERVER_WAIT_MS = 5_000;
const LOOK_INTERVAL_MS = 250;

export const WAITS = 'Go on typing: what you write waits in the outbox.';

export class Server {
  readonly #output: App['output'];
  readonly #client: Client;
  readonly #trouble = new Trouble();
  #wasOnline = false;
  #synced = false;

  constructor(output: App['output'], client: Client) {
    this.#output = output;
    this.#client = client;
  }

  /** All that it had kept has come, in this session. */
  get synced(): boolean {
    return this.#synced;
  }

  get away(): boolean {
    return this.#trouble.error !== undefined;
  }

  /** Nothing says yet whether it answers. */
  get undecided(): boolean {
    return !this.#wasOnline && !this.away;
  }

  hearSynced(): void {
    this.#synced = true;
  }

  /** Tells what changed. Returns why there will be no session any more, if that is so. */
  hear(state: LinkState): Ended | undefined {
    const wasAway = this.away;
    this.#trouble.heard(state);
    this.#trouble.tell(state, this.#output, WAITS);
    if (state.type === 'online') {
      if (wasAway) this.#output.note(this.#wasOnline ? 'The server is back.' : `Connected to ${state.server}.`);
      this.#wasOnline = true;
    } else if (state.type === 'reconnecting') this.#synced = false;
    return endedFor(state);
  }

  /** Does work that may need a session, and waits a moment for one, not for ever. Throws Unavailable, and what the work throws. */
  async inSession<T>(work: () => Promise<T>): Promise<T> {
    const away = Promise.withResolvers<never>();
    let since = performance.now();
    const look = setInterval(() => {
      const { type } = this.#client.state;
      // A session that has ended for good is told by the work itself, or is what it is for.
      if (type === 'online' || type === 'stopped') since = performance.now();
      if (performance.now() - since < SERVER_WAIT_MS) return;
      away.reject(this.#trouble.error ?? new Unavailable('The server does not answer at present. Try again.'));
    }, LOOK_INTERVAL_MS);
    try {
      return await Promise.race([away.promise, work()]);
    } finally {
      clearInterval(look);
    }
  }
}
