// What an account actor holds and what its decisions return: (state, command) → outcome, pure but for the memory in `AuthContext`.
import type { AccountState } from '#protocol/account-log.ts';
import { RequestError } from '#protocol/errors.ts';
import type { RequestType } from '#protocol/frames/client.ts';
import type { Answer } from '#protocol/frames/server.ts';
import type { SignUpPolicy } from './invitations.ts';
import type { LoginsUnderWay } from './logins.ts';
import type { OpaqueServer } from './opaque.ts';
import type { Account, OpenAccount } from './store.ts';
import type { SourceTries, ThrottleRule, Tries } from './throttle.ts';

export type AuthState = {
  readonly address: string;
  /** undefined: nobody has this name. */
  readonly account: Account | undefined;
  /** What the log of an open account says: decoded once, because a reconnecting crowd asks for it 2,000 times a second. */
  readonly log: AccountState | undefined;
  readonly tries: Tries;
};

/** What a decision came to. Absent `state`: nothing changes. */
export type Outcome<T extends RequestType = RequestType> = {
  readonly state?: AuthState;
  /** The hash of an invitation that is used up by this change. */
  readonly invitation?: string;
  /** The mailbox is to hear of the devices: after a change, and again whenever the same change is asked for again. */
  readonly announce?: boolean;
} & ({ readonly answer: Answer<T> } | { readonly refusal: RequestError });

/** What the decisions of all accounts of an instance share. */
export type AuthContext = {
  readonly domain: string;
  readonly opaque: OpaqueServer;
  readonly signUp: SignUpPolicy;
  /** New random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  readonly logins: LoginsUnderWay;
  readonly sources: SourceTries;
  readonly accountRule: ThrottleRule;
};

/** The open account and its log; a name that nobody has, or whose account was deleted, is a RequestError `unknown_user`. */
export function openAccount({ account, log }: AuthState): {
  readonly account: OpenAccount;
  readonly log: AccountState;
} {
  if (account?.status !== 'open' || !log) throw new RequestError('unknown_user');
  return { account, log };
}
