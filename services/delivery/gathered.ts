// Notices about messages to groups on their way to who sent those. Each member's mailbox tells its own, so who writes to a thousand would
// be pushed a thousand items. The first of a conversation leaves at once; those that come while one is on its way, or within a quarter
// of a second after it left, leave together as one. Until they do they stay unsettled in the queue, so that no crash loses them.
import type { NoticeItem } from '#protocol/commands.ts';
import type { NoticeBody } from '#protocol/frames/server.ts';
import { NOTICE_ENTRIES_MAX } from '#protocol/limits.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import type { Carried } from './carried.ts';
import type { HoldBudget } from './held.ts';
import { sizeOf } from './item.ts';

/** Between two that leave, of one conversation and kind. */
export const GATHER_MS = 250;

type GroupNotice = Extract<NoticeBody, { kind: 'group.delivered' | 'group.counted' }>;
type EntryOf<K extends GroupNotice['kind']> = Extract<GroupNotice, { kind: K }>['entries'][number];
/** Makes an item one that devices are given. Undefined: it is for none, and settled. */
type Place = (item: NoticeItem, deliveries: readonly Delivery[]) => Carried | undefined;

/** Notices of one conversation and kind, as one. */
class Batch {
  readonly #conversation: string;
  readonly #proofs = new Map<string, EntryOf<'group.delivered'>>();
  readonly #counts = new Map<string, EntryOf<'group.counted'>>();
  readonly deliveries: Delivery[] = [];
  /** What it takes of the budget: bytes, and the frames that stay in the queue. */
  size = 0;
  readonly frames: (object | undefined)[] = [];
  #expiresAt = 0;

  constructor(conversation: string) {
    this.#conversation = conversation;
  }

  takes({ entries }: GroupNotice): boolean {
    const present = this.#proofs.size + this.#counts.size;
    return present === 0 || present + entries.length <= NOTICE_ENTRIES_MAX;
  }

  add(notice: GroupNotice, expiresAt: number): void {
    this.#expiresAt = Math.max(this.#expiresAt, expiresAt);
    if (notice.kind === 'group.delivered') {
      for (const entry of notice.entries) this.#proofs.set(`${entry.id} ${entry.by}`, entry);
      return;
    }
    for (const { id, delivered, expired, refused } of notice.entries) {
      const sum = this.#counts.get(id) ?? { id, delivered: 0, expired: 0, refused: 0 };
      sum.delivered += delivered;
      sum.expired += expired;
      sum.refused += refused;
      this.#counts.set(id, sum);
    }
  }

  item(now: number): NoticeItem {
    const conversation = this.#conversation;
    const notice: GroupNotice =
      this.#proofs.size > 0
        ? { kind: 'group.delivered', conversation, entries: [...this.#proofs.values()] }
        : { kind: 'group.counted', conversation, entries: [...this.#counts.values()] };
    return { type: 'notice', notice, receivedAt: now, expiresAt: this.#expiresAt };
  }
}

/** `last`: what left at `leftAt`, ms since 1970. More than one batch waits only until the end of the turn. */
type Gathering = { leftAt: number; last: Carried | undefined; waiting: Batch[] };

export class Gathered {
  readonly #budget: HoldBudget;
  readonly #gatherings = new Map<string, Gathering>();

  constructor(budget: HoldBudget) {
    this.#budget = budget;
  }

  get empty(): boolean {
    for (const { waiting } of this.#gatherings.values()) if (waiting.length > 0) return false;
    return true;
  }

  /** When something that waits may leave; undefined: nothing waits, or only for what is on its way. ms since 1970. */
  get due(): number | undefined {
    let due: number | undefined;
    for (const { leftAt, last, waiting } of this.#gatherings.values()) {
      if (waiting.length > 0 && !isOnItsWay(last)) due = Math.min(due ?? Number.POSITIVE_INFINITY, leftAt + GATHER_MS);
    }
    return due;
  }

  /** Takes a notice of a kind that is gathered; false: it is none, or not for every device. */
  add(item: NoticeItem, delivery: Delivery | undefined): boolean {
    const { notice, devices, expiresAt } = item;
    if ((notice.kind !== 'group.delivered' && notice.kind !== 'group.counted') || devices) return false;
    const { waiting } = this.#of(`${notice.kind} ${notice.conversation}`);
    let batch = waiting.at(-1);
    if (!batch?.takes(notice)) {
      batch = new Batch(notice.conversation);
      waiting.push(batch);
    }
    batch.add(notice, expiresAt);
    if (!delivery) return true;
    const size = sizeOf(item);
    batch.size += size;
    batch.deliveries.push(delivery);
    batch.frames.push(delivery.frame);
    this.#budget.add(size, [delivery.frame]);
    return true;
  }

  /** At the end of a turn: lets go what may leave, or all. A wall clock that was set back keeps nothing. */
  leave(now: number, all: boolean, place: Place): void {
    for (const [key, gathering] of this.#gatherings) {
      const { leftAt, waiting } = gathering;
      const rested = (now >= leftAt + GATHER_MS || now < leftAt) && !isOnItsWay(gathering.last);
      if (waiting.length === 0 && rested) this.#gatherings.delete(key);
      if (waiting.length === 0 || !(all || rested || waiting.length > 1)) continue;
      gathering.leftAt = now;
      gathering.waiting = [];
      for (const batch of waiting) {
        this.#budget.remove(batch.size, batch.frames);
        gathering.last = place(batch.item(now), batch.deliveries);
      }
    }
  }

  /** The memory is dropped: the queue still has it. */
  drop(): void {
    for (const { waiting } of this.#gatherings.values()) {
      for (const { size, frames } of waiting) this.#budget.remove(size, frames);
    }
    this.#gatherings.clear();
  }

  #of(key: string): Gathering {
    const present = this.#gatherings.get(key) ?? { leftAt: Number.NEGATIVE_INFINITY, last: undefined, waiting: [] };
    this.#gatherings.set(key, present);
    return present;
  }
}

/** It was pushed, and is neither acked by all nor stored. */
function isOnItsWay(carried: Carried | undefined): boolean {
  return carried !== undefined && carried.stored === undefined && carried.waiting.size > 0;
}
