// Who may sign up. Invitations are codes that the operator chose; each serves once, and the store remembers which did, by hash.
import { createHash } from 'node:crypto';
import { RequestError } from '#protocol/errors.ts';

/** `invitations`: hashes of the codes that were given out. */
export type SignUpPolicy =
  | { readonly policy: 'open' }
  | { readonly policy: 'closed' }
  | { readonly policy: 'invitation'; readonly invitations: ReadonlySet<string> };

/** The policy for these codes; only `invitation` looks at them. */
export function signUpPolicy(policy: SignUpPolicy['policy'], codes: readonly string[]): SignUpPolicy {
  return policy === 'invitation' ? { policy, invitations: new Set(codes.map(invitationHash)) } : { policy };
}

/** The name under which a code is remembered: SHA-256, base64url. */
export function invitationHash(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}

/**
 * Whether somebody with this invitation may sign up; returns the hash that the sign-up uses up, undefined where none is needed.
 * `used`: hashes known to be used. RequestError `sign_up_closed` or `invitation_required`.
 */
export function admit(policy: SignUpPolicy, code: string | undefined, used: ReadonlySet<string>): string | undefined {
  if (policy.policy === 'closed') throw new RequestError('sign_up_closed');
  if (policy.policy === 'open') return undefined;
  if (code === undefined) throw new RequestError('invitation_required');
  const hash = invitationHash(code);
  if (!policy.invitations.has(hash) || used.has(hash)) throw new RequestError('invitation_required');
  return hash;
}
