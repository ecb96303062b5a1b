// The server half of OPAQUE (DESIGN section 4): the password never leaves the client, not even hashed.
//
// Every exchange is bound to the identifiers {client: address, server: domain}. A name that nobody has is answered with a user
// identifier made by HMAC from the server's secret, and no record: the library then does the same work (measured: 1.4 ms either way)
// and answers with bytes of the same shape. A registration keeps nothing here between start and finish: its identifier is
// HMAC(secret, address, ticket), and the client brings the ticket back.
import { createHmac } from 'node:crypto';
import { client, ready, server } from '@serenity-kit/opaque';
import { ProtocolError } from '#protocol/errors.ts';

/** Client's public key (32 bytes), masking key (64) and envelope (96). The library would take longer ones and ignore the rest. */
const RECORD_CHARS = 256;
const USER_IDENTIFIER_BYTES = 16;

/** What the server remembers of a sign-in under way (`state`) and what it answers; both base64url. */
type LoginStarted = { readonly state: string; readonly response: string };

/** What a sign-in is checked against; absent for names that nobody has. */
type Credentials = { readonly userIdentifier: string; readonly record: string };

/** A new server setup, base64url. A secret of the deployment: who loses it locks every account out. */
export async function createServerSetup(): Promise<string> {
  await ready;
  return server.createSetup();
}

/** OPAQUE for the accounts of one domain. Every method throws ProtocolError if what the client sent is not well formed. */
export class OpaqueServer {
  readonly #setup: string;
  readonly #domain: string;
  readonly #secret: Buffer;
  /** Any valid start of a sign-in, to try records with. */
  readonly #trial: string;
  /** The server's static public key, base64url: clients pin it. */
  readonly publicKey: string;
  /** The same, 32 bytes: devices sign over it. */
  readonly publicKeyBytes: Uint8Array;

  private constructor(setup: string, domain: string) {
    this.publicKey = server.getPublicKey(setup);
    this.publicKeyBytes = Buffer.from(this.publicKey, 'base64url');
    this.#setup = setup;
    this.#domain = domain;
    this.#secret = createHmac('sha256', setup).update('parley/1 auth user identifiers').digest();
    this.#trial = client.startLogin({ password: '' }).startLoginRequest;
  }

  /** Loads the library and reads `setup` (base64url). Throws the library's error if it is not one. */
  static async open(setup: string, domain: string): Promise<OpaqueServer> {
    await ready;
    return new OpaqueServer(setup, domain);
  }

  /** The identifier, base64url, that belongs to a registration `ticket` (Base64) of this address. */
  registrationIdentifier(address: string, ticket: string): string {
    return this.#identifier(['registration', address, ticket]);
  }

  /** Answers the first step of a registration. */
  registrationResponse(userIdentifier: string, registrationRequest: string): string {
    return wellFormed(() =>
      server.createRegistrationResponse({ serverSetup: this.#setup, userIdentifier, registrationRequest }),
    ).registrationResponse;
  }

  /** Refuses a record that no sign-in could be answered from, before it is stored. */
  checkRecord(address: string, credentials: Credentials): void {
    if (credentials.record.length !== RECORD_CHARS) throw new ProtocolError('an OPAQUE record of another length');
    this.startLogin(address, credentials, this.#trial);
  }

  /** Answers the start of a sign-in, alike with and without `credentials`. */
  startLogin(address: string, credentials: Credentials | undefined, startLoginRequest: string): LoginStarted {
    // Computed in both cases, so that both cost the same.
    const unknown = this.#identifier(['unknown', address]);
    const { serverLoginState, loginResponse } = wellFormed(() =>
      server.startLogin({
        serverSetup: this.#setup,
        userIdentifier: credentials?.userIdentifier ?? unknown,
        registrationRecord: credentials?.record,
        startLoginRequest,
        identifiers: this.#identifiers(address),
      }),
    );
    return { state: serverLoginState, response: loginResponse };
  }

  /** Whether the client proved that it knows the password. A finish that is not well formed proves nothing. */
  finishLogin(address: string, serverLoginState: string, finishLoginRequest: string): boolean {
    try {
      server.finishLogin({ serverLoginState, finishLoginRequest, identifiers: this.#identifiers(address) });
      return true;
    } catch {
      // The library throws for a wrong proof as for anything else, and every reason means the same: no.
      return false;
    }
  }

  #identifiers(address: string) {
    return { client: address, server: this.#domain };
  }

  #identifier(parts: readonly string[]): string {
    // JSON keeps the parts apart whatever they hold.
    const mac = createHmac('sha256', this.#secret).update(JSON.stringify(parts)).digest();
    return mac.subarray(0, USER_IDENTIFIER_BYTES).toString('base64url');
  }
}

/** The library throws plain errors for bytes that it cannot read; the setup was read at start, so the bytes are the client's. */
function wellFormed<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new ProtocolError(`OPAQUE: ${error instanceof Error ? error.message : String(error)}`);
  }
}
