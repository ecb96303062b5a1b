// What auth keeps, as its decisions see it. Two stores implement it; one contract suite (store.contract.ts) holds both to it.
//
// An account is one document: OPAQUE record, vault and account log change in one compare-and-set write (DESIGN section 4),
// fenced by the document's version. Tries are a document of their own, because each sign-in that starts rewrites them.
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import type { Tries } from './throttle.ts';

/** `record`, `userIdentifier`: OPAQUE's base64url text. `vault`: Base64, opaque to the server. */
export type OpenAccount = {
  readonly status: 'open';
  readonly userIdentifier: string;
  readonly record: string;
  readonly vault: string;
  readonly log: readonly SignedEntryText[];
};

/** What is left of a deleted account: the name stays taken. `length` = entries that its log had, and one for the deletion. */
type DeletedAccount = { readonly status: 'deleted'; readonly length: number };

export type Account = OpenAccount | DeletedAccount;

/** A document and its version: 1 when first written, one more with each write. */
export type Versioned<T> = { readonly version: number; readonly value: T };

/** `was`: the version that the document must have now; 0 = it must not exist. Afterwards it is `was + 1`. */
export type AccountWrite =
  | {
      readonly type: 'account';
      readonly was: number;
      readonly account: Account;
      /** The hash of the invitation that this write uses up: it must be unused. */
      readonly invitation?: string;
    }
  /** `known`: the name has an account. Of the others, a bounded number is kept. */
  | { readonly type: 'tries'; readonly known: boolean; readonly was: number; readonly tries: Tries };

/** Every method throws Unavailable while the store is away. Addresses are canonical. */
export interface AccountStore {
  load(address: string): Promise<Versioned<Account> | undefined>;
  loadTries(address: string, known: boolean): Promise<Versioned<Tries> | undefined>;
  /** Whether an invitation, by its hash, is used up for who wants to sign up under `address`. */
  invitationUsed(invitation: string, address: string): Promise<boolean>;
  /**
   * Performs the writes in order. A deleted account's tries go with it. Throws Conflict if a version is another or the invitation is
   * used; RequestError `no_space`. A crash or a Conflict may leave a beginning of them done, and nothing of what follows: MongoDB
   * makes one document durable at a time, and a turn that runs again finds the account's change done, and counts its tries again.
   */
  write(address: string, writes: readonly AccountWrite[]): Promise<void>;
  /** Keeps a secret of the deployment under a name unless there is one; returns the one that is kept, for every instance the same. */
  keepSecret(name: string, value: string): Promise<string>;
  /** The secret kept under that name. */
  secret(name: string): Promise<string | undefined>;
}
