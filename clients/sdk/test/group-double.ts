// The groups of the server double: logs in memory, compared and set by their heads, believing everything else.
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import type { Header } from '#protocol/envelope.ts';
import { RequestError } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { Answer } from '#protocol/frames/server.ts';
import { decodeGroupEntry, groupHead, groupId, statesState } from '#protocol/group-entry.ts';
import { replayGroupLog } from '#protocol/group-log.ts';
import { encodeMembership, type GroupState } from '#protocol/group-state.ts';

const PAGE_ENTRIES = 64;

export type GroupLog = readonly SignedGroupEntryText[];
export type GroupDouble = { readonly name: string; readonly group: string; log: GroupLog; numbers: number };

const bytesOf = ({ entry }: SignedGroupEntryText): Uint8Array => decodeBase64(entry);

export function groupStateOf(log: GroupLog): GroupState {
  return replayGroupLog(log.map(bytesOf));
}

/** A message of a group, as its frame and the session say. `uses`: the devices in use of a member. */
export type GroupMessage = {
  readonly header: Header;
  readonly mh: string;
  readonly to: readonly { readonly to: string; readonly device: string }[];
  readonly uses: (address: string) => readonly string[];
};

export class GroupsDouble {
  readonly #groups = new Map<string, GroupDouble>();
  /** What was taken, by device and id. */
  readonly #taken = new Map<string, { readonly number: number; readonly mh: string; readonly persons: number }>();
  /** The lowest number of a device that was refused and has not come again, by group and device. */
  readonly #refused = new Map<string, number>();

  /** The group that has this name now. Throws RequestError `no_such_group`. */
  of(name: string): GroupDouble {
    const group = this.#groups.get(name);
    if (group === undefined || groupStateOf(group.log).deleted) throw new RequestError('no_such_group');
    return group;
  }

  /** Forgets that there is a group of this name. */
  forget(name: string): void {
    this.#groups.delete(name);
  }

  /** Throws RequestError `group_exists`, `stale_group`, `no_such_group`. `to`: who hears of it. */
  append(
    name: string,
    entries: GroupLog,
  ): { readonly group: GroupDouble; readonly number: number; readonly to: string[] } {
    const [first] = entries;
    if (first === undefined) throw new RequestError('bad_request');
    const group = this.#groupFor(name, first);
    const before = group.log;
    const place = before.findIndex(({ entry }) => entry === first.entry);
    if (place >= 0) return { group, number: place + 1, to: [] };
    const last = before.at(-1);
    const head = last === undefined ? undefined : encodeBase64(groupHead(bytesOf(last)));
    const stands = encodeBase64(decodeGroupEntry(bytesOf(first)).previous);
    if (head !== undefined && head !== stands) throw new RequestError('stale_group');
    const members = (log: GroupLog) => (log.length === 0 ? [] : [...groupStateOf(log).members.keys()]);
    group.log = [...before, ...entries];
    this.#groups.set(name, group);
    const number = group.numbers + 1;
    group.numbers += entries.length;
    return { group, number, to: [...new Set([...members(before), ...members(group.log)])] };
  }

  /** Numbers a message. Throws RequestError `no_such_group`, `not_a_member`, `stale_group`, `missing_slots`, `earlier_refused`. */
  take(
    name: string,
    { header, mh, to, uses }: GroupMessage,
  ): { readonly number: number; readonly mh: string; readonly persons: number } {
    const { sender, seq, epoch, head } = header;
    const key = `${encodeBase64(header.device)} ${encodeBase64(header.id)}`;
    const before = this.#taken.get(key);
    if (before !== undefined) return before;
    const group = this.of(name);
    const { members, position } = groupStateOf(group.log);
    if (!members.has(sender)) throw new RequestError('not_a_member');
    const turn = `${group.group} ${encodeBase64(header.device)}`;
    if (seq > (this.#refused.get(turn) ?? seq)) throw new RequestError('earlier_refused');
    const others = [...members.keys()].filter((address) => address !== sender);
    const lacks = others.some((address) => uses(address).length > 0 && !to.some((slot) => slot.to === address));
    const isStale = epoch !== position.index || encodeBase64(head) !== encodeBase64(position.head);
    if (isStale || lacks) {
      this.#refused.set(turn, seq);
      throw new RequestError(isStale ? 'stale_group' : 'missing_slots');
    }
    this.#refused.delete(turn);
    group.numbers += 1;
    const taken = { number: group.numbers, mh, persons: others.length };
    this.#taken.set(key, taken);
    return taken;
  }

  /** To how many persons a message of this device went. */
  personsOf({ device, id }: Pick<Header, 'device' | 'id'>): number {
    return this.#taken.get(`${encodeBase64(device)} ${encodeBase64(id)}`)?.persons ?? 0;
  }

  page({ group }: GroupDouble, log: GroupLog, after: number): Answer<'group.get'> {
    return { group, entries: log.slice(after, after + PAGE_ENTRIES), length: log.length };
  }

  /** What a newcomer may begin with, behind the entry `at` by which `address` last came in, or behind the last that states the state. Throws RequestError. */
  state({ group }: GroupDouble, log: GroupLog, address: string, at?: number): Answer<'group.state'> {
    const states = (text: SignedGroupEntryText, index: number) =>
      statesState(index, decodeGroupEntry(bytesOf(text)).change.type);
    const last = log.findLastIndex(states);
    const came = log.findLastIndex((text) => {
      const { change } = decodeGroupEntry(bytesOf(text));
      return change.type === 'add' && change.subject.address === address;
    });
    const index = at ?? last;
    const [create, entry] = [log[0], log[index]];
    const isShown = index === last || index === came;
    if (!isShown || create === undefined || entry === undefined) throw new RequestError('bad_request');
    const state = encodeBase64(encodeMembership(groupStateOf(log.slice(0, index + 1))));
    return { group, create, entry, index, state, length: log.length };
  }

  list(address: string, own: boolean): Answer<'group.list'> {
    const groups = [...this.#groups.values()].flatMap(({ name, group, log }) => {
      const { deleted, members, policy } = groupStateOf(log);
      const shown = own ? members.has(address) : policy !== 'closed';
      return shown && !deleted ? [{ name, group, policy, members: members.size }] : [];
    });
    return { groups, more: false };
  }

  /** Closed groups are shown to their members alone. Throws RequestError `not_a_member`. */
  shown(name: string, address: string): GroupDouble {
    const group = this.of(name);
    const { policy, members } = groupStateOf(group.log);
    if (policy === 'closed' && !members.has(address)) throw new RequestError('not_a_member');
    return group;
  }

  #groupFor(name: string, first: SignedGroupEntryText): GroupDouble {
    const known = this.#groups.get(name);
    const exists = known !== undefined && !groupStateOf(known.log).deleted;
    if (decodeGroupEntry(bytesOf(first)).change.type !== 'create') return this.of(name);
    if (exists && known.log[0]?.entry !== first.entry) throw new RequestError('group_exists');
    return exists ? known : { name, group: encodeBase64(groupId(bytesOf(first))), log: [], numbers: 0 };
  }
}
