// Conversations of groups whose queued messages are being sealed anew: the group has changed, or members have other devices, since they were
// sealed. That waits until nothing of the conversation is under way, so that no answer is about other bytes than are here (DESIGN section 5, Resend).
import type { OutboxItem } from './profile/profile.ts';

/** Times in a row without anything accepted; beyond it the conversation is tried again later. */
const RENEWALS_MAX = 8;

/** Why a group's message was refused so that it is to be sealed anew. */
export type Renewable = 'stale_group' | 'missing_slots';
export type Renewal = { readonly item: OutboxItem; readonly code: Renewable };

export function isRenewable(code: string): code is Renewable {
  return code === 'stale_group' || code === 'missing_slots';
}

export class Renewals {
  readonly #wanted = new Map<string, Renewal>();
  readonly #running = new Set<string>();
  readonly #times = new Map<string, number>();

  /** This one and all later ones of its conversation are to be sealed anew. False: it was done too often already. */
  want(item: OutboxItem, code: Renewable): boolean {
    const { conversation } = item;
    const before = this.#wanted.get(conversation);
    if (before === undefined && (this.#times.get(conversation) ?? 0) >= RENEWALS_MAX) return false;
    if (before === undefined || item.number < before.item.number) this.#wanted.set(conversation, { item, code });
    return true;
  }

  /** Whether nothing of this conversation may go. */
  holds(conversation: string): boolean {
    return this.#wanted.has(conversation) || this.#running.has(conversation);
  }

  /** What is to be done now, once; it holds the conversation until `done`. */
  begin(conversation: string): Renewal | undefined {
    const renewal = this.#wanted.get(conversation);
    if (renewal === undefined || this.#running.has(conversation)) return undefined;
    this.#wanted.delete(conversation);
    this.#running.add(conversation);
    this.#times.set(conversation, (this.#times.get(conversation) ?? 0) + 1);
    return renewal;
  }

  done(conversation: string): void {
    this.#running.delete(conversation);
  }

  /** One of its messages was accepted, or it is tried again after a while. */
  begunAnew(conversation: string): void {
    this.#times.delete(conversation);
  }

  get busy(): boolean {
    return this.#wanted.size + this.#running.size > 0;
  }

  /** The session is gone: with the next one all is sent as it is. */
  clear(): void {
    this.#wanted.clear();
    this.#times.clear();
  }
}
