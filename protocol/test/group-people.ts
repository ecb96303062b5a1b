// People with accounts and devices that sign, for the tests of group logs; made from their names, so that every run has the same.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { encodeAccountEntry, encodeSignedEntry, type SignedEntry, type SignedEntryText } from '../account-entry.ts';
import { type AccountState, activeDevices, appendEntry, nextEntry } from '../account-log.ts';
import { type Actor, encodeGroupEntry, type GroupEntry, type SignedGroupEntry } from '../group-entry.ts';
import { type SignLabel, signedBytes } from '../hash.ts';

const PKCS8 = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' };
const KEY_BYTES = 32;

function keyOf(kind: keyof typeof PKCS8, seed: string): KeyObject {
  const secret = createHash('sha256').update(`${kind} ${seed}`).digest();
  const key = Buffer.concat([Buffer.from(PKCS8[kind], 'hex'), secret]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function publicOf(key: KeyObject): Uint8Array {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(-KEY_BYTES));
}

const signed = (key: KeyObject, label: SignLabel, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(sign(null, signedBytes(label, bytes), key));

export class GroupPerson {
  readonly address: string;
  /** The account log as auth has it. */
  readonly log: SignedEntryText[] = [];
  readonly #identity: KeyObject;
  readonly #devices: KeyObject[] = [];
  #account: AccountState | undefined;
  #time = 1_800_000_000_000;

  /** `generation`: another one is another identity under the same name. */
  constructor(name: string, generation = 1) {
    this.address = `${name}@parley.example`;
    this.#identity = keyOf('ed25519', `${this.address} ${generation}`);
    this.enrol();
  }

  get account(): AccountState {
    if (this.#account === undefined) throw new Error('a person has an account');
    return this.#account;
  }

  /** As who it acts now, with one of its devices. */
  actor(device = 0): Actor {
    const { identity, position } = this.account;
    const one = [...this.account.devices.values()][device];
    if (one === undefined) throw new Error(`${this.address} has no device ${device}`);
    return { address: this.address, identity, device: one.id, position };
  }

  enrol(): void {
    const device = keyOf('ed25519', `${this.address} device ${this.#devices.length}`);
    const x25519 = publicOf(keyOf('x25519', `${this.address} device ${this.#devices.length}`));
    this.#devices.push(device);
    this.#append({ type: 'device', x25519, ed25519: publicOf(device), suites: [1] }, device);
  }

  revoke(device: number): void {
    this.#append({ type: 'revoke', device: this.actor(device).device });
  }

  sign(entry: GroupEntry, device = 0): SignedGroupEntry {
    const bytes = encodeGroupEntry(entry);
    return { entry: bytes, signature: this.signBytes(bytes, device) };
  }

  signBytes(bytes: Uint8Array, device = 0): Uint8Array {
    const key = this.#devices[device];
    if (key === undefined) throw new Error(`${this.address} has no device ${device}`);
    return signed(key, 'entry', bytes);
  }

  get devicesInUse(): number {
    return activeDevices(this.account).length;
  }

  #append(change: Parameters<typeof nextEntry>[3], device?: KeyObject): void {
    const { address } = this;
    this.#time += 1_000;
    const entry = encodeAccountEntry(
      nextEntry(this.#account, { address, identity: publicOf(this.#identity) }, this.#time, change),
    );
    const one: SignedEntry = { entry, signature: signed(this.#identity, 'account', entry) };
    const both = device === undefined ? one : { ...one, countersignature: signed(device, 'device-entry', entry) };
    this.#account = appendEntry(this.#account, both, address);
    this.log.push(encodeSignedEntry(both));
  }
}
