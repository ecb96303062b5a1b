// The accounts of the server double: OPAQUE's other half and logs, in memory, believing everything.
import { server as opaque, ready } from '@serenity-kit/opaque';
import { activeDevices } from '#protocol/account-log.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { type Log, verifyWhole } from '../pins.ts';

type Account = { record: string; vault: string; log: Log; user: string };

export class AccountsDouble {
  readonly #domain: string;
  readonly #setup: string;
  readonly #accounts = new Map<string, Account>();
  readonly #logins = new Map<string, string>();
  #tickets = 0;

  private constructor(domain: string) {
    this.#domain = domain;
    this.#setup = opaque.createSetup();
  }

  static async make(domain: string): Promise<AccountsDouble> {
    await ready;
    return new AccountsDouble(domain);
  }

  get serverKey(): string {
    return opaque.getPublicKey(this.#setup);
  }

  has(address: string): boolean {
    return this.#accounts.has(address);
  }

  /** Throws RequestError `unknown_user`. */
  log(address: string): Log {
    return this.#account(address).log;
  }

  /** The devices in use, by the log. */
  devices(address: string): string[] {
    if (!this.has(address)) return [];
    return activeDevices(verifyWhole(this.log(address), address)).map(({ id }) => encodeBase64(id));
  }

  append(address: string, entry: Log[number]): void {
    const account = this.#account(address);
    verifyWhole([...account.log, entry], address);
    account.log = [...account.log, entry];
  }

  delete(address: string): void {
    this.#accounts.delete(address);
  }

  registration(registrationRequest: string): object {
    const registration = this.#ticket();
    const { registrationResponse } = opaque.createRegistrationResponse({
      serverSetup: this.#setup,
      userIdentifier: registration,
      registrationRequest,
    });
    return { registration, response: registrationResponse };
  }

  create({ address, record, vault, entry, registration }: ClientFrameOf<'signup.finish'>): void {
    this.#accounts.set(address, { record, vault, log: [entry], user: registration });
  }

  changePassword(address: string, { record, vault, registration }: ClientFrameOf<'password.finish'>): void {
    Object.assign(this.#account(address), { record, vault, user: registration });
  }

  startLogin({ address, request }: ClientFrameOf<'login.start'>): object {
    const account = this.#accounts.get(address);
    const { serverLoginState, loginResponse } = opaque.startLogin({
      serverSetup: this.#setup,
      userIdentifier: account?.user ?? 'nobody',
      registrationRecord: account?.record,
      startLoginRequest: request,
      identifiers: { client: address, server: this.#domain },
    });
    const login = this.#ticket();
    this.#logins.set(login, serverLoginState);
    return { login, response: loginResponse, triesLeft: 2 };
  }

  /** The vault. Throws RequestError `login_failed`. */
  finishLogin({ address, login, finish }: ClientFrameOf<'login.finish'>): string {
    try {
      opaque.finishLogin({
        serverLoginState: this.#logins.get(login) ?? '',
        finishLoginRequest: finish,
        identifiers: { client: address, server: this.#domain },
      });
    } catch {
      throw new RequestError('login_failed');
    }
    return this.#account(address).vault;
  }

  #account(address: string): Account {
    const account = this.#accounts.get(address);
    if (account === undefined) throw new RequestError('unknown_user');
    return account;
  }

  #ticket(): string {
    this.#tickets += 1;
    return encodeBase64(new Uint8Array(16).fill(this.#tickets));
  }
}
