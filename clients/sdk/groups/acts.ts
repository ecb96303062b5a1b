// Acts in a group: entries signed by this device on the present end of its log, appended, and signed anew where somebody else was faster, as long
// as the act may still be done then (DESIGN section 6, compare-and-set).
import { encodeBase64 } from '#protocol/base64.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import {
  type Actor,
  encodeGroupEntry,
  encodeSignedGroupEntry,
  type GroupChange,
  type GroupEntry,
  type GroupPolicy,
} from '#protocol/group-entry.ts';
import { firstGroupEntry, nextGroupEntry, replayGroupLog } from '#protocol/group-log.ts';
import type { GroupState } from '#protocol/group-state.ts';
import { GROUP_APPEND_MAX_ENTRIES } from '#protocol/limits.ts';
import type { Connection } from '../connection.ts';
import { signLabelled } from '../crypto/sign.ts';
import type { OwnDevice } from '../own-device.ts';
import type { Random } from '../platform.ts';
import type { GroupRecord } from '../profile/profile.ts';
import { withAccounts } from './accounts.ts';
import { keep } from './keep.ts';
import { advance, type Begun, beginWithAll, eventOf, stateToSignOn } from './log.ts';
import type { GroupLogs } from './logs.ts';
import { mustBeUsable, namingGroup, type Wanted } from './refusals.ts';
import { type GroupStartDeps, joined } from './start.ts';

/** How often an act is signed because somebody else changed the group meanwhile. */
const ACT_TRIES = 8;
/** How often the same entries are appended where the connection ended before the answer: the server answers them as the first time. */
const APPEND_TRIES = 3;
const RANDOM_BYTES = 16;

export type Change = Exclude<GroupChange, { type: 'create' }>;

export type GroupActsDeps = GroupStartDeps & {
  readonly own: OwnDevice;
  readonly random: Random;
  readonly logs: GroupLogs;
  /** The present session, or the next one. */
  session(): Promise<Connection>;
};

/** Entries that stand on each other, and the state after the last. */
type Chain = { readonly texts: readonly SignedGroupEntryText[]; readonly state: GroupState };

export class GroupActs {
  readonly #deps: GroupActsDeps;

  constructor(deps: GroupActsDeps) {
    this.#deps = deps;
  }

  /**
   * A new group of this policy, with these changes in it. Throws RequestError `group_exists`, and others that name the group; Unavailable. What
   * does not fit into one append comes after it: only then can the rest fail by itself.
   */
  async create(name: string, policy: GroupPolicy, changes: readonly Change[]): Promise<void> {
    const { accounts, random, me } = this.#deps;
    const wanted: Wanted = { type: 'create' };
    const actor = await this.#actor();
    const first = this.#signed(
      firstGroupEntry(actor, { type: 'create', name, policy, random: random(RANDOM_BYTES) }, this.#now()),
    );
    const begins = GROUP_APPEND_MAX_ENTRIES - 1;
    const { texts } = this.#chain(first.state, actor, changes.slice(0, begins));
    const all = [first.text, ...texts];
    const connection = await this.#append(name, all, wanted);
    await keep(this.#deps, await withAccounts(accounts, connection, (of) => beginWithAll(all, of, me)));
    const rest = changes.slice(begins);
    const isDone = (state: GroupState, change: Change) =>
      'subject' in change && state.members.has(change.subject.address);
    if (rest.length > 0) await this.act(name, (state) => rest.filter((change) => !isDone(state, change)));
  }

  /**
   * Does in a group that is known what `changes` says of its state: asked again where somebody else was faster, and throws what is to be told
   * then. Throws Refusal, RequestError that names the group, Unavailable.
   */
  async act(name: string, changes: (state: GroupState) => readonly Change[]): Promise<void> {
    const record = await this.#deps.profile.groups.byName(name);
    if (record === undefined) throw new RequestError('not_a_member', `You are not a member of #${name}.`);
    mustBeUsable(record);
    await this.actIn(record, changes);
  }

  /** Comes back into an open group that is known from earlier. Throws likewise. */
  async rejoin(known: GroupRecord): Promise<void> {
    if (known.forked !== undefined) mustBeUsable(known);
    await this.actIn(known, () => [{ type: 'join' }]);
  }

  /** As `act`, in this group. */
  async actIn(known: GroupRecord, changes: (state: GroupState) => readonly Change[]): Promise<void> {
    let record = known;
    for (let tries = 1; ; tries++) {
      const state = stateToSignOn(record);
      const some = changes(state).slice(0, GROUP_APPEND_MAX_ENTRIES);
      if (some.length === 0) return;
      const stale = await this.#tryAppend(record, state, some, tries);
      if (stale === undefined) {
        record = (await this.#deps.profile.groups.byId(record.id)) ?? record;
        // What is left, where it did not fit into one append; an act that is done has nothing more to say.
        if (some.length < GROUP_APPEND_MAX_ENTRIES) return;
        tries = 0;
      } else {
        record = await this.#deps.logs.refresh(record, stale);
        // Who comes back is out of it, and may be told so by nobody but the state.
        if (record.forked !== undefined || known.ended === undefined) mustBeUsable(record);
      }
    }
  }

  /** Comes into an open group, from what a newcomer may know of it. Throws likewise. */
  async join(newcomer: Begun): Promise<void> {
    const { logs, accounts, me } = this.#deps;
    let begun = newcomer;
    const { name } = begun.record;
    for (let tries = 1; ; tries++) {
      const state = stateToSignOn(begun.record);
      const actor = await this.#actor(state);
      const entry = this.#next(state, actor, { type: 'join' });
      const { text } = this.#signed(entry, state);
      try {
        const connection = await this.#append(name, [text], { type: 'join' });
        const { record } = begun;
        const now = joined(begun, await withAccounts(accounts, connection, (of) => advance(record, [text], of, me)));
        const event = eventOf(record.conversation, entry);
        await keep(this.#deps, { ...now, events: event === undefined ? [] : [event] });
        return;
      } catch (error) {
        if (!isStale(error) || tries === ACT_TRIES) throw error;
        begun = await logs.start.grown(begun, await this.#deps.session());
      }
    }
  }

  /** Undefined: it is done, and known here. The connection on which it was stale: to be signed anew. */
  async #tryAppend(
    record: GroupRecord,
    state: GroupState,
    changes: readonly Change[],
    tries: number,
  ): Promise<Connection | undefined> {
    const { logs, session } = this.#deps;
    const { name } = record;
    const { texts } = this.#chain(state, await this.#actor(state), changes);
    const [wanted = { type: 'anchor' } as const] = changes;
    try {
      const connection = await this.#append(name, texts, wanted);
      await logs.appended(record, state.position.index + 1, texts, connection);
      return undefined;
    } catch (error) {
      if (!isStale(error) || tries === ACT_TRIES) throw error;
      return session();
    }
  }

  /** Throws what the server refuses, naming the group, and Unavailable: a live server did not answer. */
  async #append(name: string, entries: readonly SignedGroupEntryText[], wanted: Wanted): Promise<Connection> {
    for (let tries = 1; ; tries++) {
      const connection = await this.#deps.session();
      try {
        await connection.ask('group.append', { name, entries: [...entries] });
        return connection;
      } catch (error) {
        const lost = error instanceof Unavailable && connection.state === 'closed';
        if (!lost || tries === APPEND_TRIES) throw namingGroup(error, name, wanted);
      }
    }
  }

  #chain(from: GroupState, actor: Actor, changes: readonly Change[]): Chain {
    const texts: SignedGroupEntryText[] = [];
    let state = from;
    for (const change of changes) {
      const signed = this.#signed(this.#next(state, actor, change), state);
      texts.push(signed.text);
      state = signed.state;
    }
    return { texts, state };
  }

  #next(state: GroupState, actor: Actor, change: Change): GroupEntry {
    try {
      return nextGroupEntry(state, actor, change, this.#now());
    } catch (error) {
      throw namingGroup(error, state.name, change, state);
    }
  }

  #signed(entry: GroupEntry, from?: GroupState): { readonly text: SignedGroupEntryText; readonly state: GroupState } {
    const bytes = encodeGroupEntry(entry);
    const signature = signLabelled('entry', bytes, this.#deps.own.sealing.ed25519Seed);
    return { text: encodeSignedGroupEntry({ entry: bytes, signature }), state: replayGroupLog([bytes], from) };
  }

  /** As who this device acts. Another own device may have written with a longer account log: then that is fetched. */
  async #actor(state?: GroupState): Promise<Actor> {
    const { own, accounts, session } = this.#deps;
    const { address, identity, device } = own.ids;
    let known = await accounts.knownOrFetched(address, session);
    const before = state?.actors.get(encodeBase64(identity)) ?? 0;
    if (before > known.state.position.index) known = await accounts.refresh(address, await session());
    return { address, identity, device, position: known.state.position };
  }

  #now(): number {
    return this.#deps.clock.now();
  }
}

function isStale(error: unknown): boolean {
  return error instanceof RequestError && error.code === 'stale_group';
}
