// From a text to sealed bytes: who gets a slot, what the private part says, and the same again where a queued message has to be
// sealed anew. All that must be fetched or read is at hand before a number is allotted, because sealing runs inside that transaction.
import { activeDevices, type LogDevice } from '#protocol/account-log.ts';
import { addressFault, directConversation } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { compareBytes, equalBytes } from '#protocol/bytes.ts';
import {
  decodeHeader,
  type Header,
  MESSAGE_ID_BYTES,
  NONCE_BYTES,
  type Position,
  splitBody,
  ZERO_HASH,
} from '#protocol/envelope.ts';
import { CryptoError, RequestError } from '#protocol/errors.ts';
import { GROUP_PROOFS_MAX_MEMBERS, GROUP_SLOTS_MAX, RETENTION_DEFAULT_MS, RETENTION_MIN_MS } from '#protocol/limits.ts';
import { type Accounts, devicesForSending } from './accounts.ts';
import type { Connection } from './connection.ts';
import { isShown, readContent } from './content/content.ts';
import { openSecretbox } from './crypto/nacl.ts';
import { unpad } from './crypto/padding.ts';
import { decodePrivate, HEADS_SEEN_MAX, type HeadSeen, type PrivatePart } from './crypto/private.ts';
import { type SlotRecipient, seal } from './crypto/seal.ts';
import { MESSAGE_KEY_BYTES } from './crypto/slot.ts';
import { type Addressing, groupRecipients, othersIn } from './groups/recipients.ts';
import { mustBeUsable } from './groups/refusals.ts';
import type { GroupTails } from './groups/sight.ts';
import type { OwnDevice } from './own-device.ts';
import type { Known } from './pins.ts';
import type { Clock, Random } from './platform.ts';
import type { NewMessage, OutboxItem, Profile, SealedItem } from './profile/profile.ts';
import { Refusal } from './refusal.ts';
import { slotRecipients, slotText } from './slots.ts';

export type ComposerDeps = {
  readonly own: OwnDevice;
  readonly profile: Profile;
  readonly accounts: Accounts;
  readonly groups: GroupTails;
  readonly clock: Clock;
  readonly random: Random;
};

/** `expiresInMs`: deleted everywhere after this time, and kept no longer by the server. */
export type Draft = { readonly content: Uint8Array; readonly expiresInMs?: number };

/** Seals a queued message anew. `content`: in place of its own. Synchronous. */
export type Reseal = (item: OutboxItem, previous: Uint8Array, content?: Uint8Array) => SealedItem;

/** Where a message goes: what its header says of the conversation, whose devices get slots, and whose `delivered` counts. */
type Target = {
  readonly conversation: string;
  readonly header: Pick<Header, 'conversation' | 'epoch' | 'head'>;
  /** Of the other account; a group has none. */
  readonly recipientPosition: Position | undefined;
  readonly slots: readonly SlotRecipient[];
  readonly people: Pick<NewMessage, 'recipients' | 'counted' | 'group'>;
};

export class Composer {
  readonly #deps: ComposerDeps;

  constructor(deps: ComposerDeps) {
    this.#deps = deps;
  }

  /**
   * Messages to one person (to oneself: to the other own devices) or to a group (`#name@domain`), ready to be enqueued. `connection`: used where a
   * person's log is not known yet. Throws Refusal (blocked, changed identity, no device, forked), RequestError `unknown_user`, `not_a_member`, Unavailable.
   */
  async messages(to: string, drafts: readonly Draft[], connection: () => Promise<Connection>): Promise<NewMessage[]> {
    const { own, profile, clock } = this.#deps;
    const target = to.startsWith('#') ? await this.#group(to, { connection }) : await this.#person(to, connection);
    const heads = headsFor(await profile.receiving.heads(to), own.device);
    const { recipientPosition } = target;
    const positions = { senderPosition: (await this.#own()).state.position, recipientPosition };
    return drafts.map(({ content, expiresInMs }) => {
      const read = readContent(content);
      const createdAt = clock.now();
      const expiry = expiresInMs === undefined ? 0 : createdAt + expiresInMs;
      const part = { ...positions, heads, sentAt: createdAt, expiry, content };
      const id = this.#deps.random(MESSAGE_ID_BYTES);
      return {
        conversation: to,
        ...target.people,
        kind: read.kind,
        content,
        ...(isShown(read) ? {} : { hidden: true }),
        createdAt,
        expiry,
        ...(expiresInMs === undefined ? {} : { retention: retentionOf(expiresInMs) }),
        seal: (seq, previous) => this.#seal(target, id, seq, { previous, ...part }),
      };
    });
  }

  /**
   * What a queued message becomes after the one before it changed, or the group did: same id and number, new K and n. `content`: in place of
   * its own. A group's message goes to its members of now. Throws as `messages`.
   */
  async reseal(conversation: string, addressing: Addressing = { evenIfChanged: true }): Promise<Reseal> {
    const target = conversation.startsWith('#')
      ? await this.#group(conversation, addressing)
      : await this.#samePerson(conversation);
    return (item, previous, content) => {
      const part = reopen(item);
      // Another process of this profile may have done it: its bytes may be on their way already.
      const isDone = content === undefined && isAddressed(item, target) && equalBytes(part.previous, previous);
      if (isDone) return item;
      const changed = { ...part, previous, ...(content === undefined ? {} : { content }) };
      const sealed = this.#seal(target, decodeBase64(item.id), item.seq, changed);
      const { group, ...people } = target.people;
      return group === undefined ? sealed : { ...sealed, people };
    };
  }

  async #person(address: string, connection: () => Promise<Connection>): Promise<Target> {
    const fault = addressFault(address);
    if (fault !== undefined) throw new RequestError('bad_name', fault);
    const other = await this.#deps.accounts.addressee(address, connection);
    return this.#direct(other, devicesForSending(other));
  }

  /** As it is known here, also where the person must decide before anything new is sent. */
  async #samePerson(address: string): Promise<Target> {
    const other = await this.#deps.accounts.known(address);
    if (other === undefined) throw new Refusal('no_device', `${address} is not known here.`);
    return this.#direct(other, activeDevices(other.state));
  }

  /** Every device in use of the other person and of oneself, this one excepted. */
  async #direct(other: Known, theirs: readonly LogDevice[]): Promise<Target> {
    const { own } = this.#deps;
    const { address } = other.pin;
    const toThem = address === own.address ? [] : slotRecipients(other, theirs);
    if (toThem.length === 0 && address !== own.address) {
      throw new Refusal('no_device', `${address} has no device in use at present.`);
    }
    const slots = [...toThem, ...(await this.#ownOthers())];
    if (slots.length === 0)
      throw new Refusal('no_device', 'This is you, and this is your only device: there is nobody to send it to.');
    return {
      conversation: address,
      header: { conversation: directConversation(own.address, address), epoch: 0, head: ZERO_HASH },
      recipientPosition: other.state.position,
      slots,
      people: { recipients: address === own.address ? [] : [address] },
    };
  }

  /** Every device in use of every member, as the group is known here now. */
  async #group(conversation: string, addressing: Addressing): Promise<Target> {
    const { own, profile, accounts, groups } = this.#deps;
    const record = (await profile.groups.get(conversation)) ?? (await groups.find(conversation.slice(1)));
    if (record === undefined) throw new RequestError('not_a_member', `You are not in ${conversation}.`);
    mustBeUsable(record);
    const toThem = await groupRecipients(record, own, accounts, addressing);
    const slots = [...toThem, ...(await this.#ownOthers())];
    const others = othersIn(record, own.address).map(({ address }) => address);
    if (slots.length === 0) {
      const why = others.length === 0 ? 'You are alone in' : 'No other member has a device in use at present:';
      throw new Refusal('no_device', `${why} ${conversation}: there is nobody to send it to.`);
    }
    if (slots.length > GROUP_SLOTS_MAX) {
      const count = `The members of ${conversation} have ${slots.length} devices in use`;
      throw new Refusal('too_many_devices', `${count}; a message goes to ${GROUP_SLOTS_MAX} at most.`);
    }
    const { index: epoch, head } = record.state.position;
    // As a server counts: those whom it has slots for.
    const taking = new Set(toThem.map(({ address }) => address)).size;
    const people =
      taking <= GROUP_PROOFS_MAX_MEMBERS ? { recipients: others } : { recipients: [], counted: others.length };
    return {
      ...{ conversation, slots, recipientPosition: undefined, people: { ...people, group: record.name } },
      header: { conversation: { kind: 'group', group: record.id }, epoch, head },
    };
  }

  /** The own other devices in use. */
  async #ownOthers(): Promise<SlotRecipient[]> {
    const me = await this.#own();
    const { device: own } = this.#deps.own;
    return slotRecipients(me, activeDevices(me.state)).filter(({ device }) => encodeBase64(device) !== own);
  }

  async #own(): Promise<Known> {
    const own = await this.#deps.accounts.known(this.#deps.own.address);
    if (own === undefined)
      throw new Refusal('log_refused', 'The account log of this account is missing from the profile.');
    return own;
  }

  #seal(target: Target, id: Uint8Array, seq: number, part: PrivatePart): SealedItem {
    const { own, random } = this.#deps;
    const sealed = seal({
      header: { ...target.header, id, sender: own.address, device: own.ids.device, seq },
      private: part,
      messageKey: random(MESSAGE_KEY_BYTES),
      nonce: random(NONCE_BYTES),
      sender: own.sealing,
      recipients: target.slots,
    });
    return {
      id: encodeBase64(id),
      header: sealed.header,
      body: sealed.body,
      slots: sealed.slots.map(slotText),
      k: sealed.messageKey,
      mh: sealed.messageHash,
    };
  }
}

/** How long a server keeps what expires after this, both in ms. */
export function retentionOf(expiresInMs: number): number {
  return Math.min(RETENTION_DEFAULT_MS, Math.max(RETENTION_MIN_MS, expiresInMs));
}

/** At most 4 heads, never one's own, sorted by device; of a group those of the highest numbers. */
function headsFor(
  heads: readonly { device: string; seq: number; order: number; mh: Uint8Array }[],
  own: string,
): HeadSeen[] {
  return heads
    .filter(({ device }) => device !== own)
    .sort((a, b) => b.order - a.order)
    .slice(0, HEADS_SEEN_MAX)
    .map(({ device, seq, order, mh }) => ({ device: decodeBase64(device), seq, order, messageHash: mh }))
    .sort((a, b) => compareBytes(a.device, b.device));
}

/** Whether a group's message is sealed for the group as it is now, and for all devices of now. */
function isAddressed({ group, header, slots }: OutboxItem, target: Target): boolean {
  if (group === undefined) return false;
  const { epoch, head } = decodeHeader(header);
  const had = new Set(slots.map(({ to, device }) => `${to} ${device}`));
  const covers = target.slots.every(({ address, device }) => had.has(`${address} ${encodeBase64(device)}`));
  return covers && epoch === target.header.epoch && equalBytes(head, target.header.head);
}

/** The private part of a message that this device sealed itself, by the K that it kept. */
function reopen({ header, body, k }: SealedItem): PrivatePart {
  const { ciphertext, nonce } = splitBody(body);
  const padded = openSecretbox(ciphertext, nonce, k);
  if (padded === undefined) throw new CryptoError('body', 'A queued message does not open with its own key.');
  return decodePrivate(unpad(padded), decodeHeader(header)).part;
}
