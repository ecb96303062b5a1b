// When each device in use was used last, as far as the mailbox hears of it: a session of it begins or ends, or takes something. Kept so that
// a person can tell a device that is forgotten in a drawer from one that somebody uses.
import type { ReplyTo } from '#protocol/commands.ts';
import { HOUR_MS } from '#protocol/limits.ts';
import type { Draft } from './draft.ts';
import type { MailboxState } from './store.ts';

/** What is stored may be so much older than the truth: a device costs a write an hour at most, however often it reconnects. */
export const LAST_USE_PRECISION_MS = HOUR_MS;

export class LastUses {
  readonly #at: Map<string, number>;

  constructor(state: MailboxState | undefined) {
    this.#at = new Map(Object.entries(state?.used ?? {}));
  }

  /** A device in use is used now. A time ahead of the clock comes from one that was wrong. */
  note(draft: Draft, device: string): void {
    const { now: at } = draft;
    const known = this.#at.get(device) ?? Number.NEGATIVE_INFINITY;
    if (Math.abs(at - known) < LAST_USE_PRECISION_MS) return;
    this.#at.set(device, at);
    draft.removals.push({ type: 'used', device, at });
  }

  /** Those of these devices: what others had is forgotten. */
  keep(devices: readonly string[]): Readonly<Record<string, number>> {
    for (const device of this.#at.keys()) if (!devices.includes(device)) this.#at.delete(device);
    return Object.fromEntries(this.#at);
  }

  /** `attached`: whether a device is used this very moment. */
  answer(draft: Draft, reply: ReplyTo, devices: Iterable<string>, attached: (device: string) => boolean): void {
    const used = [...devices].flatMap((device) => {
      const at = attached(device) ? draft.now : this.#at.get(device);
      return at === undefined ? [] : [{ device, at }];
    });
    draft.answer(reply, { used });
  }
}
