// What has not come although it should have: numbers that were skipped, and messages that somebody else has seen. Both wait until
// `synced` and some time more, because a message may only be late (DESIGN sections 3 and 5).
import { encodeBase64 } from '#protocol/base64.ts';
import { equalBytes } from '#protocol/bytes.ts';
import { GAP_WAIT_MS } from '#protocol/limits.ts';
import type { HeadSeen } from './crypto/private.ts';
import { type ClientEvent, trouble } from './events.ts';
import type { OwnDevice } from './own-device.ts';
import type { Clock, Timers } from './platform.ts';
import type { Gap, Head, NewEvent, Profile } from './profile/profile.ts';

/** A head that somebody names is missing once this has passed. */
const HEAD_WAIT_MS = 60_000;
/** How often what is missing is looked at, as long as anything is. */
export const GAP_CHECK_MS = 5_000;
/** Gaps that are waited for at a time. */
const GAPS_MAX = 1_000;
/** Heads that are waited for; what goes beyond is named again by a later message. */
const AWAITED_MAX = 1_000;

/** `from` says that it has seen `head` in `conversation`. */
export type HeadClaim = { readonly head: HeadSeen; readonly conversation: string; readonly from: string };

export type WatchDeps = {
  readonly own: OwnDevice;
  readonly profile: Profile;
  readonly clock: Clock;
  readonly timers: Timers;
  emit(event: ClientEvent): void;
};

export class Watch {
  readonly #deps: WatchDeps;
  readonly #awaited = new Map<string, HeadClaim & { readonly since: number }>();
  /** When each gap was first seen by this session's own clock: a server's clock may be far off. */
  readonly #gaps = new Map<string, number>();
  #cancel: (() => void) | undefined;
  #synced = false;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** Heads that name another message in a place that is taken, or another number of it in a group: a server has shown two people different things. */
  async contradictions(claims: readonly HeadClaim[]): Promise<NewEvent[]> {
    const events: NewEvent[] = [];
    for (const { head, conversation, from } of claims) {
      const device = encodeBase64(head.device);
      const known = await this.#deps.profile.receiving.known(conversation, device, head.seq);
      if (known === undefined) continue;
      const isOther = !equalBytes(known.mh, head.messageHash);
      // An own one that waits for its answer has no number yet.
      if (!isOther && (known.order === 0 || known.order === head.order)) continue;
      const reason = isOther
        ? `fork: ${from} has seen another message ${head.seq} of this device than you have.`
        : `order: ${from} has message ${head.seq} of this device as number ${head.order} of the group, and you have it as ${known.order}.`;
      events.push({ type: 'unreadable', reason, from, device, conversation, at: this.#deps.clock.now() });
    }
    return events;
  }

  /** After a batch: what its messages named and is not there yet is waited for. */
  committed(claims: readonly HeadClaim[]): void {
    for (const claim of claims) {
      const key = `${claim.conversation} ${encodeBase64(claim.head.device)} ${claim.head.seq}`;
      if (this.#awaited.has(key) || this.#awaited.size >= AWAITED_MAX) continue;
      this.#awaited.set(key, { ...claim, since: this.#deps.clock.monotonic() });
    }
    this.#schedule();
  }

  synced(): void {
    this.#synced = true;
    this.#schedule();
  }

  /** Without a session nothing can come: the wait begins anew with the next one. */
  stop(): void {
    this.#synced = false;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#awaited.clear();
    this.#gaps.clear();
  }

  #schedule(): void {
    if (!this.#synced || this.#cancel !== undefined) return;
    this.#cancel = this.#deps.timers.after(GAP_CHECK_MS, () => {
      this.#cancel = undefined;
      this.#show().catch((error: unknown) => {
        this.#deps.emit(trouble(error));
      });
    });
  }

  async #show(): Promise<void> {
    const { receiving, events } = this.#deps.profile;
    const at = this.#deps.clock.now();
    const due = await this.#dueGaps();
    if (due.length > 0) await receiving.showGaps(due, at);
    const missing = await this.#missingHeads(at);
    if (missing.length > 0) await events.append(missing);
    if (this.#awaited.size > 0 || this.#gaps.size > 0) this.#schedule();
  }

  async #dueGaps(): Promise<Gap[]> {
    const now = this.#deps.clock.monotonic();
    const open = new Map<string, Gap>();
    for (const gap of await this.#deps.profile.receiving.gaps(GAPS_MAX)) {
      open.set(`${gap.conversation} ${gap.device} ${gap.first} ${gap.last}`, gap);
    }
    for (const key of this.#gaps.keys()) if (!open.has(key)) this.#gaps.delete(key);
    const due: Gap[] = [];
    for (const [key, gap] of open) {
      const since = this.#gaps.get(key) ?? now;
      this.#gaps.set(key, since);
      if (now - since < GAP_WAIT_MS) continue;
      this.#gaps.delete(key);
      due.push(gap);
    }
    return due;
  }

  async #missingHeads(at: number): Promise<NewEvent[]> {
    const { profile, own, clock } = this.#deps;
    const events: NewEvent[] = [];
    const heads = new Map<string, readonly Head[]>();
    for (const [key, { head, conversation, since }] of this.#awaited) {
      const device = encodeBase64(head.device);
      const here = heads.get(conversation) ?? (await profile.receiving.heads(conversation));
      heads.set(conversation, here);
      const known = here.find((mine) => mine.device === device);
      // Never heard of that device here: its message was before this device's time, or before this person's in the group. Below the highest: the gap says it.
      const last = known?.seq;
      const isEarlier = head.order > 0 && head.order < (await profile.receiving.latest(conversation)).since;
      if (device === own.device || last === undefined || head.seq <= last || isEarlier) this.#awaited.delete(key);
      else if (clock.monotonic() - since >= HEAD_WAIT_MS) {
        this.#awaited.delete(key);
        const from = await this.#ownerOf(device, conversation);
        if (from === undefined) continue;
        if (await this.#isBlocked(from)) continue;
        events.push({ type: 'gap', conversation, from, device, first: last + 1, last: head.seq, why: 'missing', at });
      }
    }
    return events;
  }

  async #isBlocked(address: string): Promise<boolean> {
    return (await this.#deps.profile.pins.get(address))?.blocked === true;
  }

  /** Whose device it is: in a direct conversation it can only be one of two, in a group one of its people; undefined: of nobody who is known. */
  async #ownerOf(device: string, conversation: string): Promise<string | undefined> {
    const { profile, own } = this.#deps;
    const isOf = async (address: string): Promise<boolean> => {
      const pin = await profile.pins.get(address);
      return pin !== undefined && Object.hasOwn(pin.firstSeen, device);
    };
    if (await isOf(own.address)) return own.address;
    if (!conversation.startsWith('#')) return conversation;
    const group = await profile.groups.get(conversation);
    for (const { address } of group?.spans ?? []) if (await isOf(address)) return address;
    return undefined;
  }
}
