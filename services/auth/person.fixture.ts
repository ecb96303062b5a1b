// People who sign up and in, for tests: the client's half of OPAQUE, the keys of an identity and its devices, and the entries that
// they sign.
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { client } from '@serenity-kit/opaque';
import { type AccountChange, encodeAccountEntry } from '#protocol/account-entry.ts';
import { type AccountState, appendEntry, nextEntry } from '#protocol/account-log.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import type { AccountRequest } from '#protocol/commands.ts';
import { deviceId } from '#protocol/envelope.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import type { Answer } from '#protocol/frames/server.ts';
import { H, type SignLabel, signedBytes } from '#protocol/hash.ts';
import { sessionBytes } from '#protocol/session.ts';
import { answerIn, asked, DOMAIN, type Service, START, type Turned } from './service.fixture.ts';

/** Protects nothing: keeps tests fast. */
const KEY_STRETCHING = { 'argon2id-custom': { iterations: 1, memory: 64, parallelism: 1 } };

type KeyPair = { readonly publicKey: Uint8Array; readonly secret: KeyObject };

function keyPair(type: 'ed25519' | 'x25519'): KeyPair {
  // TypeScript has no overload for a union of both types, whose results are alike.
  const pair = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  const { x } = pair.publicKey.export({ format: 'jwk' });
  return { publicKey: new Uint8Array(Buffer.from(String(x), 'base64url')), secret: pair.privateKey };
}

export function signLabelled(label: SignLabel, bytes: Uint8Array, { secret }: KeyPair): string {
  return encodeBase64(new Uint8Array(sign(null, signedBytes(label, bytes), secret)));
}

export class Device {
  readonly x25519 = keyPair('x25519');
  readonly ed25519 = keyPair('ed25519');
  readonly id = deviceId(this.x25519.publicKey, this.ed25519.publicKey);
  readonly name = encodeBase64(this.id);
}

/** Somebody with a password, an identity and devices; their log is what they believe that the server has. */
export class Person {
  readonly address: string;
  readonly service: Service;
  readonly identity = keyPair('ed25519');
  readonly device = new Device();
  readonly vault = encodeBase64(new Uint8Array(randomBytes(130)));
  password: string;
  log: AccountState | undefined;

  constructor(service: Service, address: string, password = 'correct horse battery staple') {
    this.service = service;
    this.address = address;
    this.password = password;
  }

  static async signedUp(service: Service, address: string, password?: string): Promise<Person> {
    const person = new Person(service, address, password);
    const command = await person.signUpCommand();
    await service.ask(address, command);
    person.keep(command.frame.entry);
    return person;
  }

  /** The next entry of the log, signed; `device` countersigns where it is its own. */
  entry(change: AccountChange, device?: Device, time = START): SignedEntryText {
    const account = { address: this.address, identity: this.identity.publicKey };
    const entry = encodeAccountEntry(nextEntry(this.log, account, time, change));
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

  passwordEntry(record: string, vault: string): SignedEntryText {
    const version = (this.log?.passwordVersion ?? 0) + 1;
    const hashes = { record: H(Buffer.from(record, 'base64url')), vault: H(decodeBase64(vault)) };
    return this.entry({ type: 'password', version, ...hashes });
  }

  /** The server took the entry. */
  keep(text: SignedEntryText): void {
    const { entry, signature, countersignature } = text;
    this.log = appendEntry(
      this.log,
      {
        entry: decodeBase64(entry),
        signature: decodeBase64(signature),
        ...(countersignature === undefined ? {} : { countersignature: decodeBase64(countersignature) }),
      },
      this.address,
    );
  }

  async append(entry: SignedEntryText): Promise<Turned> {
    const turned = await this.service.turn(this.address, asked('log.append', { address: this.address, entry }));
    answerIn(turned);
    this.keep(entry);
    return turned;
  }

  /** A registration of `password`, begun at the server: ticket, record and export key. */
  async registration(password: string, type: 'signup.start' | 'password.start') {
    const start = client.startRegistration({ password });
    const request = start.registrationRequest;
    const command =
      type === 'signup.start' ? asked(type, { address: this.address, request }) : asked(type, { request });
    const answer = await this.service.ask(this.address, command as AccountRequest & { type: 'signup.start' }); // both answer alike
    const { registrationRecord, exportKey } = client.finishRegistration({
      password,
      clientRegistrationState: start.clientRegistrationState,
      registrationResponse: answer.response,
      identifiers: this.#identifiers,
      keyStretching: KEY_STRETCHING,
    });
    return { registration: answer.registration, record: registrationRecord, exportKey };
  }

  async signUpCommand(changes: Partial<ClientFrameOf<'signup.finish'>> = {}) {
    const { registration, record } = await this.registration(this.password, 'signup.start');
    const command = asked('signup.finish', {
      address: this.address,
      registration,
      record,
      vault: this.vault,
      entry: this.enrolEntry(this.device),
      ...changes,
    });
    return command as AccountRequest & { type: 'signup.finish' }; // by its first argument
  }

  /** Starts a sign-in with `password`; `finish` is the proof, undefined where the client saw that it is wrong. */
  async startLogin(password = this.password, source?: string) {
    const start = client.startLogin({ password });
    const command = asked(
      'login.start',
      { address: this.address, request: start.startLoginRequest },
      source === undefined ? {} : { source },
    );
    const answer = await this.service.ask(this.address, command as AccountRequest & { type: 'login.start' }); // as above
    const finished = client.finishLogin({
      password,
      clientLoginState: start.clientLoginState,
      loginResponse: answer.response,
      identifiers: this.#identifiers,
      keyStretching: KEY_STRETCHING,
    });
    return { answer, finish: finished?.finishLoginRequest, exportKey: finished?.exportKey };
  }

  finishLoginCommand(login: string, finish: string) {
    const command = asked('login.finish', { address: this.address, login, finish });
    return command as AccountRequest & { type: 'login.finish' }; // as above
  }

  async login(password = this.password): Promise<Answer<'login.finish'>> {
    const { answer, finish } = await this.startLogin(password);
    if (finish === undefined) throw new Error('the client saw that the password is wrong');
    return this.service.ask(this.address, this.finishLoginCommand(answer.login, finish));
  }

  /** A session command of `device`, signed for `challenge`. */
  sessionCommand(device = this.device, challenge = encodeBase64(new Uint8Array(randomBytes(32))), signer = device) {
    const clientNonce = new Uint8Array(randomBytes(16));
    const bytes = sessionBytes({
      domain: DOMAIN,
      serverKey: this.service.opaque.publicKeyBytes,
      serverNonce: decodeBase64(challenge),
      clientNonce,
      address: this.address,
      device: device.id,
      number: 1,
    });
    const fields = {
      address: this.address,
      device: device.name,
      number: 1,
      nonce: encodeBase64(clientNonce),
      signature: signLabelled('session', bytes, signer.ed25519),
      receive: true,
    };
    return asked('session', fields, { challenge }) as AccountRequest & { type: 'session' }; // as above
  }

  get #identifiers() {
    return { client: this.address, server: DOMAIN };
  }
}
