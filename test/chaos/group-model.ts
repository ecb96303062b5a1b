// What must be so in a group, written down a second time and as simply as it can be, for the tests alone: who is in it after each entry of its
// log, and why somebody may not do something then.
import type { GroupPolicy, GroupRole } from '#protocol/group-entry.ts';
import type { LoggedEntry } from './group-ledger.ts';

/** A group after one entry. */
export type Standing = {
  readonly policy: GroupPolicy;
  /** Address → role. */
  readonly members: ReadonlyMap<string, GroupRole>;
  /** Addresses of whom an open group was rid. */
  readonly refused: ReadonlySet<string>;
  readonly deleted: boolean;
};

/** What somebody wants to do in a group. `whom`: the one it is about; of `create` and `add` those who are added. */
export type Wish =
  | { readonly type: 'join' | 'leave' | 'delete' | 'send' }
  | { readonly type: 'create'; readonly whom: readonly string[] }
  | { readonly type: 'add'; readonly whom: readonly string[] }
  | { readonly type: 'remove'; readonly whom: string }
  | { readonly type: 'admin'; readonly whom: string; readonly role: GroupRole };

/** The group after each entry of its log, from the first one on. */
export function standingsOf(entries: readonly LoggedEntry[]): Standing[] {
  const all: Standing[] = [];
  for (const logged of entries) all.push(standingAfter(all.at(-1), logged));
  return all;
}

function standingAfter(before: Standing | undefined, { entry: { actor, change } }: LoggedEntry): Standing {
  if (change.type === 'create') {
    const role = change.policy === 'lobby' ? 'member' : 'admin';
    return { policy: change.policy, members: new Map([[actor.address, role]]), refused: new Set(), deleted: false };
  }
  if (before === undefined) throw new Error('The log does not begin with its creation.');
  const members = new Map(before.members);
  const refused = new Set(before.refused);
  switch (change.type) {
    case 'add':
      members.set(change.subject.address, 'member');
      refused.delete(change.subject.address);
      break;
    case 'join':
      members.set(actor.address, 'member');
      break;
    case 'remove':
      members.delete(change.subject.address);
      if (before.policy !== 'closed') refused.add(change.subject.address);
      break;
    case 'leave':
      members.delete(actor.address);
      break;
    case 'admin':
      members.set(change.subject.address, change.role);
      break;
    case 'policy':
      return { ...before, policy: change.policy };
    case 'delete':
      return { ...before, deleted: true };
  }
  return { ...before, members, refused };
}

/** The codes with which this may be refused to `by` while the group is so; `undefined` in place of a group: there is none. Empty: it may be done. */
export function whyNot(standing: Standing | undefined, by: string, wish: Wish): readonly string[] {
  const none = standing === undefined || standing.deleted;
  if (wish.type === 'create') return none ? [] : ['group_exists'];
  if (wish.type === 'join') return none ? [] : whyNotJoin(standing, by);
  if (none) return ['no_such_group', 'not_a_member', 'group_ended'];
  const { members } = standing;
  const role = members.get(by);
  if (role === undefined) return ['not_a_member', 'group_ended'];
  const lastAdmin = (of: string): boolean =>
    members.get(of) === 'admin' && [...members.values()].filter((one) => one === 'admin').length === 1;
  // Whoever is alone has nobody to write to.
  if (wish.type === 'send') return members.size === 1 ? ['no_device'] : [];
  if (wish.type === 'leave') return lastAdmin(by) ? ['hand_over_first'] : [];
  const notAdmin = role === 'admin' ? [] : ['not_an_admin'];
  switch (wish.type) {
    case 'delete':
      return notAdmin;
    case 'add':
      return wish.whom.every((whom) => members.has(whom)) ? [...notAdmin, 'already_a_member'] : notAdmin;
    case 'remove':
      if (!members.has(wish.whom)) return [...notAdmin, 'no_such_member'];
      return wish.whom === by && lastAdmin(by) ? ['hand_over_first'] : notAdmin;
    case 'admin':
      if (!members.has(wish.whom)) return [...notAdmin, 'no_such_member'];
      if (members.get(wish.whom) === wish.role) return [...notAdmin, 'nothing_changes'];
      return lastAdmin(wish.whom) ? [...notAdmin, 'hand_over_first'] : notAdmin;
  }
}

function whyNotJoin({ policy, members, refused }: Standing, by: string): readonly string[] {
  if (members.has(by)) return ['already_a_member'];
  if (policy === 'closed') return ['group_closed', 'not_a_member'];
  return refused.has(by) ? ['group_refused'] : [];
}

/** Whether an entry is what was wished, or part of it. */
export function fulfils({ entry: { actor, change } }: LoggedEntry, by: string, wish: Wish): boolean {
  if (actor.address !== by) return false;
  const subject = 'subject' in change ? change.subject.address : '';
  switch (wish.type) {
    case 'create':
      return change.type === 'create' || (change.type === 'add' && wish.whom.includes(subject));
    case 'join':
      // Of a group that there is not, it creates it.
      return change.type === 'join' || change.type === 'create';
    case 'add':
      return change.type === 'add' && wish.whom.includes(subject);
    case 'remove':
      return change.type === 'remove' && wish.whom === subject;
    case 'admin':
      return change.type === 'admin' && wish.whom === subject && change.role === wish.role;
    default:
      return change.type === wish.type;
  }
}
