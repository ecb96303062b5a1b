// Auth's documents in MongoDB: every operation of auth is in this file. Stored:
//
//   auth_accounts       {_id: address, version, status, userIdentifier, record, vault, log, invitation}
//                         `log`: a JSON list of signed entries. A deleted one has `length` in the place of what it had.
//   auth_tries          {_id: address, version, count, at}          tries on existing accounts
//   auth_unknown_tries  {_id: slot, address, version, count, at}    tries on names that nobody has; another name may take the slot
//   auth_invitations    {_id: hash, address}                        invitations, and who signs up with them
//   auth_secrets        {_id: name, value}
//
// Each document is looked up by its key and fenced by its version. An invitation is claimed before the account is made: it is used once
// the account of its address has it, so that a crash in between spends it on nobody else's account, and keeps it for that address.
import { createHmac } from 'node:crypto';
import type { Collection } from 'mongodb';
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import { Conflict } from '#runtime/store/database.ts';
import type { Collections, Keyed } from '#runtime/store/mongo.ts';
import { attempt } from '#runtime/store/mongo-errors.ts';
import { UNKNOWN_NAMES_MAX } from './limits.ts';
import type { Account, AccountStore, AccountWrite, Versioned } from './store.ts';
import type { Tries } from './throttle.ts';

type AccountDocument = Keyed & {
  readonly version: number;
  readonly invitation?: string;
} & (
    | {
        readonly status: 'open';
        readonly userIdentifier: string;
        readonly record: string;
        readonly vault: string;
        readonly log: string;
      }
    | { readonly status: 'deleted'; readonly length: number }
  );
type TriesDocument = Keyed & Tries & { readonly version: number };
type UnknownTriesDocument = TriesDocument & { readonly address: string };
type InvitationDocument = Keyed & { readonly address: string };

const SLOT_SECRET = 'slots of unknown names';
const SLOT_SECRET_BYTES = 32;
/** Bytes of a MAC that choose a slot. */
const SLOT_BYTES = 6;

const GONE_WITH_DELETION = { userIdentifier: 1, record: 1, vault: 1, log: 1 } as const;

/** The store of auth. `random`: new random bytes. `unknownNamesMax`: so many names that nobody has keep their tries. */
export class MongoAccountStore implements AccountStore {
  readonly #accounts: Collection<AccountDocument>;
  readonly #tries: Collection<TriesDocument>;
  readonly #unknownTries: Collection<UnknownTriesDocument>;
  readonly #invitations: Collection<InvitationDocument>;
  readonly #secrets: Collection<Keyed & { readonly value: string }>;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #unknownNamesMax: number;
  #slotSecret: string | undefined;

  constructor(mongo: Collections, random: (bytes: number) => Uint8Array, unknownNamesMax = UNKNOWN_NAMES_MAX) {
    this.#accounts = mongo.collection('auth_accounts');
    this.#tries = mongo.collection('auth_tries');
    this.#unknownTries = mongo.collection('auth_unknown_tries');
    this.#invitations = mongo.collection('auth_invitations');
    this.#secrets = mongo.collection('auth_secrets');
    this.#random = random;
    this.#unknownNamesMax = unknownNamesMax;
  }

  async load(address: string): Promise<Versioned<Account> | undefined> {
    const document = await attempt(() => this.#accounts.findOne({ _id: address }));
    return document ? { version: document.version, value: toAccount(document) } : undefined;
  }

  async loadTries(address: string, known: boolean): Promise<Versioned<Tries> | undefined> {
    const document = known ? await attempt(() => this.#tries.findOne({ _id: address })) : await this.#inSlot(address);
    return document ? { version: document.version, value: { count: document.count, at: document.at } } : undefined;
  }

  async invitationUsed(invitation: string, address: string): Promise<boolean> {
    const claim = await attempt(() => this.#invitations.findOne({ _id: invitation }));
    return claim !== null && (await this.#isUsed(claim, address));
  }

  async write(address: string, writes: readonly AccountWrite[]): Promise<void> {
    for (const write of writes) {
      if (write.type === 'tries') await this.#writeTries(address, write);
      else await this.#writeAccount(address, write);
    }
  }

  async keepSecret(name: string, value: string): Promise<string> {
    await attempt(() => this.#secrets.insertOne({ _id: name, value })).catch((error) => {
      if (!(error instanceof Conflict)) throw error;
    });
    return (await this.secret(name)) ?? value;
  }

  async secret(name: string): Promise<string | undefined> {
    return (await attempt(() => this.#secrets.findOne({ _id: name })))?.value;
  }

  // ---- accounts ------------------------------------------------------------

  async #writeAccount(
    address: string,
    { was, account, invitation }: AccountWrite & { type: 'account' },
  ): Promise<void> {
    if (invitation !== undefined) await this.#claim(invitation, address);
    // Before the account, whose deletion is asked for again after a crash; afterwards nobody would look for them.
    if (account.status === 'deleted') await attempt(() => this.#tries.deleteOne({ _id: address }));
    const fields = { ...toFields(account), version: was + 1 };
    if (was === 0) {
      const used = invitation === undefined ? {} : { invitation };
      await attempt(() => this.#accounts.insertOne({ _id: address, ...fields, ...used }));
      return;
    }
    const gone = account.status === 'deleted' ? { $unset: GONE_WITH_DELETION } : {};
    const { matchedCount } = await attempt(() =>
      this.#accounts.updateOne({ _id: address, version: was }, { $set: fields, ...gone }),
    );
    if (matchedCount === 0) throw new Conflict(`The account ${address} has another version than ${was}.`);
  }

  async #claim(invitation: string, address: string): Promise<void> {
    try {
      await attempt(() => this.#invitations.insertOne({ _id: invitation, address }));
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      await this.#claimAgain(invitation, address);
    }
  }

  async #claimAgain(invitation: string, address: string): Promise<void> {
    const claim = await attempt(() => this.#invitations.findOne({ _id: invitation }));
    if (!claim || (await this.#isUsed(claim, address))) throw new Conflict(`The invitation ${invitation} is used.`);
    const { matchedCount } = await attempt(() =>
      this.#invitations.updateOne({ _id: invitation, address: claim.address }, { $set: { address } }),
    );
    if (matchedCount === 0) throw new Conflict(`The invitation ${invitation} was claimed by somebody else.`);
  }

  /**
   * Whether this claim keeps an address from signing up with the invitation. It does not if the claiming address has an account without
   * it, which stays so; or if that address is this one, and has none: then an earlier try was cut off.
   */
  async #isUsed(claim: InvitationDocument, address: string): Promise<boolean> {
    const owner = await attempt(() =>
      this.#accounts.findOne({ _id: claim.address }, { projection: { invitation: 1 } }),
    );
    return owner ? owner.invitation === claim._id : claim.address !== address;
  }

  // ---- tries ---------------------------------------------------------------

  async #writeTries(address: string, { known, was, tries }: AccountWrite & { type: 'tries' }): Promise<void> {
    const fields = { count: tries.count, at: tries.at, version: was + 1 };
    if (was === 0) {
      if (known) await attempt(() => this.#tries.insertOne({ _id: address, ...fields }));
      else await this.#takeSlot(address, { address, ...fields });
      return;
    }
    const update = { $set: fields };
    const { matchedCount } = known
      ? await attempt(() => this.#tries.updateOne({ _id: address, version: was }, update))
      : await this.#slotOf(address).then((_id) =>
          attempt(() => this.#unknownTries.updateOne({ _id, address, version: was }, update)),
        );
    if (matchedCount === 0) throw new Conflict(`The tries on ${address} have another version than ${was}.`);
  }

  /** Whoever has the slot is forgotten. If it is this address, the filter finds nothing and the insert meets its key: Conflict. */
  async #takeSlot(address: string, document: Omit<UnknownTriesDocument, '_id'>): Promise<void> {
    const _id = await this.#slotOf(address);
    const another = { _id, address: { $ne: address } };
    await attempt(() => this.#unknownTries.replaceOne(another, document, { upsert: true }));
  }

  async #inSlot(address: string): Promise<UnknownTriesDocument | undefined> {
    const _id = await this.#slotOf(address);
    const document = await attempt(() => this.#unknownTries.findOne({ _id }));
    return document?.address === address ? document : undefined;
  }

  /** As many slots as names are to be kept. By a secret, or somebody could look for names that push out the tries on another. */
  async #slotOf(address: string): Promise<string> {
    this.#slotSecret ??= await this.keepSecret(
      SLOT_SECRET,
      Buffer.from(this.#random(SLOT_SECRET_BYTES)).toString('base64url'),
    );
    const mac = createHmac('sha256', this.#slotSecret).update(address).digest();
    return String(mac.readUIntBE(0, SLOT_BYTES) % this.#unknownNamesMax);
  }
}

function toFields(account: Account) {
  if (account.status === 'deleted') return { status: account.status, length: account.length };
  const { status, userIdentifier, record, vault, log } = account;
  return { status, userIdentifier, record, vault, log: JSON.stringify(log) };
}

function toAccount(document: AccountDocument): Account {
  if (document.status === 'deleted') return { status: 'deleted', length: document.length };
  const { status, userIdentifier, record, vault, log } = document;
  return { status, userIdentifier, record, vault, log: JSON.parse(log) as SignedEntryText[] }; // written by this file alone
}
