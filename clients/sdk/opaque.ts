// The client's half of OPAQUE (RFC 9807): the password never leaves this process, and the server's key is compared with the pinned one.
// Identifiers and key stretching are named here explicitly, because a default that changed would lock every account out.
import { parseAddress } from '#protocol/address.ts';
import { decodeBase64 } from '#protocol/base64.ts';
import { ProtocolError } from '#protocol/errors.ts';
import { Refusal } from './refusal.ts';

/** Argon2id: `memory` in KiB. */
export type KeyStretching = { readonly memory: number; readonly iterations: number; readonly parallelism: number };

/** What every account of a person uses (DESIGN section 4). */
export const STRETCHING: KeyStretching = { memory: 65_536, iterations: 3, parallelism: 4 };
/** For accounts of tests and load generators only: protects nothing. */
export const STRETCHING_CHEAP: KeyStretching = { memory: 8, iterations: 1, parallelism: 1 };

/** Whose password it is, and how its trial is made costly. `serverKey`: the pinned key, base64url as the challenge carries it. */
export type PasswordContext = {
  readonly address: string;
  readonly serverKey: string;
  readonly stretching: KeyStretching;
};

/** What a registration gives: the record for the server, the key that the vault is closed with (64 bytes). */
export type Registered = { readonly record: string; readonly exportKey: Uint8Array };
/** What a sign-in gives: the proof for the server, and the key of the vault. */
export type LoggedIn = { readonly finish: string; readonly exportKey: Uint8Array };

/** One registration: `request` goes out, `finish` takes the server's response. Throws Refusal where the server's key is not the pinned one. */
export async function registration(
  password: string,
  context: PasswordContext,
): Promise<{ readonly request: string; finish(response: string): Registered }> {
  const opaque = await library();
  const secret = password.normalize('NFC');
  const { clientRegistrationState, registrationRequest } = opaque.client.startRegistration({ password: secret });
  return {
    request: registrationRequest,
    finish(registrationResponse) {
      const result = understood(() =>
        opaque.client.finishRegistration({
          password: secret,
          registrationResponse,
          clientRegistrationState,
          ...parameters(context),
        }),
      );
      checkServerKey(result.serverStaticPublicKey, context);
      return { record: result.registrationRecord, exportKey: fromBase64Url(result.exportKey) };
    },
  };
}

/** One sign-in. `finish` throws Refusal `wrong_password` (also for a name that does not exist) or `server_key_changed`. */
export async function login(
  password: string,
  context: PasswordContext,
): Promise<{ readonly request: string; finish(response: string): LoggedIn }> {
  const opaque = await library();
  const secret = password.normalize('NFC');
  const { clientLoginState, startLoginRequest } = opaque.client.startLogin({ password: secret });
  return {
    request: startLoginRequest,
    finish(loginResponse) {
      const result = understood(() =>
        opaque.client.finishLogin({ password: secret, loginResponse, clientLoginState, ...parameters(context) }),
      );
      if (result === undefined) throw new Refusal('wrong_password', 'Wrong name or password.');
      checkServerKey(result.serverStaticPublicKey, context);
      return { finish: result.finishLoginRequest, exportKey: fromBase64Url(result.exportKey) };
    },
  };
}

/** Loaded for the first password that a server is asked about: it is compiled then, and most runs of a client ask about none. */
async function library() {
  const opaque = await import('@serenity-kit/opaque');
  await opaque.ready;
  return opaque;
}

function parameters({ address, stretching }: PasswordContext) {
  return {
    identifiers: { client: address, server: parseAddress(address).domain },
    keyStretching: { 'argon2id-custom': { ...stretching } },
  };
}

function checkServerKey(key: string, { serverKey }: PasswordContext): void {
  if (key !== serverKey) {
    throw new Refusal(
      'server_key_changed',
      'The server proved another key than the one that this account is pinned to. Ask its operator before you go on.',
    );
  }
}

/** The library throws on bytes that are no OPAQUE message. */
function understood<T>(step: () => T): T {
  try {
    return step();
  } catch {
    throw new ProtocolError('The server answered the password with something that cannot be read.');
  }
}

/** OPAQUE's library writes base64url without padding. Anything else is a ProtocolError. */
export function fromBase64Url(text: string): Uint8Array {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  return decodeBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='));
}
