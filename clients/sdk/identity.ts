// The account's identity, out of the vault: the password is proved by OPAQUE, the vault opened, the log checked against it, and the
// seed wiped when the act is done. It is never on a device's disk (DESIGN section 4).

import type { SignedEntry } from '#protocol/account-entry.ts';
import { encodeSignedEntry } from '#protocol/account-entry.ts';
import { type AccountState, comparePosition } from '#protocol/account-log.ts';
import { decodeBase64 } from '#protocol/base64.ts';
import { equalBytes, isZero } from '#protocol/bytes.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { Answer } from '#protocol/frames/server.ts';
import { H } from '#protocol/hash.ts';
import { secrets } from '#secrets';
import { fetchLog } from './accounts.ts';
import { type Connection, openConnection } from './connection.ts';
import { openVault } from './crypto/vault.ts';
import { login, type PasswordContext } from './opaque.ts';
import { checkServer } from './own-device.ts';
import { isBadLog, type Log, startsWith, verifyWhole } from './pins.ts';
import type { Platform } from './platform.ts';
import type { Profile } from './profile/profile.ts';
import { Refusal } from './refusal.ts';
import { Unreachable } from './servers.ts';

/** How often an act is signed anew because another device extended the log meanwhile. */
const STALE_TRIES = 5;
/** How often a sign-in is begun where the server forgot it before its end: each counts as a try. */
const LOGIN_ATTEMPTS = 2;

export type Identity = {
  readonly address: string;
  readonly seed: Uint8Array;
  readonly log: Log;
  readonly state: AccountState;
};

/** Connects to the first server that answers, without a session; closes it when `act` is done. Throws Unavailable. */
export async function withConnection<T>(
  platform: Platform,
  servers: readonly string[],
  act: (connection: Connection) => Promise<T>,
): Promise<T> {
  let unreachable = new Unavailable('There is no server to connect to.');
  for (const server of servers) {
    let connection: Connection;
    try {
      connection = await openConnection(server, platform, { push() {}, closed() {} });
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      unreachable = new Unreachable(server, error.message);
      continue;
    }
    try {
      return await act(connection);
    } finally {
      connection.close();
    }
  }
  throw unreachable;
}

/**
 * As `withIdentity`, on a connection of its own, for the account of this profile: the log must go on where the pinned one ends. What the
 * server may not show is refused and appended as an `identity` event. Throws what `withIdentity` throws.
 */
export async function withOwnIdentity<T>(
  platform: Platform,
  profile: Profile,
  password: string,
  act: (identity: Identity, connection: Connection) => Promise<T>,
): Promise<T> {
  const { address, serverKey, servers } = await profile.account.get();
  const pinned = (await profile.pins.get(address))?.log ?? [];
  const context = { address, serverKey, stretching: platform.stretching, pinned };
  try {
    return await withConnection(platform, servers, async (connection) => {
      checkServer(connection, address, serverKey);
      return withIdentity(connection, password, context, (identity) => act(identity, connection));
    });
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'log_refused') {
      const at = platform.clock.now();
      await profile.events.append([{ type: 'identity', address, change: 'refused_log', at }]);
    }
    throw error;
  }
}

/**
 * Proves the password and runs `act` with the identity and its verified log. `pinned`: what this device has seen of it, empty on a new one.
 * Throws Refusal `wrong_password` (with the tries that are left), `log_refused` where the log is older than the vault or contradicts the
 * pinned one, RequestError and Unavailable.
 */
export async function withIdentity<T>(
  connection: Connection,
  password: string,
  context: PasswordContext & { readonly pinned: Log },
  act: (identity: Identity) => Promise<T>,
): Promise<T> {
  const { address, pinned } = context;
  const { exportKey, answer } = await provePassword(connection, password, context);
  const { vault, entries, length } = answer;
  const vaultBytes = decodeBase64(vault);
  const { identitySeed: seed, position } = sound(`The server's vault of ${address}`, () =>
    openVault(address, exportKey, vaultBytes),
  );
  exportKey.fill(0);
  try {
    const rest = entries.length < length ? await fetchLog(connection, address, entries.length) : [];
    const log = [...entries, ...rest];
    mustStartWith(log, pinned, address);
    const state = verified(log, address);
    if (!equalBytes(state.identity, secrets.ed25519Public(seed))) {
      throw new Refusal(
        'log_refused',
        `The server's account log of ${address} is not the one of this account's identity.`,
      );
    }
    const first = isZero(position.head);
    const hidden = comparePosition(state, position) !== 'known' || (!first && state.position.index <= position.index);
    const superseded = state.password !== undefined && !equalBytes(state.password.vault, H(vaultBytes));
    if (hidden || superseded) {
      throw new Refusal(
        'log_refused',
        `The server's account log of ${address} is older than the password: it hides entries.`,
      );
    }
    return await act({ address, seed, log, state });
  } finally {
    seed.fill(0);
  }
}

/** Proves the password; once more where the account changed hands at the server meanwhile. Throws as `withIdentity`. */
async function provePassword(
  connection: Connection,
  password: string,
  context: PasswordContext,
): Promise<{ readonly exportKey: Uint8Array; readonly answer: Answer<'login.finish'> }> {
  const { address } = context;
  for (let attempts = 1; ; attempts++) {
    const attempt = await login(password, context);
    const started = await connection.ask('login.start', { address, request: attempt.request });
    const { finish, exportKey } = wrongPasswordWithTries(() => attempt.finish(started.response), started.triesLeft);
    try {
      const answer = await connection.ask('login.finish', { address, login: started.login, finish });
      return { exportKey, answer };
    } catch (error) {
      exportKey.fill(0);
      if (!(error instanceof RequestError) || error.code !== 'unavailable' || attempts === LOGIN_ATTEMPTS) throw error;
    }
  }
}

/** Appends an entry that `sign` makes, again where another device was faster. Resolves with the log that has it. */
export async function appendSigned(
  connection: Connection,
  identity: Identity,
  sign: (state: AccountState) => SignedEntry,
): Promise<{ readonly log: Log; readonly state: AccountState }> {
  let { log, state } = identity;
  for (let attempt = 1; ; attempt++) {
    const entry = encodeSignedEntry(sign(state));
    try {
      await connection.ask('log.append', { address: identity.address, entry });
      log = [...log, entry];
      return { log, state: verified(log, identity.address) };
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'stale_log' || attempt === STALE_TRIES) throw error;
      ({ log, state } = await grownLog(connection, identity.address, log));
    }
  }
}

/** The log after `stale_log`. Throws Refusal `log_refused` unless it goes on where the judged one ends: entries signed on less would undo what is hidden. */
export async function grownLog(
  connection: Connection,
  address: string,
  judged: Log,
): Promise<{ readonly log: Log; readonly state: AccountState }> {
  const log = await fetchLog(connection, address, 0);
  mustStartWith(log, judged, address);
  return { log, state: verified(log, address) };
}

function verified(log: Log, address: string): AccountState {
  return sound(`The server's account log of ${address}`, () => verifyWhole(log, address));
}

/** What the server kept for this account is read, or refused as not what was left there. */
function sound<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isBadLog(error)) throw error;
    throw new Refusal('log_refused', `${what} is not what this account left there: ${error.message}`);
  }
}

function mustStartWith(log: Log, known: Log, address: string): void {
  if (startsWith(log, known)) return;
  throw new Refusal(
    'log_refused',
    `The server's account log of ${address} hides or contradicts entries that are known.`,
  );
}

function wrongPasswordWithTries<T>(finish: () => T, triesLeft: number): T {
  try {
    return finish();
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== 'wrong_password') throw error;
    const tries = triesLeft === 1 ? '1 try left' : `${triesLeft} tries left`;
    const next = triesLeft === 0 ? 'the next try has to wait a little' : tries;
    throw new Refusal('wrong_password', `Wrong name or password (${next}).`);
  }
}
