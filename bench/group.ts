// A group as a load generator needs it: the real log of its entries, and messages of real bytes.
import { encodeBase64 } from '#protocol/base64.ts';
import { MESSAGE_ID_BYTES, NONCE_BYTES, type Position, ZERO_HASH } from '#protocol/envelope.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import { type Actor, encodeGroupEntry, encodeSignedGroupEntry, type GroupEntry } from '#protocol/group-entry.ts';
import { firstGroupEntry, nextGroupEntry, replayGroupLog } from '#protocol/group-log.ts';
import { textContent } from '../clients/sdk/content/content.ts';
import { type Sealed, type SlotRecipient, seal } from '../clients/sdk/crypto/seal.ts';
import { signLabelled } from '../clients/sdk/crypto/sign.ts';
import { MESSAGE_KEY_BYTES } from '../clients/sdk/crypto/slot.ts';
import { TEXT_BYTES } from './messages.ts';
import { DOMAIN, type Person, random } from './people.ts';

/** Where a group stands: its id, and the entry that its messages are sealed under. */
export type GroupPlace = { readonly group: Uint8Array; readonly position: Position };

/** A closed group. The first of its people made it, and added the others, with `entries`. */
export type Group = {
  readonly name: string;
  readonly people: readonly Person[];
  readonly entries: readonly SignedGroupEntryText[];
  readonly place: GroupPlace;
};

const CREATION_RANDOM_BYTES = 16;

export function makeGroup(name: string, people: readonly [Person, ...Person[]], now = Date.now()): Group {
  const [creator, ...others] = people;
  const actor: Actor = {
    address: creator.address,
    identity: creator.identity,
    device: creator.device.id,
    position: creator.log.position,
  };
  const entries: SignedGroupEntryText[] = [];
  const add = (entry: GroupEntry): Uint8Array => {
    const bytes = encodeGroupEntry(entry);
    const signature = signLabelled('entry', bytes, creator.device.secrets.ed25519Seed);
    entries.push(encodeSignedGroupEntry({ entry: bytes, signature }));
    return bytes;
  };
  const address = `${name}@${DOMAIN}`;
  const creation = { type: 'create', name: address, policy: 'closed', random: random(CREATION_RANDOM_BYTES) } as const;
  let state = replayGroupLog([add(firstGroupEntry(actor, creation, now))]);
  for (const subject of others) {
    const what = { type: 'add', subject: { address: subject.address, identity: subject.identity } } as const;
    state = replayGroupLog([add(nextGroupEntry(state, actor, what, now))], state);
  }
  return { name: address, people, entries, place: state };
}

export function slotRecipient(person: Person): SlotRecipient {
  return { ...person.ids(), x25519: person.device.x25519 };
}

/** Seals the messages that one person writes to a group, in their order. Recipients to whom they never wrote are sealed to cold. */
export class GroupWriter {
  readonly #from: Person;
  readonly #place: GroupPlace;
  readonly #recipients: readonly SlotRecipient[];
  #previous = ZERO_HASH;
  #seq = 0;

  constructor(from: Person, place: GroupPlace, recipients: readonly SlotRecipient[]) {
    this.#from = from;
    this.#place = place;
    this.#recipients = recipients;
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
        boxKeys: from.device.boxKeys,
      },
      recipients: this.#recipients,
    });
    this.#previous = sealed.messageHash;
    return { id: encodeBase64(id), sealed };
  }
}
