// The logs of known groups as they grow: what a server pushes or shows of them, verified and kept. The longest good log seen is what this client
// believes; a server that shows less, or something else, is refused and shown, and to a group of which it shows two good logs nothing is sent
// any more (DESIGN section 6).
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { CryptoError, ProtocolError, RequestError } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { Answer, ServerFrameOf } from '#protocol/frames/server.ts';
import { decodeGroupEntry, type GroupEntry } from '#protocol/group-entry.ts';
import { memberOf } from '#protocol/group-state.ts';
import type { Connection } from '../connection.ts';
import { isBadLog } from '../pins.ts';
import type { GroupRecord } from '../profile/profile.ts';
import { isFinal } from '../refusal.ts';
import { withAccounts } from './accounts.ts';
import { contradicted } from './fork.ts';
import { keepBeside, keptEntries } from './keep.ts';
import { advance, type Begun, lastEntry } from './log.ts';
import { isSame } from './spans.ts';
import { GroupStart, type GroupStartDeps, hasHead, type Named, PAGES_MAX, pageOf } from './start.ts';
import { behindUntold, handed, late, lookedUp, type Range, toTell } from './untold.ts';

type Entries = Pick<ServerFrameOf<'entries'>, 'name' | 'group' | 'entries'>;

export class GroupLogs {
  readonly start: GroupStart;
  readonly #deps: GroupStartDeps;
  readonly #behind: (connection: Connection) => void;
  /** What was told of a conversation last, so that it is told once. */
  readonly #told = new Map<string, string>();

  /** `behind`: something is known that is to be told if the server does not hand this device the entries that say so. */
  constructor(deps: GroupStartDeps, behind: (connection: Connection) => void) {
    this.#deps = deps;
    this.#behind = behind;
    this.start = new GroupStart(deps);
  }

  /**
   * Entries that the server pushed. Those that may not be there are told as such and not taken. Throws only for what is no fault of theirs (Unavailable,
   * a failing profile): then they are to be taken later.
   */
  async take(pushed: Entries, connection: Connection): Promise<void> {
    const { groups } = this.#deps.profile;
    const record = await groups.byId(decodeBase64(pushed.group));
    try {
      const entries = pushed.entries.map(({ entry }) => decodeGroupEntry(decodeBase64(entry)));
      if (record === undefined) await this.#takeUnknown(pushed, entries, connection);
      else await this.#takeKnown(record, pushed.entries, entries, connection);
    } catch (error) {
      if (!isBadLog(error)) throw error;
      await this.#refuse(record?.conversation ?? `#${pushed.name}`, error.message);
    }
  }

  /** Fetches what is new in the log of a group. What the server may not show leaves the record as it is, and is told. Throws RequestError, Unavailable. */
  async refresh(known: GroupRecord, connection: Connection): Promise<GroupRecord> {
    let record = known;
    try {
      for (let pages = 0; pages < PAGES_MAX && record.forked === undefined; pages++) {
        const last = lastEntry(record);
        const page = await this.#page(record, last.index, connection);
        if (page === undefined) return (await this.#deps.profile.groups.byId(record.id)) ?? record;
        const [same, ...tail] = page.entries;
        // What does not count yet is nobody's word: another log in its place is no fork.
        if (record.suspended !== undefined && (same === undefined || !hasHead(same, last.head))) {
          record = await this.#withoutSuspended(record);
          continue;
        }
        if (same === undefined) throw older();
        if (!hasHead(same, last.head)) return await this.#compare(record, connection);
        if (tail.length === 0) return await this.#listed(record);
        record = await this.#extend(record, last.index + 1, tail, connection);
        this.#await(record, connection);
      }
    } catch (error) {
      if (!isBadLog(error)) throw error;
      await this.#refuse(record.conversation, error.message);
    }
    return record;
  }

  /** A group of this person that the server lists. What does not verify is told. Throws RequestError, Unavailable. */
  async learn(listed: Named, connection: Connection): Promise<void> {
    try {
      const named = await this.#deps.profile.groups.byName(listed.name);
      const begun = await this.start.begun(listed, connection);
      if (begun === undefined || memberOf(begun.record.state, this.#deps.me) === undefined) return;
      if ((await this.#keep(begun, named)) === undefined) await this.learn(listed, connection);
    } catch (error) {
      if (!isBadLog(error)) throw error;
      await this.#refuse(`#${listed.name}`, error.message);
    }
  }

  /** Entries that this device wrote and the server accepted, the first of which has index `at`. Throws as `take`. */
  async appended(
    record: GroupRecord,
    at: number,
    texts: readonly SignedGroupEntryText[],
    connection: Connection,
  ): Promise<void> {
    try {
      this.#await(await this.#extend(record, at, texts, connection), connection);
    } catch (error) {
      if (!isBadLog(error)) throw error;
      await this.refresh(record, connection);
    }
  }

  /**
   * The server does not show the group to this person any more: it counts as ended, until it shows it again. The entry that removed them, or deleted
   * the group, may be on its way: nothing is told yet.
   */
  async #unlisted(
    { id, name }: GroupRecord,
    connection: Connection,
    change: 'refused_log' | 'other_group',
    reason: string,
  ): Promise<void> {
    const at = this.#deps.clock.now();
    const unlisted = await this.#deps.profile.groups.update(id, name, (now) =>
      now === undefined || now.ended !== undefined
        ? undefined
        : { record: { ...now, ended: { how: 'unlisted', by: '', at, alarm: { change, reason } } } },
    );
    this.#await(unlisted, connection);
  }

  /** Tells what the server should have handed to this device by now: entries that it showed, and why it does not show a group any more. */
  async tellLate(connection: Connection): Promise<void> {
    const { groups } = this.#deps.profile;
    for (const record of await groups.list()) {
      const { id, name, ended, untold } = record;
      if (untold?.news !== undefined) {
        const kept = await keptEntries(this.#deps.profile, record, { first: untold.news, last: untold.upTo });
        this.#await(await groups.update(id, name, (now) => now && late(now, kept, this.#deps.me)), connection);
      }
      if (ended?.alarm === undefined) continue;
      await groups.update(id, name, (now) => {
        if (now?.ended?.alarm === undefined) return undefined;
        const { alarm, ...told } = now.ended;
        const { conversation } = now;
        const at = this.#deps.clock.now();
        return { record: { ...now, ended: told }, events: [{ type: 'group', conversation, ...alarm, at }] };
      });
    }
  }

  /** The server shows all that is known. */
  async #listed(record: GroupRecord): Promise<GroupRecord> {
    if (record.ended?.how !== 'unlisted') return record;
    const now = await this.#deps.profile.groups.update(record.id, record.name, (current) => {
      if (current?.ended?.how !== 'unlisted' || memberOf(current.state, this.#deps.me) === undefined) return undefined;
      const { ended: _ended, ...again } = current;
      return { record: again };
    });
    return now ?? record;
  }

  async #page(record: GroupRecord, after: number, connection: Connection): Promise<Answer<'group.get'> | undefined> {
    try {
      const page = await pageOf(connection, record.name, after);
      if (page.group === encodeBase64(record.id)) return page;
      await this.#unlisted(record, connection, 'other_group', 'The server shows another group under this name.');
    } catch (error) {
      if (!(error instanceof RequestError && isFinal(error))) throw error;
      const reason = `The server does not show it to you any more: ${error.message}`;
      await this.#unlisted(record, connection, 'refused_log', reason);
    }
    return undefined;
  }

  async #withoutSuspended(record: GroupRecord): Promise<GroupRecord> {
    const now = await this.#deps.profile.groups.update(record.id, record.name, (current) => {
      if (current?.suspended === undefined) return undefined;
      const { suspended: _suspended, ...sure } = current;
      return { record: sure };
    });
    return now ?? record;
  }

  async #takeKnown(
    known: GroupRecord,
    texts: readonly SignedGroupEntryText[],
    entries: readonly GroupEntry[],
    connection: Connection,
  ): Promise<void> {
    const [first] = entries;
    if (first === undefined || known.forked !== undefined) return;
    if (entries.some(({ index }, place) => index !== first.index + place)) {
      throw new CryptoError('member', 'The server shows entries of the group that do not follow each other.');
    }
    const { suspended, state } = known;
    const isAnother = texts.some(({ entry }, place) => {
      const there = suspended?.[first.index + place - state.position.index - 1];
      return there !== undefined && there.entry !== entry;
    });
    const record = isAnother ? await this.#withoutSuspended(known) : known;
    for (const [place, text] of texts.entries()) {
      const index = first.index + place;
      const kept = await this.#deps.profile.groups.entry(record.id, index);
      if (kept !== undefined && kept.signed.entry !== text.entry)
        return contradicted(this.#deps, record, index, text, connection);
    }
    const now = first.index > lastEntry(record).index + 1 ? await this.refresh(record, connection) : record;
    if (now.forked !== undefined) return;
    if (first.index > lastEntry(now).index + 1) {
      throw new CryptoError('member', `The server shows entry ${first.index} of the group, but not all before it.`);
    }
    try {
      await this.#extend(now, first.index, texts, connection);
    } catch (error) {
      if (!isBadLog(error)) throw error;
      // Where the server's own log contradicts what is known, too, it is judged; else these alone are refused.
      const judged = await this.refresh(now, connection);
      if (judged.forked !== undefined) return;
      throw error;
    }
    await this.#handed(now, { first: first.index, last: first.index + texts.length - 1 }, connection);
  }

  /** Tells what was waiting for the server to hand these entries on, all of which are known here. */
  async #handed({ id, name }: GroupRecord, handedOn: Range, connection: Connection): Promise<void> {
    const { groups } = this.#deps.profile;
    const record = await groups.byId(id);
    if (record?.untold === undefined) return;
    const kept = await keptEntries(this.#deps.profile, record, toTell(record.untold, handedOn));
    this.#await(await groups.update(id, name, (now) => now && handed(now, kept, handedOn, this.#deps.me)), connection);
  }

  #await(record: GroupRecord | undefined, connection: Connection): void {
    if (record?.untold?.news !== undefined || record?.ended?.alarm !== undefined) this.#behind(connection);
  }

  /** Takes the entries, the first of which has index `at`, beyond those that are known by now. Throws as `advance`. */
  async #extend(
    { id, name }: GroupRecord,
    at: number,
    texts: readonly SignedGroupEntryText[],
    connection: Connection,
  ): Promise<GroupRecord> {
    const { profile, accounts, me } = this.#deps;
    const now = await withAccounts(accounts, connection, (accountOf) =>
      profile.groups.update(id, name, (record) => {
        if (record === undefined || record.forked !== undefined) return undefined;
        const fresh = texts.slice(Math.max(0, lastEntry(record).index + 1 - at));
        return fresh.length === 0 ? undefined : behindUntold(record, advance(record, fresh, accountOf, me));
      }),
    );
    if (now === undefined) throw new ProtocolError(`#${name} is not known here.`);
    return now;
  }

  /** A group that was not known, from the entry by which this person came in, where that is among these and the server still begins there. */
  async #takeUnknown(pushed: Entries, entries: readonly GroupEntry[], connection: Connection): Promise<void> {
    const { me, profile } = this.#deps;
    const added = entries.findLastIndex(({ change }) => change.type === 'add' && isSame(change.subject, me));
    const named = await profile.groups.byName(pushed.name);
    const begun = await this.start.begun(pushed, connection, entries[added]?.index);
    // A session's look-up may have been faster.
    let record = await profile.groups.byId(decodeBase64(pushed.group));
    if (record === undefined) {
      if (begun === undefined) return;
      const isShown = begun.entries.some(({ signed }) => signed.entry === pushed.entries[added]?.entry);
      if (!isShown && memberOf(begun.record.state, me) === undefined) return;
      record = await this.#keep(begun, named);
      if (record === undefined) return this.#takeUnknown(pushed, entries, connection);
    }
    await this.#takeKnown(record, pushed.entries, entries, connection);
  }

  /** Undefined: the name came to mean another group meanwhile. */
  #keep(begun: Begun, named: GroupRecord | undefined): Promise<GroupRecord | undefined> {
    return keepBeside(this.#deps, { ...begun, record: lookedUp(begun.record), events: [] }, named);
  }

  /** The server's whole log beside the one that is kept: where it differs first is judged. */
  async #compare(record: GroupRecord, connection: Connection): Promise<GroupRecord> {
    let index = record.start;
    while (index <= lastEntry(record).index) {
      const page = await this.#page(record, index, connection);
      if (page === undefined || page.entries.length === 0) throw older();
      for (const text of page.entries) {
        const kept = await this.#deps.profile.groups.entry(record.id, index);
        if (kept?.signed.entry !== text.entry) {
          await contradicted(this.#deps, record, index, text, connection);
          return (await this.#deps.profile.groups.byId(record.id)) ?? record;
        }
        index += 1;
      }
    }
    return record;
  }

  /** The same reason of a conversation is told once in this process. */
  async #refuse(conversation: string, reason: string): Promise<void> {
    if (this.#told.get(conversation) === reason) return;
    this.#told.set(conversation, reason);
    const { profile, clock } = this.#deps;
    await profile.events.append([{ type: 'group', conversation, change: 'refused_log', reason, at: clock.now() }]);
  }
}

function older(): CryptoError {
  return new CryptoError('member', 'The server shows an older log of the group: it hides entries.');
}
