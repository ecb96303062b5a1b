// Who may sign up. An invitation serves once, and the store remembers which did, by hash.
import { RequestError } from '#protocol/errors.ts';
import { type InvitationKey, readInvitation } from './invitation-code.ts';

export type SignUpPolicy =
  | { readonly policy: 'open' }
  | { readonly policy: 'closed' }
  | { readonly policy: 'invitation'; readonly key: InvitationKey };

const UNKNOWN = 'This is no invitation of this server. Compare it with what you were given, or ask for another.';
const USED = 'This invitation was used already; each serves for one account. Ask for another.';

/**
 * Whether somebody with this invitation may sign up at `now`; returns the hash that the sign-up uses up, undefined where none is needed.
 * `used`: hashes known to be used. RequestError `sign_up_closed` or `invitation_required`, whose sentence says what is wrong with it:
 * that it is used or has expired only to those who have a code that was signed.
 */
export function admit(
  policy: SignUpPolicy,
  code: string | undefined,
  used: ReadonlySet<string>,
  now: number,
): string | undefined {
  if (policy.policy === 'closed') throw new RequestError('sign_up_closed');
  if (policy.policy === 'open') return undefined;
  if (code === undefined) throw new RequestError('invitation_required');
  const invitation = readInvitation(policy.key, code);
  if (invitation === undefined) throw new RequestError('invitation_required', UNKNOWN);
  if (used.has(invitation.hash)) throw new RequestError('invitation_required', USED);
  if (invitation.expiresAt <= now) throw new RequestError('invitation_required', expired(invitation.expiresAt));
  return invitation.hash;
}

function expired(expiresAt: number): string {
  const [minute] = new Date(expiresAt)
    .toISOString()
    .replace('T', ' ')
    .split(/:\d\d\./);
  return `This invitation expired at ${minute} UTC. Ask for another.`;
}
