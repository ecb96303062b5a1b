// Who gets a slot of a group's message: every device in use of every other member, each under the identity that the group's log names
// (DESIGN section 6). Where one of them is somebody else now, nothing is sent before the person or the group has decided.
import { activeDevices } from '#protocol/account-log.ts';
import { equalBytes } from '#protocol/bytes.ts';
import { RequestError } from '#protocol/errors.ts';
import type { GroupMember } from '#protocol/group-state.ts';
import type { Accounts } from '../accounts.ts';
import type { Connection } from '../connection.ts';
import type { SlotRecipient } from '../crypto/seal.ts';
import type { Known } from '../pins.ts';
import type { GroupRecord, OutboxItem } from '../profile/profile.ts';
import { isFinal, Refusal } from '../refusal.ts';
import { slotRecipients } from '../slots.ts';

/** Account logs that are asked for at a time. */
const FETCHES_MAX = 16;

export type Addressing = {
  /** Where a log is fetched that is not known yet; absent: whoever is not known gets no slot. */
  readonly connection?: () => Promise<Connection>;
  /** Nothing that anybody reads is sent: no identity stands in its way. */
  readonly evenIfChanged?: boolean;
};

/** The slots that a message to this group needs, those of the own other devices aside. Throws Refusal, RequestError, Unavailable. */
export async function groupRecipients(
  record: GroupRecord,
  own: { readonly address: string },
  accounts: Accounts,
  { connection, evenIfChanged = false }: Addressing,
): Promise<SlotRecipient[]> {
  return (await inTurns(othersIn(record, own.address), slotsOf)).flat();

  async function slotsOf(member: GroupMember): Promise<SlotRecipient[]> {
    const known = await knownOf(member.address);
    if (known === undefined) return [];
    const isOther = !equalBytes(known.pin.identity, member.identity);
    if (!evenIfChanged && (isOther || known.pin.changed !== undefined)) throw changed(record, member.address, isOther);
    // Their slots would be nobody's: the group knows another person by this name.
    return isOther ? [] : slotRecipients(known, activeDevices(known.state));
  }

  async function knownOf(address: string): Promise<Known | undefined> {
    if (connection === undefined) return accounts.known(address);
    try {
      return await accounts.knownOrFetched(address, connection);
    } catch (error) {
      // Whose account is deleted takes nothing any more; the group may name them still.
      if (error instanceof RequestError && error.code === 'unknown_user') return undefined;
      throw error;
    }
  }
}

/** Asks for the account logs of members of whom a refused message had no slot; of all where it had one for each, and yet not for enough. */
export async function refreshMissed(
  record: GroupRecord,
  { slots }: OutboxItem,
  own: { readonly address: string },
  accounts: Accounts,
  connection: Connection,
): Promise<void> {
  const members = othersIn(record, own.address);
  const had = new Set(slots.map(({ to }) => to));
  const without = members.filter(({ address }) => !had.has(address));
  await inTurns(without.length > 0 ? without : members, async ({ address }) => {
    try {
      await accounts.refresh(address, connection);
    } catch (error) {
      // Whose account is gone has no devices.
      if (!isFinal(error)) throw error;
    }
  });
}

/** A bounded number at a time, in order. */
async function inTurns<T>(members: readonly GroupMember[], act: (member: GroupMember) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let from = 0; from < members.length; from += FETCHES_MAX) {
    results.push(...(await Promise.all(members.slice(from, from + FETCHES_MAX).map(act))));
  }
  return results;
}

/** All members but this person. */
export function othersIn({ state }: GroupRecord, own: string): GroupMember[] {
  return [...state.members.values()].filter(({ address }) => address !== own);
}

function changed({ conversation }: GroupRecord, address: string, isOther: boolean): Refusal {
  const what = isOther
    ? `${address} is in ${conversation} with another identity than the one that you accepted: an admin of the group has to add them again.`
    : `The identity of ${address}, who is in ${conversation}, has changed: it may be another person. Compare safety numbers, then accept it with trust.`;
  return new Refusal('identity_changed', what);
}
