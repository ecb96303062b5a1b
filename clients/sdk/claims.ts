// What a message says about account logs, compared with them: how a server's lies about people come to light (DESIGN section 5, Open).
import { comparePosition } from '#protocol/account-log.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import type { Header, Position } from '#protocol/envelope.ts';
import type { Accounts } from './accounts.ts';
import type { Connection } from './connection.ts';
import type { OpenedMessage } from './crypto/open.ts';
import type { Known } from './pins.ts';
import type { Clock } from './platform.ts';
import type { NewEvent } from './profile/profile.ts';
import { isFinal } from './refusal.ts';

export type ClaimsDeps = {
  readonly own: { readonly address: string };
  readonly accounts: Accounts;
  readonly clock: Clock;
};

/** `other`: the other person of a direct conversation. Events for what contradicts; throws Unavailable. */
export async function contradictedLogs(
  message: OpenedMessage,
  other: string,
  deps: ClaimsDeps,
  connection: Connection,
): Promise<NewEvent[]> {
  const { header } = message;
  const { senderPosition, recipientPosition } = message.private;
  const own = deps.own.address;
  const events = await contradicted(header.sender, senderPosition, header, deps, connection);
  // An own other device knows the other person's log; everybody else names mine.
  const about = header.sender === own ? other : own;
  if (recipientPosition !== undefined && about !== header.sender) {
    events.push(...(await contradicted(about, recipientPosition, header, deps, connection)));
  }
  return events;
}

async function contradicted(
  address: string,
  position: Position,
  header: Header,
  { accounts, own, clock }: ClaimsDeps,
  connection: Connection,
): Promise<NewEvent[]> {
  let known = await accounts.known(address);
  let stands = comparePosition(known?.state, position);
  if (stands === 'beyond') {
    known = await refreshed(accounts, address, connection);
    stands = comparePosition(known?.state, position);
  }
  if (stands === 'known') return [];
  // My own log, longer for others than for me: somebody has a device of mine that I do not know.
  const change = address === own.address ? 'alarm' : stands === 'fork' ? 'forked_log' : 'hidden_entries';
  return [{ type: 'identity', address, change, device: encodeBase64(header.device), at: clock.now() }];
}

/** The log as of now, or what is pinned where the server has none (a deleted account's last messages still open). Throws Unavailable. */
export async function refreshed(
  accounts: Accounts,
  address: string,
  connection: Connection,
): Promise<Known | undefined> {
  try {
    return await accounts.refresh(address, connection);
  } catch (error) {
    if (!isFinal(error)) throw error;
    return accounts.known(address);
  }
}
