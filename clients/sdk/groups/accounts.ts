// The account logs that entries of a group are verified with: what is pinned, and what has to be fetched because an entry goes beyond it.
import { equalBytes } from '#protocol/bytes.ts';
import { CryptoError, RequestError } from '#protocol/errors.ts';
import { AccountBehind, type AccountOf } from '#protocol/group-log.ts';
import type { Accounts } from '../accounts.ts';
import type { Connection } from '../connection.ts';
import { type Known, verifyWhole } from '../pins.ts';
import { isFinal } from '../refusal.ts';

/**
 * Runs `act`, again after each account log that it lacked: each is looked up once and fetched once. Throws what `act` throws; CryptoError where the
 * server does not show a log as far as an entry says; Unavailable, RequestError (to be asked again).
 */
export async function withAccounts<T>(
  accounts: Accounts,
  connection: Connection,
  act: (accountOf: AccountOf) => T | Promise<T>,
): Promise<T> {
  const held = new Map<string, Known | 'gone'>();
  const fetched = new Set<string>();
  const accountOf: AccountOf = (address, identity) => {
    const known = held.get(address);
    if (known === undefined || known === 'gone') return known;
    const { pin, state } = known;
    if (equalBytes(state.identity, identity)) return state;
    // Not accepted by the person, but good: whether it may be in the group is for the group's admins to say.
    if (pin.changed !== undefined && equalBytes(pin.changed.identity, identity)) {
      return verifyWhole(pin.changed.log, address);
    }
    // Of an account that there was under this address before: nothing shows its log any more.
    return fetched.has(address) ? 'gone' : undefined;
  };
  for (;;) {
    try {
      return await act(accountOf);
    } catch (error) {
      if (!(error instanceof AccountBehind)) throw error;
      const { address } = error;
      const pinned = held.has(address) ? undefined : await accounts.known(address);
      if (pinned !== undefined) held.set(address, pinned);
      else if (fetched.has(address)) throw hidden(address);
      else {
        fetched.add(address);
        held.set(address, await fetchedLog(accounts, address, connection));
      }
    }
  }
}

async function fetchedLog(accounts: Accounts, address: string, connection: Connection): Promise<Known | 'gone'> {
  try {
    return await accounts.refresh(address, connection);
  } catch (error) {
    if (error instanceof RequestError && error.code === 'unknown_user') return 'gone';
    if (!isFinal(error)) throw error;
    throw new CryptoError('member', error.message);
  }
}

function hidden(address: string): CryptoError {
  return new CryptoError('member', `The server does not show the account log of ${address} as far as it had come.`);
}
