// A server that shows two histories of a group: where an entry is another than the one that is kept, either it is refused, or there are two good logs, and
// nothing is sent to the group any more (DESIGN section 6).
import { CryptoError } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import { decodeSignedGroupEntry } from '#protocol/group-entry.ts';
import { verifyGroupLog } from '#protocol/group-log.ts';
import type { Connection } from '../connection.ts';
import type { GroupRecord, NewEvent } from '../profile/profile.ts';
import { withAccounts } from './accounts.ts';
import { keptEntries } from './keep.ts';
import { stateAfter } from './log.ts';
import type { GroupStartDeps } from './start.ts';

/**
 * Judges another entry than the one that is kept at this index. It is a fork if it is good where it stands, which is kept and told. Throws CryptoError where it
 * is not, RequestError, Unavailable.
 */
export async function contradicted(
  { profile, accounts, clock }: GroupStartDeps,
  record: GroupRecord,
  index: number,
  text: SignedGroupEntryText,
  connection: Connection,
): Promise<void> {
  const state = stateAfter(record, await keptEntries(profile, record, { first: record.start, last: index - 1 }));
  if (state === undefined) throw new CryptoError('member', 'The server shows another beginning of the group.');
  const { suspended } = await withAccounts(accounts, connection, (accountOf) =>
    verifyGroupLog([decodeSignedGroupEntry(text)], accountOf, state),
  );
  if (suspended > 0) throw new CryptoError('member', `Entry ${index} of the group contradicts the one that is known.`);
  const forked = `There are two entries ${index}, both signed by members. Ask the others what they see, and create the group anew.`;
  await profile.groups.update(record.id, record.name, (now) => {
    if (now === undefined || now.forked !== undefined) return undefined;
    const { conversation } = now;
    const event: NewEvent = { type: 'group', conversation, change: 'forked', reason: forked, at: clock.now() };
    return { record: { ...now, forked }, events: [event] };
  });
}
