// When a person was last seen: had a session that they let others see. Gateways say so when the last such session there ends, and now and then while it
// lasts; of sessions that nobody may see the mailbox is told nothing (services/gateway/presence.ts).
import { LAST_SEEN_GRAIN_MS } from '#protocol/limits.ts';
import type { Draft } from './draft.ts';
import type { MailboxState } from './store.ts';

export class LastSeen {
  readonly #user: string;
  #at: number | undefined;

  constructor(user: string, state: MailboxState | undefined) {
    this.#user = user;
    this.#at = state?.seen;
  }

  /** Seen now. Kept to the minute: whoever comes and goes costs a write a minute at most, and others learn no more than they need. */
  note(draft: Draft): void {
    const at = draft.now - (draft.now % LAST_SEEN_GRAIN_MS);
    if (at === this.#at) return;
    this.#at = at;
    draft.removals.push({ type: 'seen', at });
  }

  /** Tells a gateway what is known; of a person who is there no more, nothing. */
  answer(draft: Draft, inbox: string, exists: boolean): void {
    const at = exists ? this.#at : undefined;
    draft.inform(inbox, { type: 'seen', address: this.#user, ...(at === undefined ? {} : { at }) });
  }
}
