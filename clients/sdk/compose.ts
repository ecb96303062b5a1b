// From a text to sealed bytes: who gets a slot, what the private part says, and the same again where a queued message has to be
// sealed anew. All that must be fetched or read is at hand before a number is allotted, because sealing runs inside that transaction.
import { activeDevices, type LogDevice } from '#protocol/account-log.ts';
import { addressFault, directConversation } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { compareBytes } from '#protocol/bytes.ts';
import { decodeHeader, type Header, MESSAGE_ID_BYTES, NONCE_BYTES, splitBody, ZERO_HASH } from '#protocol/envelope.ts';
import { CryptoError, RequestError } from '#protocol/errors.ts';
import { RETENTION_DEFAULT_MS, RETENTION_MIN_MS } from '#protocol/limits.ts';
import { type Accounts, devicesForSending } from './accounts.ts';
import type { Connection } from './connection.ts';
import { isShown, readContent } from './content.ts';
import { openSecretbox } from './crypto/nacl.ts';
import { unpad } from './crypto/padding.ts';
import { decodePrivate, HEADS_SEEN_MAX, type HeadSeen, type PrivatePart } from './crypto/private.ts';
import { type SealedSlot, type SlotRecipient, seal } from './crypto/seal.ts';
import { MESSAGE_KEY_BYTES } from './crypto/slot.ts';
import type { OwnDevice } from './own-device.ts';
import type { Known } from './pins.ts';
import type { Clock, Random } from './platform.ts';
import type { NewMessage, OutboxItem, Profile, SealedItem } from './profile/profile.ts';
import { Refusal } from './refusal.ts';

export type ComposerDeps = {
  readonly own: OwnDevice;
  readonly profile: Profile;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly random: Random;
};

/** `expiresInMs`: deleted everywhere after this time, and kept no longer by the server. */
export type Draft = { readonly content: Uint8Array; readonly expiresInMs?: number };

export class Composer {
  readonly #deps: ComposerDeps;

  constructor(deps: ComposerDeps) {
    this.#deps = deps;
  }

  /**
   * Messages to one person (to oneself: to the other own devices), ready to be enqueued. `connection`: used where the person's log is not
   * known yet. Throws Refusal (blocked, changed identity, no device), RequestError `unknown_user`, Unavailable.
   */
  async messages(to: string, drafts: readonly Draft[], connection: () => Promise<Connection>): Promise<NewMessage[]> {
    const { own, profile, clock } = this.#deps;
    const fault = addressFault(to);
    if (fault !== undefined) throw new RequestError('bad_name', fault);
    const other = await this.#deps.accounts.addressee(to, connection);
    const recipients = await this.#recipients(other);
    const heads = headsFor(await profile.receiving.heads(to), own.device);
    const positions = { senderPosition: (await this.#own()).state.position, recipientPosition: other.state.position };
    return drafts.map(({ content, expiresInMs }) => {
      const read = readContent(content);
      const createdAt = clock.now();
      const expiry = expiresInMs === undefined ? 0 : createdAt + expiresInMs;
      const part = { ...positions, heads, sentAt: createdAt, expiry, content };
      const id = this.#deps.random(MESSAGE_ID_BYTES);
      return {
        conversation: to,
        recipients: to === own.address ? [] : [to],
        kind: read.kind,
        content,
        ...(isShown(read) ? {} : { hidden: true }),
        createdAt,
        expiry,
        ...(expiresInMs === undefined
          ? {}
          : { retention: Math.min(RETENTION_DEFAULT_MS, Math.max(RETENTION_MIN_MS, expiresInMs)) }),
        seal: (seq, previous) => this.#seal(to, id, seq, { previous, ...part }, recipients),
      };
    });
  }

  /** What a queued message becomes after the one before it changed: same id and number, new K and n. `content`: in place of its own. */
  async reseal(
    conversation: string,
  ): Promise<(item: OutboxItem, previous: Uint8Array, content?: Uint8Array) => SealedItem> {
    const other = await this.#deps.accounts.known(conversation);
    if (other === undefined) throw new Refusal('no_device', `${conversation} is not known here.`);
    const recipients = await this.#recipients(other, true);
    return (item, previous, content) => {
      const part = reopen(item);
      const changed = { ...part, previous, ...(content === undefined ? {} : { content }) };
      return this.#seal(conversation, decodeBase64(item.id), item.seq, changed, recipients);
    };
  }

  /** Every device in use of the other person and of oneself, this one excepted. */
  async #recipients(other: Known, evenIfRefused = false): Promise<SlotRecipient[]> {
    const { own } = this.#deps;
    const theirs = evenIfRefused ? activeDevices(other.state) : devicesForSending(other);
    const toThem = other.pin.address === own.address ? [] : slotRecipients(other, theirs);
    if (toThem.length === 0 && other.pin.address !== own.address) {
      throw new Refusal('no_device', `${other.pin.address} has no device in use at present.`);
    }
    const me = await this.#own();
    const toMine = slotRecipients(me, activeDevices(me.state)).filter(
      ({ device }) => encodeBase64(device) !== own.device,
    );
    if (toThem.length + toMine.length === 0)
      throw new Refusal('no_device', 'This is you, and this is your only device: there is nobody to send it to.');
    return [...toThem, ...toMine];
  }

  async #own(): Promise<Known> {
    const own = await this.#deps.accounts.known(this.#deps.own.address);
    if (own === undefined)
      throw new Refusal('log_refused', 'The account log of this account is missing from the profile.');
    return own;
  }

  #seal(to: string, id: Uint8Array, seq: number, part: PrivatePart, recipients: readonly SlotRecipient[]): SealedItem {
    const { own, random } = this.#deps;
    const header: Header = {
      conversation: directConversation(own.address, to),
      epoch: 0,
      head: ZERO_HASH,
      id,
      sender: own.address,
      device: own.ids.device,
      seq,
    };
    const sealed = seal({
      header,
      private: part,
      messageKey: random(MESSAGE_KEY_BYTES),
      nonce: random(NONCE_BYTES),
      sender: own.sealing,
      recipients,
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

/** A slot with its device's id as text. */
export function slotText({ to, device, slot }: SealedSlot): SealedItem['slots'][number] {
  return { to, device: encodeBase64(device), slot };
}

/** Devices of one person, as slots name them. */
export function slotRecipients({ pin, state }: Known, devices: readonly LogDevice[]): SlotRecipient[] {
  return devices.map(({ id, x25519 }) => ({ address: pin.address, identity: state.identity, device: id, x25519 }));
}

/** At most 4 heads, never one's own, sorted by device. */
function headsFor(
  heads: readonly { device: string; seq: number; order: number; mh: Uint8Array }[],
  own: string,
): HeadSeen[] {
  return heads
    .filter(({ device }) => device !== own)
    .slice(0, HEADS_SEEN_MAX)
    .map(({ device, seq, order, mh }) => ({ device: decodeBase64(device), seq, order, messageHash: mh }))
    .sort((a, b) => compareBytes(a.device, b.device));
}

/** The private part of a message that this device sealed itself, by the K that it kept. */
function reopen({ header, body, k }: SealedItem): PrivatePart {
  const { ciphertext, nonce } = splitBody(body);
  const padded = openSecretbox(ciphertext, nonce, k);
  if (padded === undefined) throw new CryptoError('body', 'A queued message does not open with its own key.');
  return decodePrivate(unpad(padded), decodeHeader(header)).part;
}
