// What a client tells its user interface while it happens. What must not be missed (messages, delivered, gaps, identities) stands in
// the profile's event journal and is printed from there, once, whoever received it; `journal` says that there may be more of it.
import type { ErrorCode } from '#protocol/errors.ts';
import type { LinkState } from './link.ts';
import type { MessageId } from './profile/profile.ts';
import { sentenceOf } from './refusal.ts';

/** A message of the own outbox and what became of it. */
type Outcome = { readonly id: MessageId; readonly conversation: string };

export type ClientEvent =
  /** The connection: connecting, online, reconnecting (with seconds), stopped. */
  | LinkState
  /** All that was stored while away has been received and committed. */
  | { readonly type: 'synced' }
  /** The profile changed, by this process or another: print what is new in its journal. */
  | { readonly type: 'journal' }
  /** The server has it on disk. */
  | ({ readonly type: 'accepted'; readonly receivedAt: number } & Outcome)
  /** It will not be sent: refused for good, or given up after 14 days. `message`: a sentence. */
  | ({ readonly type: 'refused' | 'given_up'; readonly code: string; readonly message: string } & Outcome)
  /** It waits, with all later ones of its conversation, because the server asked for that. */
  | ({
      readonly type: 'delayed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly seconds: number;
    } & Outcome)
  /** Of somebody who is watched: whether they are online, and if not, when they were last, where that is known; ms since 1970, to the minute. */
  | { readonly type: 'presence'; readonly address: string; readonly online: boolean; readonly lastSeen?: number }
  /** Somebody who is watched types, to this person or in this group (name@domain). Said again every 3 s or so while it lasts. */
  | { readonly type: 'typing'; readonly from: string; readonly group?: string }
  /** The password was changed on another device: this one asks for the new one at its next start. */
  | { readonly type: 'password_changed' }
  /** Something of this device failed (a full disk) or is wrong (its clock): nothing is lost, what failed is tried again at the next connection. */
  | { readonly type: 'trouble'; readonly message: string };

/** What failed, as an event: its sentence. */
export function trouble(error: unknown): ClientEvent {
  return { type: 'trouble', message: sentenceOf(error) };
}

export type Listener<E> = (event: E) => void;

/** Calls its listeners in the order in which they came. A listener must not throw. */
export class Emitter<E> {
  readonly #listeners = new Set<Listener<E>>();

  /** Returns what stops it. */
  on(listener: Listener<E>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: E): void {
    for (const listener of this.#listeners) listener(event);
  }
}
