// Where this device's knowledge of a group begins: at its first entry, at the one by which this person came in, or at the last that states
// who is in it (DESIGN section 6). All of it is in memory until it is kept (keep.ts).
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { equalBytes } from '#protocol/bytes.ts';
import { CryptoError, RequestError } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { Answer } from '#protocol/frames/server.ts';
import { decodeGroupEntry, decodeSignedGroupEntry, groupHead, groupId, type Subject } from '#protocol/group-entry.ts';
import type { Accounts } from '../accounts.ts';
import type { Connection } from '../connection.ts';
import type { Clock } from '../platform.ts';
import type { GroupRecord, Profile } from '../profile/profile.ts';
import { isFinal } from '../refusal.ts';
import { withAccounts } from './accounts.ts';
import { advance, type Begun, beginAt, beginWithAll, lastEntry } from './log.ts';

/** Up to so many entries a device that comes to an open group of this person later verifies from the first one on. */
const WHOLE_LOG_MAX_ENTRIES = 1_024;
/** Pages that are fetched in one go: what is beyond them is fetched at the next occasion. */
export const PAGES_MAX = 400;

/** A group as a server calls it. `group`: its id, base64. */
export type Named = { readonly name: string; readonly group: string };

export type GroupStartDeps = {
  readonly profile: Profile;
  readonly accounts: Accounts;
  readonly clock: Clock;
  /** This person, as a member. */
  readonly me: Subject;
};

/** Entries from index `after` on, one page. Throws RequestError, Unavailable. */
export function pageOf(connection: Connection, name: string, after: number): Promise<Answer<'group.get'>> {
  return connection.ask('group.get', { name, after });
}

/** Whether this is the entry with that head. */
export function hasHead({ entry }: SignedGroupEntryText, head: Uint8Array): boolean {
  return equalBytes(groupHead(decodeBase64(entry)), head);
}

export class GroupStart {
  readonly #deps: GroupStartDeps;

  constructor(deps: GroupStartDeps) {
    this.#deps = deps;
  }

  /**
   * From the last entry that states who is in the group, or from that with index `added`, by which this person came in; up to its present end. Throws
   * CryptoError and ProtocolError for what does not verify, RequestError, Unavailable.
   */
  async at(name: string, connection: Connection, added?: number): Promise<Begun> {
    const { accounts, me } = this.#deps;
    const answer = await connection.ask('group.state', { name, ...(added === undefined ? {} : { at: added }) });
    const start = {
      create: decodeSignedGroupEntry(answer.create),
      signed: decodeSignedGroupEntry(answer.entry),
      membership: decodeBase64(answer.state),
    };
    const begun = await withAccounts(accounts, connection, (accountOf) =>
      beginAt(start, accountOf, added === undefined ? undefined : me),
    );
    mustBe(name, answer.group, begun.record);
    if (added !== undefined && begun.record.start !== added) {
      throw new CryptoError('member', 'The server shows another beginning of the group than what it was asked for.');
    }
    return this.grown(begun, connection);
  }

  /**
   * From the first entry on, however many a server says that there are: what an entry states that this person was not added by is the word of whoever
   * signed it, in the group or not. Of a group that began as an open one, into which anybody may come, as `at` where they are too many. Throws likewise.
   */
  async whole(name: string, connection: Connection): Promise<Begun> {
    const { accounts, me } = this.#deps;
    const first = await pageOf(connection, name, 0);
    if (first.length > WHOLE_LOG_MAX_ENTRIES && beganOpen(first)) {
      const begun = await this.at(name, connection);
      if (begun.record.state.policy !== 'closed' && encodeBase64(begun.record.id) === first.group) return begun;
    }
    const begun = await withAccounts(accounts, connection, (accountOf) => beginWithAll(first.entries, accountOf, me));
    mustBe(name, first.group, begun.record);
    return this.grown(begun, connection);
  }

  /**
   * What there is to know of a group, from the entry with index `added` on, by which this person came in, or from its first one. Undefined: nothing, because
   * this person was removed since, or the group is gone. Throws as `at`.
   */
  async begun({ name, group }: Named, connection: Connection, added?: number): Promise<Begun | undefined> {
    try {
      const begun = await (added === undefined
        ? this.whole(name, connection)
        : this.#sinceAdded(name, connection, added));
      if (encodeBase64(begun.record.id) === group) return begun;
      throw new CryptoError('member', `The server says that #${name} is another group than the one that it shows.`);
    } catch (error) {
      if (!(error instanceof RequestError && isFinal(error))) throw error;
      return undefined;
    }
  }

  /** Of somebody who has come in again since, a server states only that: then from the first entry on. Throws likewise. */
  async #sinceAdded(name: string, connection: Connection, added: number): Promise<Begun> {
    try {
      return await this.at(name, connection, added);
    } catch (error) {
      if (!(error instanceof RequestError && error.code === 'bad_request')) throw error;
      return this.whole(name, connection);
    }
  }

  /** With what the server has behind it. Throws as `at`. */
  async grown(begun: Begun, connection: Connection): Promise<Begun> {
    const { accounts, me } = this.#deps;
    let now = begun;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const { record } = now;
      const last = lastEntry(record);
      const [same, ...tail] = (await pageOf(connection, record.name, last.index)).entries;
      if (same === undefined || !hasHead(same, last.head)) {
        throw new CryptoError('member', 'The server shows two logs of the group.');
      }
      if (tail.length === 0) return now;
      const more = await withAccounts(accounts, connection, (accountOf) => advance(record, tail, accountOf, me));
      now = joined(now, more);
    }
    return now;
  }
}

/** One after the other. */
export function joined(before: Begun, { record, entries }: Begun): Begun {
  return { record, entries: [...before.entries, ...entries] };
}

/** Whether the group was created for everybody: its id is the hash of the entry that says so. */
function beganOpen({ group, entries: [first] }: Answer<'group.get'>): boolean {
  if (first === undefined) return false;
  const bytes = decodeBase64(first.entry);
  const { change } = decodeGroupEntry(bytes);
  return change.type === 'create' && change.policy !== 'closed' && encodeBase64(groupId(bytes)) === group;
}

function mustBe(name: string, group: string, record: GroupRecord): void {
  if (record.name === name && encodeBase64(record.id) === group) return;
  throw new CryptoError('member', `The server shows another group as #${name}.`);
}
