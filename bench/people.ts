// The accounts of a load test: real keys, real entries of their logs, real sessions. Only the password is for show: one OPAQUE
// registration with cheap stretching serves all accounts of a server, because making 8,000 would take longer than the test.
import { randomBytes } from 'node:crypto';
import { encodeSignedEntry } from '#protocol/account-entry.ts';
import { type AccountState, replayAccountLog } from '#protocol/account-log.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { type DeviceIds, deviceId, SUITE } from '#protocol/envelope.ts';
import { CLIENT_NONCE_BYTES, sessionBytes } from '#protocol/session.ts';
import { secrets } from '#secrets';
import { type DeviceSecrets, enrolDevice } from '../clients/sdk/crypto/account.ts';
import { signLabelled } from '../clients/sdk/crypto/sign.ts';
import { BoxKeys } from '../clients/sdk/crypto/slot.ts';
import { fromBase64Url, registration, STRETCHING_CHEAP } from '../clients/sdk/opaque.ts';
import { Wire } from './wire.ts';

export const DOMAIN = 'localhost';
const KEY_BYTES = 32;
const VAULT_BYTES = 130;
/** Connections that make accounts, and requests that each has under way. */
const MAKERS = 4;
const MAKER_WINDOW = 8;

export function random(bytes: number): Uint8Array {
  return new Uint8Array(randomBytes(bytes));
}

/** A device and the number of its last session. */
export type Device = {
  readonly secrets: DeviceSecrets;
  readonly x25519: Uint8Array;
  readonly id: Uint8Array;
  readonly name: string;
  readonly boxKeys: BoxKeys;
  sessions: number;
};

function makeDevice(): Device {
  const keys = { x25519Secret: random(KEY_BYTES), ed25519Seed: random(KEY_BYTES) };
  const x25519 = secrets.x25519Public(keys.x25519Secret);
  const id = deviceId(x25519, secrets.ed25519Public(keys.ed25519Seed));
  return { secrets: keys, x25519, id, name: encodeBase64(id), boxKeys: new BoxKeys(keys.x25519Secret), sessions: 0 };
}

export class Person {
  readonly address: string;
  readonly identitySeed = random(KEY_BYTES);
  readonly identity = secrets.ed25519Public(this.identitySeed);
  readonly devices: readonly Device[];
  /** The log with all devices; the same on every server that this person signs up at. */
  readonly entries: readonly ReturnType<typeof encodeSignedEntry>[];
  readonly log: AccountState;

  constructor(name: string, devices = 1, now = Date.now()) {
    this.address = `${name}@${DOMAIN}`;
    this.devices = Array.from({ length: devices }, makeDevice);
    const log: ReturnType<typeof enrolDevice>[] = [];
    let state: AccountState | undefined;
    for (const device of this.devices) {
      log.push(
        enrolDevice({ address: this.address, identitySeed: this.identitySeed, state }, device.secrets, [SUITE], now),
      );
      state = replayAccountLog(log, this.address); // verified by the server, which is what is being loaded
    }
    if (!state) throw new RangeError('A person needs a device.');
    this.entries = log.map(encodeSignedEntry);
    this.log = state;
  }

  /** The first device. */
  get device(): Device {
    return this.devices[0] as Device; // the constructor saw to it
  }

  ids(device = this.device): DeviceIds {
    return { address: this.address, identity: this.identity, device: device.id };
  }
}

/** Signs everybody up, with all their devices. */
export async function signUpAll(url: string, people: readonly Person[]): Promise<void> {
  const waiting = [...people];
  const [first] = people;
  if (!first) return;
  const wires = await Promise.all(Array.from({ length: MAKERS }, () => Wire.open(url)));
  const [wire] = wires as [Wire];
  const { serverKey } = await wire.challenge;
  const attempt = await registration('a password for show', {
    address: first.address,
    serverKey,
    stretching: STRETCHING_CHEAP,
  });
  const started = await wire.ask('signup.start', { address: first.address, request: attempt.request });
  const { record } = attempt.finish(started.response);
  const work = async (on: Wire): Promise<void> => {
    for (let person = waiting.pop(); person; person = waiting.pop()) {
      await signUp(on, person, started.registration, record);
    }
  };
  await Promise.all(wires.flatMap((on) => Array.from({ length: MAKER_WINDOW }, () => work(on))));
  for (const each of wires) each.close();
}

async function signUp(wire: Wire, person: Person, ticket: string, record: string): Promise<void> {
  const { address } = person;
  const [entry, ...further] = person.entries as [Person['entries'][number], ...Person['entries']];
  const vault = encodeBase64(random(VAULT_BYTES));
  await wire.ask('signup.finish', { address, registration: ticket, record, vault, entry });
  for (const next of further) await wire.ask('log.append', { address, entry: next });
}

/** Opens a receiving session of a device on a connected wire. Resolves with its `ok`; `synced` comes as a frame. */
export async function openSession(wire: Wire, person: Person, device = person.device): Promise<void> {
  const { nonce, serverKey } = await wire.challenge;
  device.sessions += 1;
  const clientNonce = random(CLIENT_NONCE_BYTES);
  const claim = sessionBytes({
    domain: DOMAIN,
    serverKey: fromBase64Url(serverKey),
    serverNonce: decodeBase64(nonce),
    clientNonce,
    address: person.address,
    device: device.id,
    number: device.sessions,
  });
  await wire.ask('session', {
    address: person.address,
    device: device.name,
    number: device.sessions,
    nonce: encodeBase64(clientNonce),
    signature: encodeBase64(signLabelled('session', claim, device.secrets.ed25519Seed)),
    receive: true,
  });
}

/** A connection with a receiving session. */
export async function connect(url: string, person: Person, device = person.device): Promise<Wire> {
  const wire = await Wire.open(url);
  await openSession(wire, person, device);
  return wire;
}
