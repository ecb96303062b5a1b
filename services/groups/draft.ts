// What a turn of a group has decided so far: the plan while it grows, and what it has added to the log and to the marks.
import type { Addressed, ReplyTo } from '#protocol/commands.ts';
import type { RequestError } from '#protocol/errors.ts';
import type { RequestType } from '#protocol/frames/client.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { Answer } from '#protocol/frames/server.ts';
import type { Plan, Tell } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import { type GroupRead, refusalTo } from './reading.ts';
import { existing, type Standing } from './standing.ts';
import { type Change, type GroupRecord, type KeptEntry, type Mark, type MarkKey, RECORD_NUMBERS_MAX } from './store.ts';

/** What the store says of what a turn was given: marks under the keys of messages, entries by their index in the present log. */
export type Found = { readonly marks: readonly (Mark | undefined)[]; readonly entries: ReadonlyMap<number, KeptEntry> };

type RecordDraft = Omit<GroupRecord, 'count' | 'first' | 'change'> & {
  count: number;
  first: number;
  marks: Mark[];
  entries: KeptEntry[];
  change?: Change;
};

export class Draft {
  readonly now: number;
  readonly effects: Addressed[] = [];
  readonly tells: Tell[] = [];
  readonly told: Addressed[] = [];
  readonly reads: GroupRead[] = [];
  readonly #settled: Delivery[] = [];
  readonly #records: RecordDraft[] = [];
  readonly #marks = new Map<string, Mark>();
  readonly #entries: Map<number, KeptEntry>;
  #next: number;

  /** `next`: the next number of the name's sequence. */
  constructor(now: number, next: number, found: Found) {
    this.now = now;
    this.#next = next;
    this.#entries = new Map(found.entries);
    for (const mark of found.marks) if (mark) this.#marks.set(keyOf(mark), mark);
  }

  get next(): number {
    return this.#next;
  }

  /** What was accepted under a message's key, in this turn or before. */
  markOf(key: MarkKey): Mark | undefined {
    return this.#marks.get(keyOf(key));
  }

  /** An entry of the present log, as far as the turn may need it. */
  entryAt(index: number): KeptEntry | undefined {
    return this.#entries.get(index);
  }

  /** Gives a message its number. */
  addMessage(standing: Standing, mark: Omit<Mark, 'number'>): Mark {
    const record = this.#record(standing, 1);
    const numbered = { ...mark, number: this.#next - standing.base };
    record.marks.push(numbered);
    record.count += 1;
    this.#next += 1;
    this.#marks.set(keyOf(mark), numbered);
    return numbered;
  }

  /** Gives entries their numbers, from the returned one on. `after`: the group with them; `before`: without, undefined if they create it. */
  addEntries(before: Standing | undefined, after: Standing, entries: readonly SignedGroupEntryText[]): number {
    const first = after.state.position.index - entries.length + 1;
    if (!before) {
      // Marks and entries of the group that had the name are of no use any more.
      this.#entries.clear();
      this.#marks.clear();
    }
    const record = this.#record(after, entries.length);
    if (record.entries.length === 0) record.first = first;
    const number = this.#next - after.base;
    entries.forEach((text, offset) => {
      const kept = { ...text, number: number + offset };
      record.entries.push(kept);
      this.#entries.set(first + offset, kept);
    });
    record.count += entries.length;
    record.change = changeOf(before, after, record.change);
    this.#next += entries.length;
    return number;
  }

  answer<T extends RequestType>({ inbox, re }: ReplyTo, answer: Answer<T>): void {
    this.tells.push({ inbox, message: { type: 'answer', re, answer } });
  }

  refuse(reply: ReplyTo, error: RequestError): void {
    this.tells.push(refusalTo(reply, error));
  }

  settle(delivery: Delivery | undefined): void {
    if (delivery) this.#settled.push(delivery);
  }

  /** `wakeAt`: ms since 1970; undefined: nothing is due. */
  plan(wakeAt: number | undefined): Plan<GroupRecord, GroupRead> {
    return {
      ...(this.#records.length > 0 ? { writes: this.#records } : {}),
      ...(this.effects.length > 0 ? { effects: this.effects } : {}),
      tells: this.tells,
      ...(this.told.length > 0 ? { told: this.told } : {}),
      settled: this.#settled,
      reads: this.reads,
      ...(wakeAt === undefined ? {} : { wakeAt }),
    };
  }

  /** The record that has room for so many numbers of the group. */
  #record({ group, base }: Standing, count: number): RecordDraft {
    const last = this.#records.at(-1);
    if (last?.group === group && last.count + count <= RECORD_NUMBERS_MAX) return last;
    const record = { n: this.#next, count: 0, at: this.now, group, base, marks: [], first: 0, entries: [] };
    this.#records.push(record);
    return record;
  }
}

function keyOf({ device, id }: MarkKey): string {
  return `${device} ${id}`;
}

/** What entries changed, together with what those before them in the same record did. */
function changeOf(before: Standing | undefined, after: Standing, earlier: Change | undefined): Change {
  const { policy, members, deleted } = after.state;
  const were = existing(before)?.state.members ?? new Map<string, unknown>();
  const are = deleted ? new Map<string, unknown>() : members;
  const membership: Record<string, boolean> = { ...earlier?.membership };
  for (const address of were.keys()) if (!are.has(address)) membership[address] = false;
  for (const address of are.keys()) if (!were.has(address)) membership[address] = true;
  const isOpen = (policyOf: string | undefined) => policyOf !== undefined && policyOf !== 'closed';
  const listed = isOpen(policy) || isOpen(before?.state.policy) || earlier?.listed === true;
  return { policy, members: are.size, deleted, listed, membership };
}
