// Why something is not done in a group, as sentences that name it.
import { type ErrorCode, RequestError } from '#protocol/errors.ts';
import type { GroupChange, GroupRole } from '#protocol/group-entry.ts';
import { DisallowedEntry } from '#protocol/group-log.ts';
import type { GroupState } from '#protocol/group-state.ts';
import type { GroupRecord } from '../profile/profile.ts';
import { Refusal } from '../refusal.ts';

/** What somebody wants to do. */
export type Wanted = {
  readonly type: GroupChange['type'];
  readonly subject?: { readonly address: string };
  readonly role?: GroupRole;
};

/** Throws Refusal unless this person may send to the group and act in it, as far as is known here: it ended for them, or it is forked. */
export function mustBeUsable({ conversation, ended, forked }: GroupRecord): void {
  if (forked !== undefined) {
    throw new Refusal(
      'group_forked',
      `Nothing is sent to ${conversation}: the server shows two histories of it. ${forked}`,
    );
  }
  if (ended === undefined) return;
  const why = {
    left: `You left ${conversation}.`,
    removed: `${ended.by} removed you from ${conversation}.`,
    deleted: `${ended.by} deleted ${conversation}.`,
    unlisted: `The server does not show ${conversation} to you any more.`,
  };
  throw new Refusal('group_ended', why[ended.how]);
}

/** The same error with a sentence that names the group; what is no matter of groups, as it is. */
export function namingGroup(error: unknown, name: string, wanted: Wanted, state?: GroupState): unknown {
  const code = error instanceof DisallowedEntry ? error.why : error instanceof RequestError ? error.code : undefined;
  const text = code === undefined ? undefined : sentence(code, `#${name}`, wanted, state);
  return code === undefined || text === undefined ? error : new RequestError(code, text);
}

function sentence(code: ErrorCode, group: string, wanted: Wanted, state: GroupState | undefined): string | undefined {
  const whom = wanted.subject?.address;
  switch (code) {
    case 'no_such_group':
      return `There is no group ${group}.`;
    case 'group_exists':
      return `There is a group ${group} already. Choose another name, or ask its members to add you.`;
    case 'stale_group':
      return `Others are changing ${group} all the time. Try again in a moment.`;
    case 'not_a_member':
      return wanted.type === 'join'
        ? `${group} is closed: one of its admins has to add you.`
        : `You are not a member of ${group}.`;
    case 'not_an_admin':
      return `Only an admin of ${group} may do that.`;
    case 'already_a_member':
      return `${whom === undefined ? 'You are' : `${whom} is`} a member of ${group} already.`;
    case 'no_such_member':
      return `${whom ?? 'That person'} is not a member of ${group}.`;
    case 'hand_over_first':
      return state?.members.size === 1
        ? `You are the only member of ${group}: delete it instead.`
        : `${group} would have no admin any more: make another member admin first.`;
    case 'group_closed':
      return `${group} is closed: one of its admins has to add you.`;
    case 'group_refused':
      return `You were removed from ${group}: one of its admins has to add you again.`;
    case 'group_full':
      return `${group} is full.`;
    case 'policy_fixed':
      return `What kind of group ${group} is cannot be changed.`;
    case 'nothing_changes':
      return wanted.role === undefined
        ? undefined
        : `${whom} is ${wanted.role === 'admin' ? 'an admin' : 'a plain member'} of ${group} already.`;
    default:
      return undefined;
  }
}
