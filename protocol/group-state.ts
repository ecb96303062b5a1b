// Who is in a group and who may do what, as of one entry of its log (DESIGN section 6). The actor that keeps the group, and every client, decide
// by this same code.
import { compareAddresses } from './address.ts';
import { encodeBase64 } from './base64.ts';
import { ByteReader, ByteWriter, compareBytes, equalBytes } from './bytes.ts';
import type { Position } from './envelope.ts';
import { type ErrorCode, ProtocolError } from './errors.ts';
import {
  checkSubject,
  type GroupChange,
  type GroupPolicy,
  type GroupRole,
  readPolicy,
  readRole,
  readSubject,
  type Subject,
  writePolicy,
  writeRole,
  writeSubject,
} from './group-entry.ts';
import { HASH_BYTES, S } from './hash.ts';
import { GROUP_MEMBERS_MAX, GROUP_REFUSED_MAX } from './limits.ts';

export interface GroupMember extends Subject {
  readonly role: GroupRole;
}

/** What an entry's `state` is the hash of: all that decides what may come next. */
export interface Membership {
  readonly policy: GroupPolicy;
  /** By address. */
  readonly members: ReadonlyMap<string, GroupMember>;
  /** Identities that may not join again by themselves: removed from an open group. By Base64. */
  readonly refused: ReadonlyMap<string, Uint8Array>;
}

/** A group after one entry of its log. Byte fields are copies: they hold no frame in memory. */
export interface GroupState extends Membership {
  /** 32 bytes: the hash of the first entry. */
  readonly group: Uint8Array;
  /** name@domain, as it was created. */
  readonly name: string;
  /** Index and head of the last entry: the epoch. */
  readonly position: Position;
  readonly deleted: boolean;
  /** How far the account log of each who wrote an entry had come, by Base64 of the identity: it never falls. */
  readonly actors: ReadonlyMap<string, number>;
}

/** Why somebody may not do something: the error code that says so. */
export type Disallowed = Extract<
  ErrorCode,
  | 'no_such_group'
  | 'not_a_member'
  | 'not_an_admin'
  | 'already_a_member'
  | 'no_such_member'
  | 'hand_over_first'
  | 'group_closed'
  | 'group_refused'
  | 'policy_fixed'
  | 'group_full'
  | 'nothing_changes'
>;

/** S("state", the membership's bytes): what an entry states. */
export function membershipHash(membership: Membership): Uint8Array {
  return membershipHashOf(encodeMembership(membership));
}

/** The same from bytes that `encodeMembership` made. */
export function membershipHashOf(bytes: Uint8Array): Uint8Array {
  return S('state', bytes);
}

/** u8 policy ‖ set of LP(address) ‖ identity ‖ u8 role ‖ set of refused identities; both sets sorted, members by address. */
export function encodeMembership({ policy, members, refused }: Membership): Uint8Array {
  const writer = new ByteWriter(64 + members.size * 96 + refused.size * HASH_BYTES);
  writePolicy(writer, policy);
  const inOrder = [...members.values()].sort((a, b) => compareAddresses(a.address, b.address));
  writer.list(inOrder, (w, member) => {
    writeSubject(w, member);
    writeRole(w, member.role);
  });
  writer.list([...refused.values()].sort(compareBytes), (w, identity) => w.raw(identity, HASH_BYTES));
  return writer.finish();
}

/** Inverse of `encodeMembership`; all else is a ProtocolError. Byte fields are copies. */
export function decodeMembership(bytes: Uint8Array): Membership {
  const reader = new ByteReader(bytes);
  const policy = readPolicy(reader);
  const members = reader.list(GROUP_MEMBERS_MAX, (r) => ({ ...copied(readSubject(r)), role: readRole(r) }));
  const refused = reader.list(GROUP_REFUSED_MAX, (r) => r.raw(HASH_BYTES).slice());
  reader.end();
  for (const [index, { address, identity }] of members.entries()) {
    checkSubject({ address, identity });
    const before = members[index - 1];
    if (before && compareAddresses(before.address, address) >= 0) throw new ProtocolError('Members are out of order.');
  }
  for (const [index, identity] of refused.entries()) {
    const before = refused[index - 1];
    if (before && compareBytes(before, identity) >= 0) throw new ProtocolError('Refused identities are out of order.');
  }
  return {
    policy,
    members: new Map(members.map((member) => [member.address, member])),
    refused: new Map(refused.map((identity) => [encodeBase64(identity), identity])),
  };
}

/** The member who is this person, under this identity. */
export function memberOf({ members }: Membership, { address, identity }: Subject): GroupMember | undefined {
  const member = members.get(address);
  return member !== undefined && equalBytes(member.identity, identity) ? member : undefined;
}

/** Why `actor` may not do this now; undefined if it may. Never for `create`, which stands on no state. */
export function disallowed(
  state: GroupState,
  actor: Subject,
  change: Exclude<GroupChange, { type: 'create' }>,
): Disallowed | undefined {
  if (state.deleted) return 'no_such_group';
  const me = memberOf(state, actor);
  if (change.type === 'join') return whyNotJoin(state, actor, me);
  if (me === undefined) return 'not_a_member';
  switch (change.type) {
    case 'anchor':
      return undefined;
    case 'leave':
      return isLastAdmin(state, me) ? 'hand_over_first' : undefined;
  }
  if (me.role !== 'admin') return 'not_an_admin';
  switch (change.type) {
    case 'add':
      return whyNotAdd(state, change.subject);
    case 'remove':
      return whyNotRemove(state, me, change.subject);
    case 'admin':
      return whyNotRole(state, change.subject, change.role);
    case 'policy':
      return change.policy === 'lobby' || state.policy === 'lobby'
        ? 'policy_fixed'
        : change.policy === state.policy
          ? 'nothing_changes'
          : undefined;
    case 'delete':
      return undefined;
  }
}

function whyNotJoin(state: GroupState, actor: Subject, me: GroupMember | undefined): Disallowed | undefined {
  if (me !== undefined) return 'already_a_member';
  if (state.policy === 'closed') return 'group_closed';
  if (state.refused.has(encodeBase64(actor.identity))) return 'group_refused';
  return state.members.size >= GROUP_MEMBERS_MAX && !state.members.has(actor.address) ? 'group_full' : undefined;
}

/** Another identity under the address of a member takes its place: the person has a new one. */
function whyNotAdd(state: GroupState, subject: Subject): Disallowed | undefined {
  if (memberOf(state, subject) !== undefined) return 'already_a_member';
  const before = state.members.get(subject.address);
  if (before !== undefined) return isLastAdmin(state, before) ? 'hand_over_first' : undefined;
  return state.members.size >= GROUP_MEMBERS_MAX ? 'group_full' : undefined;
}

function whyNotRemove(state: GroupState, me: GroupMember, subject: Subject): Disallowed | undefined {
  const member = memberOf(state, subject);
  if (member === undefined) return 'no_such_member';
  if (member === me && isLastAdmin(state, me)) return 'hand_over_first';
  return state.policy !== 'closed' && state.refused.size >= GROUP_REFUSED_MAX ? 'group_full' : undefined;
}

function whyNotRole(state: GroupState, subject: Subject, role: GroupRole): Disallowed | undefined {
  const member = memberOf(state, subject);
  if (member === undefined) return 'no_such_member';
  if (member.role === role) return 'nothing_changes';
  return isLastAdmin(state, member) ? 'hand_over_first' : undefined;
}

/** A lobby has no admin, so that nobody in it is the last one. */
function isLastAdmin({ members }: Membership, member: GroupMember): boolean {
  if (member.role !== 'admin') return false;
  for (const other of members.values()) if (other.role === 'admin' && other.address !== member.address) return false;
  return true;
}

/** A membership while entries are added: one copy for all of them, not one for each. */
export interface MembershipDraft extends Membership {
  policy: GroupPolicy;
  readonly members: Map<string, GroupMember>;
  readonly refused: Map<string, Uint8Array>;
}

/** Whom `create` leaves in the group. */
export function created(actor: Subject, policy: GroupPolicy): MembershipDraft {
  const role: GroupRole = policy === 'lobby' ? 'member' : 'admin';
  return { policy, members: new Map([[actor.address, { ...copied(actor), role }]]), refused: new Map() };
}

/** Carries out what is not `disallowed`. */
export function change(draft: MembershipDraft, actor: Subject, what: Exclude<GroupChange, { type: 'create' }>): void {
  switch (what.type) {
    case 'add':
      draft.refused.delete(encodeBase64(what.subject.identity));
      draft.members.set(what.subject.address, { ...copied(what.subject), role: 'member' });
      return;
    case 'join':
      draft.members.set(actor.address, { ...copied(actor), role: 'member' });
      return;
    case 'remove':
      draft.members.delete(what.subject.address);
      // A closed group needs no list: nobody comes in by themselves.
      if (draft.policy !== 'closed') {
        const { identity } = copied(what.subject);
        draft.refused.set(encodeBase64(identity), identity);
      }
      return;
    case 'leave':
      draft.members.delete(actor.address);
      return;
    case 'admin':
      draft.members.set(what.subject.address, { ...copied(what.subject), role: what.role });
      return;
    case 'policy':
      draft.policy = what.policy;
  }
}

function copied({ address, identity }: Subject): Subject {
  return { address, identity: identity.slice() };
}
