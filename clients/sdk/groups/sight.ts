// What opening a group's message needs to know of the group: whether it is one of mine, who was in it at the message's epoch, and how far its
// order has come (DESIGN section 5, Open). What the log lacks is fetched first.
import { decodeBase64 } from '#protocol/base64.ts';
import type { Header, Position } from '#protocol/envelope.ts';
import { CryptoError, ProtocolError } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { decodeGroupEntry } from '#protocol/group-entry.ts';
import { GROUP_PROOFS_MAX_MEMBERS } from '#protocol/limits.ts';
import type { Connection } from '../connection.ts';
import type { Known } from '../pins.ts';
import { ORDER_MAX } from '../profile/ordered.ts';
import type { GroupRecord, Profile, Received, Span } from '../profile/profile.ts';
import { isFinal } from '../refusal.ts';
import { wasMember } from './log.ts';

export type GroupSightDeps = {
  readonly own: { readonly address: string };
  readonly profile: Profile;
  readonly groups: GroupTails;
};

/** What sending and opening ask of the logs of groups. */
export interface GroupTails {
  /** What a name means now; a device that has just begun a session first learns which groups it is in. */
  find(name: string): Promise<GroupRecord | undefined>;
  /** Fetches what is new in a group's log, verifies and keeps it. Throws RequestError, Unavailable. */
  refresh(record: GroupRecord, connection: Connection): Promise<GroupRecord>;
}

/** A group's message and what is known of its place. */
export type Sight = {
  readonly record: GroupRecord;
  readonly order: number;
  readonly epoch: Position;
  /** The highest epoch of what stands ahead of it; 0 for what takes a place among what came, as late slots do. */
  readonly lastEpoch: number;
};

type Reached = { readonly order: number; readonly epoch: number };

export class GroupSight {
  readonly #deps: GroupSightDeps;
  /** How far the order has come with what was opened and not committed yet, and with entries of the log, by conversation. */
  readonly #opened = new Map<string, Reached>();
  readonly #entries = new Map<string, Reached>();

  constructor(deps: GroupSightDeps) {
    this.#deps = deps;
  }

  /** Undefined: the message is of a group that is not known here, even now. CryptoError where it has no number. */
  async of(
    { group: place }: ServerFrameOf<'deliver'>,
    header: Header & { readonly conversation: { readonly kind: 'group' } },
    connection: Connection,
  ): Promise<Sight | undefined> {
    if (place === undefined) throw new CryptoError('parse', 'The server gave a message of a group no number.');
    if (place.number > ORDER_MAX) throw new CryptoError('parse', 'The number of the message is too high.');
    const epoch = { index: header.epoch, head: header.head };
    const record = await this.#record(header.conversation.group, epoch, place.name, connection);
    if (record === undefined) return undefined;
    return { record, order: place.number, epoch, lastEpoch: await this.#lastEpoch(record.conversation, place.number) };
  }

  /** Whether the sender was in the group at the epoch of the message, under the identity that is pinned here. */
  async isMember({ record, epoch }: Sight, sender: Known): Promise<boolean> {
    const kept = await this.#deps.profile.groups.entry(record.id, epoch.index);
    return wasMember(record, kept, epoch, sender.pin);
  }

  /** It was opened: what has a higher number has no lower epoch. */
  opened({ record, order, epoch }: Sight): void {
    reach(this.#opened, record.conversation, { order, epoch: epoch.index });
  }

  /** Entries were taken: what has a higher number than the last of them is of no epoch before it. */
  async entriesTaken({ group, number, entries }: ServerFrameOf<'entries'>): Promise<void> {
    const { groups } = this.#deps.profile;
    const record = await groups.byId(decodeBase64(group));
    const last = entries.at(-1);
    if (record === undefined || last === undefined) return;
    const epoch = indexOf(last);
    // One that was refused moves nothing.
    const kept = epoch === undefined ? undefined : await groups.entry(record.id, epoch);
    if (kept === undefined || kept.signed.entry !== last.entry) return;
    reach(this.#entries, record.conversation, { order: number + entries.length - 1, epoch: kept.index });
  }

  async #record(
    id: Uint8Array,
    epoch: Position,
    name: string,
    connection: Connection,
  ): Promise<GroupRecord | undefined> {
    const { profile, groups } = this.#deps;
    let known = await profile.groups.byId(id);
    if (known === undefined) {
      await groups.find(name);
      known = await profile.groups.byId(id);
    }
    if (known === undefined || epoch.index <= known.state.position.index) return known;
    try {
      return await groups.refresh(known, connection);
    } catch (error) {
      // Who was removed is shown nothing more: then what is known decides.
      if (!isFinal(error)) throw error;
      return known;
    }
  }

  /** The highest epoch that is known to stand ahead of this number. Each source for itself: a server that gives one too high a number frees nothing of the others. */
  async #lastEpoch(conversation: string, order: number): Promise<number> {
    const committed = await this.#deps.profile.receiving.latest(conversation);
    const all = [committed, this.#opened.get(conversation), this.#entries.get(conversation)];
    return all.reduce((last, one) => (one !== undefined && one.order < order ? Math.max(last, one.epoch) : last), 0);
  }
}

function reach(reached: Map<string, Reached>, conversation: string, now: Reached): void {
  if (now.order > (reached.get(conversation)?.order ?? 0)) reached.set(conversation, now);
}

/** Undefined for what is no entry. */
function indexOf({ entry }: SignedGroupEntryText): number | undefined {
  try {
    return decodeGroupEntry(decodeBase64(entry)).index;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Whether somebody of this address was ever in the group, as far as it is known here: then their account log is worth asking for. */
export function wasEverIn({ spans }: GroupRecord, address: string): boolean {
  return spans.some((span) => span.address === address);
}

/** The epoch with which this person's being in the group began, the last time before the message. */
export function joinedAt({ record, epoch }: Sight, own: string): number | undefined {
  return spanAt(record, epoch.index, own)?.from;
}

/** Whom an own message went to: those who were in the group at its epoch. */
export function peopleAt(
  { record, epoch }: Sight,
  own: string,
): Pick<NonNullable<Received['own']>, 'recipients' | 'counted'> {
  const others = new Set<string>();
  for (const span of record.spans) if (span.address !== own && isIn(span, epoch.index)) others.add(span.address);
  return others.size <= GROUP_PROOFS_MAX_MEMBERS
    ? { recipients: [...others] }
    : { recipients: [], counted: others.size };
}

function spanAt({ spans }: GroupRecord, epoch: number, address: string): Span | undefined {
  return spans.find((span) => span.address === address && isIn(span, epoch));
}

function isIn({ from, to }: Span, epoch: number): boolean {
  return from <= epoch && (to === undefined || epoch < to);
}
