// The group actor: one for each name. It keeps the log of the group that has the name, gives messages and entries their numbers in one
// sequence, and fans them out to the members' mailboxes (DESIGN sections 3 and 6). It decides; the host performs.
import { decodeBase64 } from '#protocol/base64.ts';
import type { GroupCommand } from '#protocol/commands.ts';
import { ProtocolError, RequestError } from '#protocol/errors.ts';
import type { Actor, Incoming, Plan } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import { RefusedNumbers } from '#runtime/refused-numbers.ts';
import { AccountAsks, type Lacking } from './account-asks.ts';
import { type AppendCommand, hasNoDevice, judgeAppend, placeOf, type ToldLog } from './append.ts';
import { Draft, type Found } from './draft.ts';
import { entriesEffects, messageEffects } from './fan-out.ts';
import { answerTo, Followed, type GroupRead, type GroupResult, readPage, readState } from './reading.ts';
import { comesAgain, judgeSend } from './send.ts';
import { follow, type Standing } from './standing.ts';
import type { GroupRecord, GroupStore, KeptEntry, KeptGroup } from './store.ts';

type SendCommand = Extract<GroupCommand, { type: 'send' }>;
type Undecided = {
  readonly command: AppendCommand | SendCommand;
  readonly delivery: Delivery | undefined;
  /** What it waits for, and what of it has come. */
  lacking: Lacking;
  readonly logs: Map<string, ToldLog>;
};

export class Group implements Actor<'group', GroupRecord, GroupRead, GroupResult> {
  readonly #name: string;
  readonly #store: Pick<GroupStore, 'entries' | 'marks'>;
  readonly #asks: AccountAsks;
  readonly #refused = new RefusedNumbers();
  readonly #followed = new Followed();
  #standing: Standing | undefined;
  #next: number;
  /** In the order in which they came. */
  #undecided: Undecided[] = [];

  /** `name`: name@domain. */
  constructor(name: string, kept: KeptGroup | undefined, store: Pick<GroupStore, 'entries' | 'marks'>) {
    this.#name = name;
    this.#store = store;
    this.#asks = new AccountAsks(name);
    this.#next = kept?.next ?? 1;
    this.#standing =
      kept &&
      follow(
        undefined,
        kept.entries.map(({ entry }) => decodeBase64(entry)),
        kept.base,
      );
  }

  /** What waits is in the queue, and is given again; but whoever forgets it would ask again, too. */
  get idle(): boolean {
    return this.#undecided.length === 0;
  }

  /** On this tick unless something has to be looked up: what was accepted under the ids of messages, entries that may be in the log. */
  turn(
    batch: readonly Incoming<'group', GroupResult>[],
    now: number,
  ): Plan<GroupRecord, GroupRead> | Promise<Plan<GroupRecord, GroupRead>> {
    const given = batch.flatMap((one) => ('command' in one ? [one.command] : []));
    const told = given.some(({ type }) => type === 'account');
    const commands = told ? [...this.#undecided.map(({ command }) => command), ...given] : given;
    const looked = this.#lookUp(commands);
    return looked ? looked.then((found) => this.#plan(batch, now, found)) : this.#plan(batch, now, NOTHING);
  }

  #lookUp(commands: readonly GroupCommand[]): Promise<Found> | undefined {
    if (!this.#standing) return undefined;
    const { group, state } = this.#standing;
    const keys = commands.flatMap((one) => (one.type === 'send' && one.message.group === group ? [one.message] : []));
    const ranges = commands.flatMap((one) => {
      const from = one.type === 'group.append' ? indexIn(group, one) : undefined;
      return one.type !== 'group.append' || from === undefined || from > state.position.index
        ? []
        : [{ from, before: from + one.frame.entries.length }];
    });
    if (keys.length === 0 && ranges.length === 0) return undefined;
    return this.#find(group, keys, ranges);
  }

  async #find(
    group: string,
    keys: Parameters<GroupStore['marks']>[1],
    ranges: readonly { readonly from: number; readonly before: number }[],
  ): Promise<Found> {
    const entries = new Map<number, KeptEntry>();
    const [marks] = await Promise.all([
      this.#store.marks(group, keys),
      ...ranges.map(async ({ from, before }) => {
        const kept = await this.#store.entries(group, from, before);
        for (const [offset, entry] of kept.entries()) entries.set(from + offset, entry);
      }),
    ]);
    return { marks, entries };
  }

  #plan(batch: readonly Incoming<'group', GroupResult>[], now: number, found: Found): Plan<GroupRecord, GroupRead> {
    const draft = new Draft(now, this.#next, found);
    for (const incoming of batch) {
      if ('result' in incoming) draft.tells.push(answerTo(incoming.result, this.#followed));
      else this.#take(draft, incoming.command, incoming.delivery);
    }
    this.#next = draft.next;
    draft.told.push(...this.#asks.open(now));
    return draft.plan(this.#asks.due);
  }

  #take(draft: Draft, command: GroupCommand, delivery: Delivery | undefined): void {
    switch (command.type) {
      case 'send':
      case 'group.append': {
        const one = { command, delivery, lacking: new Map(), logs: new Map() };
        if (this.#mustWait(this.#undecided, one) || !this.#decide(draft, one)) this.#undecided.push(one);
        return;
      }
      case 'account':
        draft.settle(delivery);
        return this.#told(draft, command);
      case 'group.get':
      case 'group.state':
        draft.settle(delivery);
        return this.#read(draft, command);
      case 'group.list':
        draft.settle(delivery);
        return draft.refuse(command.reply, new RequestError('bad_request'));
    }
  }

  #read(draft: Draft, command: Extract<GroupCommand, { type: 'group.get' | 'group.state' }>): void {
    this.#answered(draft, command, () => {
      const standing = this.#standing;
      draft.reads.push(
        command.type === 'group.get' ? readPage(standing, command) : readState(standing, command, this.#followed),
      );
    });
  }

  // ---- what waits for accounts ---------------------------------------------

  /** A message waits behind an earlier one of its device, so as not to overtake it. */
  #mustWait(before: readonly Undecided[], { command }: Undecided): boolean {
    if (command.type !== 'send') return false;
    const { device } = command.message;
    return before.some((one) => one.command.type === 'send' && one.command.message.device === device);
  }

  #told(draft: Draft, told: Extract<GroupCommand, { type: 'account' }>): void {
    const log = this.#asks.answered(told, draft.now);
    const left: Undecided[] = [];
    for (const one of this.#undecided) {
      const ask = one.lacking.get(told.address);
      if (ask !== undefined && ask <= told.ask) {
        one.lacking.delete(told.address);
        one.logs.set(told.address, log);
      }
      if (one.lacking.size > 0 || this.#mustWait(left, one) || !this.#decide(draft, one)) left.push(one);
    }
    this.#undecided = left;
  }

  /** False if it has to wait for what it lacks. */
  #decide(draft: Draft, one: Undecided): boolean {
    const { command, delivery } = one;
    const decided = this.#answered(draft, command, () => {
      const lacking =
        command.type === 'send' ? this.#send(draft, command, one.logs) : this.#append(draft, command, one.logs);
      one.lacking = this.#asks.ask(lacking, draft.now);
    });
    if (decided && one.lacking.size > 0) return false;
    draft.settle(delivery);
    return true;
  }

  /** Performs a decision; a refusal is answered, and returns false. */
  #answered(draft: Draft, { reply }: Exclude<GroupCommand, { type: 'account' }>, decision: () => void): boolean {
    try {
      decision();
      return true;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      draft.refuse(reply, error);
      return false;
    }
  }

  // ---- entries -------------------------------------------------------------

  /** Whose logs it lacks; nobody's: it is answered. Throws RequestError. */
  #append(draft: Draft, command: AppendCommand, logs: Undecided['logs']): readonly string[] {
    const { frame, from, reply } = command;
    const before = this.#standing;
    const judged = judgeAppend(this.#name, before, command, (at) => draft.entryAt(at), logs);
    if ('lacking' in judged) return judged.lacking;
    const bytes = 'entries' in judged ? judged.entries : frame.entries.map(({ entry }) => decodeBase64(entry));
    const number = 'entries' in judged ? this.#extend(draft, command, bytes) : judged.repeated;
    const entries = bytes.map((each, at) => ({
      bytes: each,
      text: frame.entries[at] as (typeof frame.entries)[number],
    })); // as many
    // Again, if they are repeated: the first time may have ended in a crash. Who is out of the group has nothing told again but what put them out.
    const last = this.#standing?.state.position.index;
    const isLast = placeOf(frame.entries).first.index + bytes.length - 1 === last;
    if (this.#standing && (isLast || this.#standing.state.members.has(from))) {
      draft.effects.push(...entriesEffects(this.#name, this.#standing, { from, number, entries }, draft.now));
    }
    draft.answer<'group.append'>(reply, { number });
    return [];
  }

  #extend(draft: Draft, { frame }: AppendCommand, bytes: readonly Uint8Array[]): number {
    const isNew = placeOf(frame.entries).first.index === 0;
    const before = isNew ? undefined : this.#standing;
    const after = follow(before, bytes, before?.base ?? draft.next - 1);
    this.#standing = after;
    return draft.addEntries(before, after, frame.entries);
  }

  // ---- messages ------------------------------------------------------------

  /** Whose logs it lacks; nobody's: it is answered. Throws RequestError. */
  #send(draft: Draft, { message, reply }: SendCommand, logs: ReadonlyMap<string, ToldLog>): readonly string[] {
    const standing = this.#standing;
    const known = standing?.group === message.group ? draft.markOf(message) : undefined;
    if (standing && known) {
      this.#refused.admit(message);
      // Sealed anew although the first was accepted: that one's mh is the answer, and nobody is sent another under its number.
      if (known.mh === message.mh) draft.effects.push(...messageEffects(this.#name, standing, message, known));
      this.#accept(draft, reply, known);
      return [];
    }
    try {
      if (this.#refused.mustWait(message)) throw new RequestError('earlier_refused');
      const judged = judgeSend(standing, message, (address) => this.#hasDevice(draft, address, logs));
      if ('lacking' in judged) return judged.lacking;
      this.#refused.admit(message);
      const { device, id, mh, epoch, receivedAt: at } = message;
      const { persons } = judged;
      if (!standing) throw new Error('A message was taken for a group that there is not.');
      const mark = draft.addMessage(standing, { device, id, mh, epoch, persons, at });
      draft.effects.push(...messageEffects(this.#name, standing, message, mark));
      this.#accept(draft, reply, mark);
      return [];
    } catch (error) {
      if (error instanceof RequestError && comesAgain(error)) this.#refused.refuse(message);
      else this.#refused.admit(message);
      throw error;
    }
  }

  #accept(
    draft: Draft,
    reply: SendCommand['reply'],
    { at, number, mh }: { at: number; number: number; mh: string },
  ): void {
    draft.answer<'send'>(reply, { receivedAt: at, number, mh });
  }

  #hasDevice(draft: Draft, address: string, logs: ReadonlyMap<string, ToldLog>): boolean | undefined {
    const log = logs.get(address);
    if (log !== undefined) return !hasNoDevice(log);
    return this.#asks.isDeviceless(address, draft.now) ? false : undefined;
  }
}

const NOTHING: Found = { marks: [], entries: new Map() };

/** The index of the first of these entries, if they are of that group; undefined if not, and for bytes that are no entry. */
function indexIn(group: string, { frame }: AppendCommand): number | undefined {
  try {
    const place = placeOf(frame.entries);
    return place.group === group ? place.first.index : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
