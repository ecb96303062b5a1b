// The chain of a group's entries: who was in it at which epoch, verified from the first entry on, or from a state that a later one states
// (DESIGN section 6). The group's actor checks it at the door and every client checks it again, with this same code.
import { type AccountState, comparePosition, deviceOf } from './account-log.ts';
import { encodeBase64 } from './base64.ts';
import { equalBytes, isZero } from './bytes.ts';
import { ZERO_HASH } from './envelope.ts';
import { CryptoError, ProtocolError } from './errors.ts';
import {
  type Actor,
  checkSignature,
  decodeGroupEntry,
  type GroupChange,
  type GroupEntry,
  groupHead,
  groupId,
  type SignedGroupEntry,
  statesState,
} from './group-entry.ts';
import {
  change,
  created,
  type Disallowed,
  decodeMembership,
  disallowed,
  type GroupState,
  type MembershipDraft,
  memberOf,
  membershipHash,
  membershipHashOf,
} from './group-state.ts';
import { verifyLabelled } from './hash.ts';

/**
 * The good account log of an address, as far as it is known here; undefined: it is not. 'gone': there is none any more, because the account was deleted;
 * whose log is gone counts as a device that was revoked. `identity`: who the entry says it is, for who knows several under one address.
 */
export type AccountOf = (address: string, identity: Uint8Array) => AccountState | 'gone' | undefined;

export interface VerifiedGroup {
  /** Undefined: not even the first entry counts. */
  readonly state: GroupState | undefined;
  /** Entries at the end that do not count yet: by devices that were revoked since, or by accounts that are gone, with nothing behind them that makes them count. */
  readonly suspended: number;
}

/** An entry whose actor's account log is not known here as far as it says: fetch it, then verify again. */
export class AccountBehind extends Error {
  override readonly name = 'AccountBehind';
  readonly address: string;

  constructor(address: string) {
    super(`The account log of ${address} is not known so far.`);
    this.address = address;
  }
}

/** An entry that its actor was not allowed to write. */
export class DisallowedEntry extends CryptoError {
  readonly why: Disallowed;

  constructor(index: number, why: Disallowed) {
    super('member', `Entry ${index} of the group is refused: its author was not allowed to do that (${why}).`);
    this.why = why;
  }
}

/**
 * Verifies entries, oldest first, and returns what they say; with `from`, they go on after that state (a fork of it is refused). Every refusal
 * is a CryptoError at step `member` that names the entry and why; AccountBehind where an account log has to be fetched first.
 */
export function verifyGroupLog(
  entries: readonly SignedGroupEntry[],
  accountOf: AccountOf,
  from?: GroupState,
): VerifiedGroup {
  const chain = new Chain(accountOf, from);
  for (const signed of entries) chain.add(signed);
  return chain.verified();
}

/**
 * A group as of one entry that states its state, without those before it: where a newcomer begins (DESIGN section 6). `create`: the first entry, whose
 * hash is the group's id. Throws as `verifyGroupLog`; `entry` must be by a device in use.
 */
export function startGroupLog(
  create: SignedGroupEntry,
  signed: SignedGroupEntry,
  membership: Uint8Array,
  accountOf: AccountOf,
): GroupState {
  const chain = new Chain(accountOf, undefined);
  return chain.start(create, signed, membership);
}

/** The states after entries that were verified before they were kept: nothing but the chain is followed. */
export function replayGroupLog(entries: readonly Uint8Array[], from?: GroupState): GroupState {
  let draft = from && draftOf(from);
  for (const bytes of entries) {
    const { actor, change: what, index } = decodeGroupEntry(bytes);
    draft = follow(draft, actor, what, bytes);
    draft.position = { index, head: groupHead(bytes).slice() };
    draft.actors.set(encodeBase64(actor.identity), actor.position.index);
  }
  if (draft === undefined) throw new ProtocolError('A group has at least one entry.');
  return draft;
}

type Draft = Omit<GroupState, keyof MembershipDraft | 'position' | 'deleted' | 'actors'> &
  MembershipDraft & { position: GroupState['position']; deleted: boolean; readonly actors: Map<string, number> };

class Chain {
  readonly #accountOf: AccountOf;
  #draft: Draft | undefined;
  /** As of the last entry that counts, if others stand on it. */
  #sure: GroupState | undefined;
  #suspended = 0;
  /** Among those that do not count yet there is what takes an admin, and nobody can tell who wrote it. */
  #unproven = false;

  constructor(accountOf: AccountOf, from: GroupState | undefined) {
    this.#accountOf = accountOf;
    this.#draft = from && draftOf(from);
  }

  add(signed: SignedGroupEntry): void {
    const index = this.#draft === undefined ? 0 : this.#draft.position.index + 1;
    try {
      this.#add(signed, index);
    } catch (error) {
      if (error instanceof ProtocolError) throw refused(index, error.message);
      throw error;
    }
  }

  start(create: SignedGroupEntry, signed: SignedGroupEntry, membership: Uint8Array): GroupState {
    const first = decodeGroupEntry(create.entry);
    if (first.change.type !== 'create') throw refused(0, 'the log does not begin with it.');
    const group = groupId(create.entry).slice();
    const entry = decodeGroupEntry(signed.entry);
    const { index, change: what, actor, state } = entry;
    const own = what.type === 'create' ? groupId(signed.entry) : entry.group;
    if (!equalBytes(own, group)) throw refused(index, 'it is of another group.');
    if (this.#checkActor(entry, signed) !== 'in use') throw refused(index, 'its author is out of use.');
    if (isZero(state) || !equalBytes(membershipHashOf(membership), state)) {
      throw refused(index, 'it does not state that membership.');
    }
    return {
      ...decodeMembership(membership),
      ...{ group, name: first.change.name, deleted: what.type === 'delete' },
      position: { index, head: groupHead(signed.entry).slice() },
      actors: new Map([[encodeBase64(actor.identity), actor.position.index]]),
    };
  }

  verified(): VerifiedGroup {
    return { state: this.#suspended > 0 ? this.#sure : this.#draft, suspended: this.#suspended };
  }

  #add(signed: SignedGroupEntry, index: number): void {
    const entry = decodeGroupEntry(signed.entry);
    this.#checkPlace(entry, index);
    const author = this.#checkActor(entry, signed);
    if (author === 'in use' && this.#mayVouch(entry.actor)) {
      this.#suspended = 0;
      this.#unproven = false;
    } else {
      if (this.#suspended === 0) this.#sure = this.#draft && draftOf(this.#draft);
      this.#suspended += 1;
      this.#unproven ||= author === 'gone' && takesAdmin(entry.change);
    }
    const next = this.#changed(entry, signed.entry);
    if (statesState(index, entry.change.type) && !equalBytes(membershipHash(next), entry.state)) {
      throw refused(index, 'it states another membership than the log has.');
    }
    next.position = { index, head: groupHead(signed.entry).slice() };
    next.actors.set(encodeBase64(entry.actor.identity), entry.actor.position.index);
    this.#draft = next;
  }

  #checkPlace({ group, index, previous }: GroupEntry, expected: number): void {
    if (index !== expected) throw refused(expected, `it says that it is entry ${index}.`);
    if (this.#draft === undefined) return;
    if (!equalBytes(group, this.#draft.group)) throw refused(index, 'it is of another group.');
    if (!equalBytes(previous, this.#draft.position.head)) throw refused(index, 'it continues another log.');
  }

  /**
   * Whether what stands on those that do not count yet makes them count. Of an account that is gone no signature can be checked, and that it is gone a
   * server may just say: so what takes an admin counts by the word of another admin alone, who was one before it.
   */
  #mayVouch(actor: Actor): boolean {
    return !this.#unproven || this.#sure === undefined || memberOf(this.#sure, actor)?.role === 'admin';
  }

  /** Whether its device is in use, was revoked since, or its account is gone: then nothing says who signed it. */
  #checkActor({ index, actor }: GroupEntry, { entry, signature }: SignedGroupEntry): 'in use' | 'revoked' | 'gone' {
    checkSignature(signature);
    const device = this.#deviceOf(actor, index);
    if (device === undefined) return 'gone';
    if (!verifyLabelled('entry', entry, device.ed25519, signature)) throw refused(index, 'the device did not sign it.');
    const before = this.#draft?.actors.get(encodeBase64(actor.identity)) ?? 0;
    if (actor.position.index < before) throw refused(index, 'its author had been further on in the own account log.');
    return device.revoked === undefined ? 'in use' : 'revoked';
  }

  #deviceOf({ address, identity, device: id, position }: Actor, index: number) {
    const account = this.#accountOf(address, identity);
    if (account === undefined) throw new AccountBehind(address);
    if (account === 'gone') return undefined;
    if (!equalBytes(account.identity, identity)) throw refused(index, 'it is of another identity.');
    const place = comparePosition(account, position);
    if (place === 'beyond') throw new AccountBehind(address);
    if (place === 'fork') throw refused(index, 'its author’s account log is another one.');
    const device = deviceOf(account, id);
    if (device === undefined || device.enrolled.index > position.index)
      throw refused(index, 'it is of an unknown device.');
    if (device.revoked !== undefined && device.revoked.index <= position.index) {
      throw refused(index, 'its device had been revoked.');
    }
    return device;
  }

  #changed({ index, actor, change: what }: GroupEntry, bytes: Uint8Array): Draft {
    if (this.#draft !== undefined && what.type !== 'create') {
      const why = disallowed(this.#draft, actor, what);
      if (why !== undefined) throw new DisallowedEntry(index, why);
    }
    return follow(this.#draft, actor, what, bytes);
  }
}

/** What somebody may do only as an admin: to others, or to the group. */
function takesAdmin({ type }: GroupChange): boolean {
  return type === 'add' || type === 'remove' || type === 'admin' || type === 'policy' || type === 'delete';
}

function follow(draft: Draft | undefined, actor: Actor, what: GroupChange, bytes: Uint8Array): Draft {
  if (what.type === 'create') return begun(actor, what, bytes);
  if (draft === undefined) throw refused(0, 'the log does not begin with it.');
  change(draft, actor, what);
  if (what.type === 'delete') draft.deleted = true;
  return draft;
}

function begun(actor: Actor, { name, policy }: Extract<GroupChange, { type: 'create' }>, bytes: Uint8Array): Draft {
  return {
    ...created(actor, policy),
    ...{ group: groupId(bytes).slice(), name, deleted: false },
    position: { index: 0, head: ZERO_HASH },
    actors: new Map(),
  };
}

function draftOf(state: GroupState): Draft {
  const { members, refused: identities, actors } = state;
  return { ...state, members: new Map(members), refused: new Map(identities), actors: new Map(actors) };
}

function refused(index: number, reason: string): CryptoError {
  return new CryptoError('member', `Entry ${index} of the group is refused: ${reason}`);
}

/** The entry that would come next, to be encoded and signed. Throws Disallowed's reason as `why` where it may not come. */
export function nextGroupEntry(
  state: GroupState,
  actor: Actor,
  what: Exclude<GroupChange, { type: 'create' }>,
  time: number,
): GroupEntry {
  const index = state.position.index + 1;
  const why = disallowed(state, actor, what);
  if (why !== undefined) throw new DisallowedEntry(index, why);
  const draft = draftOf(state);
  change(draft, actor, what);
  const states = statesState(index, what.type);
  return {
    ...{ group: state.group, index, previous: state.position.head, actor, change: what, time },
    state: states ? membershipHash(draft) : ZERO_HASH,
  };
}

/** The first entry of a group. */
export function firstGroupEntry(
  actor: Actor,
  what: Extract<GroupChange, { type: 'create' }>,
  time: number,
): GroupEntry {
  const state = membershipHash(created(actor, what.policy));
  return { group: ZERO_HASH, index: 0, previous: ZERO_HASH, actor, change: what, time, state };
}
