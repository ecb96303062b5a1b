// A group as a load generator needs it: the real log of its entries, and its messages, sealed as a client seals them.
import { encodeBase64 } from '#protocol/base64.ts';
import { MESSAGE_ID_BYTES, NONCE_BYTES, type Position, ZERO_HASH } from '#protocol/envelope.ts';
import { textContent } from '../clients/sdk/content.ts';
import { type Sealed, type SlotRecipient, seal } from '../clients/sdk/crypto/seal.ts';
import { BoxKeys, MESSAGE_KEY_BYTES } from '../clients/sdk/crypto/slot.ts';
import { TEXT_BYTES } from './messages.ts';
import { type Person, random } from './people.ts';

/** Where a group stands: its id, and the entry that its messages are sealed under. */
export type GroupPlace = { readonly group: Uint8Array; readonly position: Position };

export function slotRecipient(person: Person): SlotRecipient {
  return { ...person.ids(), x25519: person.device.x25519 };
}

/** Seals the messages that one person writes to a group, in their order. */
export class GroupWriter {
  readonly #from: Person;
  readonly #place: GroupPlace;
  readonly #recipients: readonly SlotRecipient[];
  readonly #boxKeys: BoxKeys;
  #previous = ZERO_HASH;
  #seq = 0;

  /** It knows no recipient yet: the first message is sealed cold. */
  constructor(from: Person, place: GroupPlace, recipients: readonly SlotRecipient[]) {
    this.#from = from;
    this.#place = place;
    this.#recipients = recipients;
    this.#boxKeys = new BoxKeys(from.device.secrets.x25519Secret);
  }

  next(): { readonly id: string; readonly sealed: Sealed } {
    const [from, { group, position }] = [this.#from, this.#place];
    const id = random(MESSAGE_ID_BYTES);
    this.#seq += 1;
    const text = `From ${from.address}: ${this.#seq} `.padEnd(TEXT_BYTES, 'abcdefghij ');
    const sealed = seal({
      header: {
        conversation: { kind: 'group', group },
        epoch: position.index,
        head: position.head,
        id,
        sender: from.address,
        device: from.device.id,
        seq: this.#seq,
      },
      private: {
        previous: this.#previous,
        senderPosition: from.log.position,
        recipientPosition: undefined,
        heads: [],
        sentAt: Date.now(),
        expiry: 0,
        content: textContent(text),
      },
      messageKey: random(MESSAGE_KEY_BYTES),
      nonce: random(NONCE_BYTES),
      sender: {
        identity: from.identity,
        ed25519Seed: from.device.secrets.ed25519Seed,
        boxKeys: this.#boxKeys,
      },
      recipients: this.#recipients,
    });
    this.#previous = sealed.messageHash;
    return { id: encodeBase64(id), sealed };
  }
}
