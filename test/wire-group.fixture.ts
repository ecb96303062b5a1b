// A group of people who speak the raw protocol: entries that they sign with their devices' keys, and messages sealed for nobody (the server
// does not look inside).
import { randomBytes } from 'node:crypto';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { encodeHeader } from '#protocol/envelope.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import { type Actor, encodeGroupEntry, type GroupChange, type GroupEntry } from '#protocol/group-entry.ts';
import { firstGroupEntry, nextGroupEntry, replayGroupLog } from '#protocol/group-log.ts';
import type { GroupState } from '#protocol/group-state.ts';
import { signLabelled } from '../services/auth/person.fixture.ts';
import { random64, type WirePerson } from './wire-person.fixture.ts';

const SLOT_BYTES = 80;
const BODY_BYTES = 400;

/** A group as one of its clients holds it: each entry that it writes is there as soon as it is written. */
export class WireGroup {
  readonly name: string;
  #state: GroupState | undefined;

  /** `name`: name@domain. */
  constructor(name: string) {
    this.name = name;
  }

  get state(): GroupState {
    if (!this.#state) throw new Error('The group is not there yet.');
    return this.#state;
  }

  create(person: WirePerson, policy: 'closed' | 'open' | 'lobby' = 'closed'): SignedGroupEntryText {
    const change = { type: 'create', name: this.name, policy, random: new Uint8Array(randomBytes(16)) } as const;
    return this.#signed(person, firstGroupEntry(actorOf(person), change, Date.now()));
  }

  by(person: WirePerson, change: Exclude<GroupChange, { type: 'create' }>): SignedGroupEntryText {
    return this.#signed(person, nextGroupEntry(this.state, actorOf(person), change, Date.now()));
  }

  /** A message as of the group's present epoch, with a slot for the device of each. */
  message(from: WirePerson, to: readonly WirePerson[], seq: number): Omit<ClientFrameOf<'send'>, 'type' | 'id'> {
    const { group, position } = this.state;
    const header = encodeHeader({
      conversation: { kind: 'group', group },
      epoch: position.index,
      head: position.head,
      id: new Uint8Array(randomBytes(16)),
      sender: from.address,
      device: from.device.id,
      seq,
    });
    const slots = to.map((one) => ({ to: one.address, device: one.device.name, slot: random64(SLOT_BYTES) }));
    return { header: encodeBase64(header), body: random64(BODY_BYTES), slots, group: this.name };
  }

  #signed(person: WirePerson, entry: GroupEntry): SignedGroupEntryText {
    const bytes = encodeGroupEntry(entry);
    this.#state = replayGroupLog([bytes], this.#state?.deleted || entry.index === 0 ? undefined : this.#state);
    return { entry: encodeBase64(bytes), signature: signLabelled('entry', bytes, person.device.ed25519) };
  }
}

function actorOf({ address, identity, device, log }: WirePerson): Actor {
  if (!log) throw new Error(`${address} has not signed up.`);
  return { address, identity: identity.publicKey, device: decodeBase64(device.name), position: log.position };
}

export function subjectOf(person: WirePerson) {
  return { address: person.address, identity: person.identity.publicKey };
}
