// What an action stands on that is the same whether a command of its own does it or somebody types it in the chat: only how a session is
// come by differs.
import type { Client } from '../sdk/index.ts';
import type { App } from './app.ts';
import { withSession } from './session.ts';

export type Acting = App & {
  readonly client: Client;
  /** Does work that may need a server. Throws Unavailable where none can be reached soon, and what the work throws. */
  inSession<T>(work: () => Promise<T>): Promise<T>;
};

/** For a command that is a process: its session is made for the work, and lets what is in the outbox go. */
export function acting(app: App, client: Client): Acting {
  return { ...app, client, inSession: (work) => withSession(client, false, work) };
}
