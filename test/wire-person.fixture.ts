// Somebody with real keys who speaks the raw protocol: signs up, opens sessions, and sends bytes that are sealed for nobody (the
// server does not look inside).
import { randomBytes } from 'node:crypto';
import { client } from '@serenity-kit/opaque';
import { type AccountChange, accountDeletionBytes, encodeAccountEntry } from '#protocol/account-entry.ts';
import { type AccountState, appendEntry, nextEntry } from '#protocol/account-log.ts';
import { directConversation } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { CLOSE } from '#protocol/close-codes.ts';
import { encodeHeader, type Header, ZERO_HASH } from '#protocol/envelope.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { sessionBytes } from '#protocol/session.ts';
import { Device, signLabelled } from '../services/auth/person.fixture.ts';
import { type Asked, Ended, Wire } from './wire.fixture.ts';

/** Protects nothing: keeps tests fast. */
const KEY_STRETCHING = { 'argon2id-custom': { iterations: 1, memory: 64, parallelism: 1 } };
const SLOT_BYTES = 80;
const BODY_BYTES = 400;

export { Device };

type Fields<T extends Asked['type']> = Omit<ClientFrameOf<T>, 'type' | 'id'>;
export const random64 = (bytes: number): string => encodeBase64(new Uint8Array(randomBytes(bytes)));

export class WirePerson {
  readonly address: string;
  readonly password = 'correct horse battery staple';
  readonly device = new Device();
  readonly identity = new Device().ed25519;
  readonly vault = random64(130);
  log: AccountState | undefined;
  /** The number of the last session, and of the last message. */
  number = 0;
  seq = 0;

  constructor(address: string) {
    this.address = address;
  }

  static async signedUp(url: string, address: string): Promise<WirePerson> {
    const person = new WirePerson(address);
    const wire = await Wire.open(url);
    const finish = await person.signUpFields(wire);
    await wire.ok({ type: 'signup.finish', ...finish });
    person.keep(finish.entry);
    await wire.close();
    return person;
  }

  /** Begins a registration at the server; the fields of the finish. */
  async signUpFields(wire: Wire): Promise<Fields<'signup.finish'>> {
    const registration = await this.#register(wire, (request) => ({
      type: 'signup.start',
      address: this.address,
      request,
    }));
    return { address: this.address, ...registration, vault: this.vault, entry: this.enrolEntry(this.device) };
  }

  /** The fields of `login.finish`; undefined if the password is wrong. */
  async loginFields(wire: Wire, password = this.password): Promise<Fields<'login.finish'> | undefined> {
    const start = client.startLogin({ password });
    const answer = await wire.ok({ type: 'login.start', address: this.address, request: start.startLoginRequest });
    const finished = client.finishLogin({
      password,
      clientLoginState: start.clientLoginState,
      loginResponse: String(answer.response),
      identifiers: this.#identifiers(wire),
      keyStretching: KEY_STRETCHING,
    });
    if (!finished) return undefined;
    return { address: this.address, login: String(answer.login), finish: finished.finishLoginRequest };
  }

  /** The fields of a `session` that answers the wire's challenge. */
  sessionFields(wire: Wire, how: SessionHow = {}): Fields<'session'> {
    if (how.number === undefined) this.number += 1;
    const number = how.number ?? this.number;
    const device = how.device ?? this.device;
    const nonce = new Uint8Array(randomBytes(16));
    const bytes = sessionBytes({
      domain: how.domain ?? wire.challenge.domain,
      serverKey: new Uint8Array(Buffer.from(how.serverKey ?? wire.challenge.serverKey, 'base64url')),
      serverNonce: decodeBase64(how.challenge ?? wire.challenge.nonce),
      clientNonce: nonce,
      address: this.address,
      device: device.id,
      number,
    });
    const signature = signLabelled('session', bytes, (how.signer ?? device).ed25519);
    const { address } = this;
    return {
      address,
      device: device.name,
      number,
      nonce: encodeBase64(nonce),
      signature,
      receive: how.receive ?? true,
    };
  }

  /** A connection with a session; a receiving one is synced. */
  async session(url: string, how: SessionHow = {}): Promise<Wire> {
    const wire = await Wire.open(url);
    if (how.ackAll) wire.ackAll();
    await wire.ok({ type: 'session', ...this.sessionFields(wire, how) });
    if (how.receive !== false) await wire.take('synced');
    return wire;
  }

  /**
   * What is answered in a session of its own, asked again in another where that was ended: partitions move when instances come up one after the other,
   * and that ends sessions with 4005. For what may be asked twice, after a restart.
   */
  async answered(url: string, asked: Asked): Promise<ServerFrameOf<'ok'>> {
    for (;;) {
      let wire: Wire | undefined;
      try {
        wire = await this.session(url);
        return await wire.ok(asked);
      } catch (error) {
        if (!(error instanceof Ended && error.code === CLOSE.failed.code)) throw error;
      } finally {
        await wire?.close();
      }
    }
  }

  /** A message to one device of somebody. `changes` make its header wrong. */
  message(to: WirePerson, changes: Partial<Header> = {}, bodyBytes = BODY_BYTES): Fields<'send'> {
    if (changes.seq === undefined) this.seq += 1;
    const header = encodeHeader({
      conversation: directConversation(this.address, to.address),
      epoch: 0,
      head: ZERO_HASH,
      id: new Uint8Array(randomBytes(16)),
      sender: this.address,
      device: this.device.id,
      seq: this.seq,
      ...changes,
    });
    const slots = [{ to: to.address, device: to.device.name, slot: random64(SLOT_BYTES) }];
    return { header: encodeBase64(header), body: random64(bodyBytes), slots };
  }

  entry(change: AccountChange, device?: Device): SignedEntryText {
    const account = { address: this.address, identity: this.identity.publicKey };
    const entry = encodeAccountEntry(nextEntry(this.log, account, Date.now(), change));
    return {
      entry: encodeBase64(entry),
      signature: signLabelled('account', entry, this.identity),
      ...(device ? { countersignature: signLabelled('device-entry', entry, device.ed25519) } : {}),
    };
  }

  enrolEntry(device: Device): SignedEntryText {
    const { x25519, ed25519 } = device;
    return this.entry({ type: 'device', x25519: x25519.publicKey, ed25519: ed25519.publicKey, suites: [1] }, device);
  }

  revokeEntry(device: Device): SignedEntryText {
    return this.entry({ type: 'revoke', device: device.id });
  }

  /** The fields of `account.delete`. */
  deletion(): Fields<'account.delete'> {
    if (!this.log) throw new Error('There is no account to delete.');
    const bytes = accountDeletionBytes(this.address, this.log.position);
    return { signature: signLabelled('account-delete', bytes, this.identity) };
  }

  /** The server took the entry. */
  keep({ entry, signature, countersignature }: SignedEntryText): void {
    const signed = { entry: decodeBase64(entry), signature: decodeBase64(signature) };
    const both = countersignature ? { ...signed, countersignature: decodeBase64(countersignature) } : signed;
    this.log = appendEntry(this.log, both, this.address);
  }

  async #register(wire: Wire, ask: (request: string) => Asked): Promise<{ registration: string; record: string }> {
    const { password } = this;
    const start = client.startRegistration({ password });
    const answer = await wire.ok(ask(start.registrationRequest));
    const { registrationRecord } = client.finishRegistration({
      password,
      clientRegistrationState: start.clientRegistrationState,
      registrationResponse: String(answer.response),
      identifiers: this.#identifiers(wire),
      keyStretching: KEY_STRETCHING,
    });
    return { registration: String(answer.registration), record: registrationRecord };
  }

  #identifiers(wire: Wire) {
    return { client: this.address, server: wire.challenge.domain };
  }
}

/** What a test does otherwise than a correct client would. */
export type SessionHow = {
  /** A backlog beyond the delivery window is `synced` only to those that ack it. */
  readonly ackAll?: boolean;
  readonly receive?: boolean;
  readonly number?: number;
  readonly device?: Device;
  readonly signer?: Device;
  readonly challenge?: string;
  readonly serverKey?: string;
  readonly domain?: string;
};
