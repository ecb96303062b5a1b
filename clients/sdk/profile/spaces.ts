// Every kind of record that a profile has: its space, its key, its fields. The one place that knows how things lie on disk.
// u64 keys give order; names (16 bytes, keyed hashes) give look-up. Of what is plain on disk an onlooker learns counts and sizes only.
import { encodeBase64 } from '#protocol/base64.ts';
import { ByteReader, ByteWriter, concat } from '#protocol/bytes.ts';
import type {
  Account,
  DeviceId,
  GroupRecord,
  KeptEntry,
  MessageId,
  NewEvent,
  NewUnreadable,
  Pin,
  SealedItem,
  SentMessage,
} from './profile.ts';
import type { RecordReader, RecordWriter, SealedRecords, Space } from './sealed-records.ts';

/** Holds the header alone, which is not encrypted (key.ts). */
export const HEADER_SPACE = 0;
/** The key in spaces of one record. */
export const SINGLE = Uint8Array.of(0);

export type AccountRecord = Omit<Account, 'passwordChanged'>;
export const ACCOUNT: Space<AccountRecord> = { number: 1 };
/** The last session number that was given. */
export const SESSION: Space<{ readonly number: number }> = { number: 2 };
/** Last numbers given, and `printed`: up to here events were printed, at least. */
export type Counters = {
  readonly event: number;
  readonly outbox: number;
  readonly unreadable: number;
  readonly printed: number;
  /** The oldest unreadable item that may have its bytes yet, and how many bytes all of them have. */
  readonly unreadableFrom: number;
  readonly unreadableBytes: number;
  /** How many of DROPPABLE there are. */
  readonly droppable: number;
  /** Texts that were ever packed, and the pack that takes the next one; 0: it begins one. */
  readonly text: number;
  readonly pack: number;
};
export const COUNTERS: Space<Counters> = { number: 3 };
/** name('pin', address). */
export const PINS: Space<Pin> = { number: 4 };

/**
 * A number in a group's order and the epoch then; the epoch with which this person came into the group last, and the first number that came
 * since.
 */
export type Epoch = {
  readonly order: number;
  readonly epoch: number;
  readonly joined: number;
  readonly since: number;
};

export type ConversationRecord = {
  readonly conversation: string;
  /** Last own number, and its mh. */
  readonly seq: number;
  readonly mh: Uint8Array;
  readonly lastPosition: number;
  readonly lastAt: number;
  readonly readThrough: number;
  /** Of a group: the highest number that came from others, and the epoch of the message that has it. */
  readonly top?: Epoch;
  /** Of `unread`, what came below `readThrough`: its lines are marked. */
  readonly unreadLate?: Readonly<Record<string, number>>;
  readonly unread: Readonly<Record<string, number>>;
};
/** name('conversation', conversation). */
export const CONVERSATIONS: Space<ConversationRecord> = { number: 5 };

export type HistoryRecord = {
  readonly id: MessageId;
  readonly from: string;
  readonly device: DeviceId;
  readonly seq: number;
  readonly kind: string;
  readonly content: Uint8Array;
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly expiry: number;
  readonly own: boolean;
  /** Number in the group's order; absent where it has none, or not yet. */
  readonly order?: number;
  /** It never counted as unread here. */
  readonly read?: true;
  /** It took a place ahead of lines that were there. */
  readonly late?: true;
  /** It took a place among what had been read, and was not shown since. */
  readonly unread?: true;
  /** What tells its sender, once it is read. */
  readonly readTag?: Uint8Array;
};
/** name('conversation', conversation) ‖ u64 position. */
export const HISTORY: Space<HistoryRecord> = { number: 6 };

/** name('id', device, id): dedupe, for ever. */
export const IDS: Space<Uint8Array> = { number: 7 };
/** `position`: 0 where it is not shown. `order`: its number in a group, once it has one. */
export type SeqRecord = {
  readonly mh: Uint8Array;
  readonly previous: Uint8Array;
  readonly position: number;
  readonly order?: number;
};
/** Key of HEADS ‖ u64 seq: dedupe and chain, for ever; own numbers too. Neighbours lie together: a batch writes few pages. */
export const SEQS: Space<SeqRecord> = { number: 8 };

/** Somebody who wrote the line at `position` says that he had this number of the device, with this mh: it stands ahead of that line. */
export type Claim = { readonly seq: number; readonly position: number; readonly mh?: Uint8Array };

/** Numbers first … last; `shown`: the person was told. */
export type Missing = {
  readonly first: number;
  readonly last: number;
  readonly since: number;
  readonly shown: boolean;
};
export type HeadRecord = {
  readonly conversation: string;
  readonly from: string;
  readonly device: DeviceId;
  /** Highest that came (0: none), its group number and mh. */
  readonly seq: number;
  readonly order: number;
  readonly mh: Uint8Array;
  /** Of a group: its epoch. */
  readonly epoch?: number;
  /** Highest number that is known to exist. */
  readonly top: number;
  readonly missing: readonly Missing[];
};
/** name('conversation', conversation) ‖ name('device', device). */
export const HEADS: Space<HeadRecord> = { number: 9 };
/** Key of HEADS, for heads with gaps that were not shown. */
export const OPEN_GAPS: Space<true> = { number: 10 };

/** u64 number: what the server has not accepted yet, with the author's id. */
export const OUTBOX: Space<{ readonly id: MessageId; readonly hidden?: true }> = { number: 11 };
/** `number`: of the outbox; copies from other devices have none. */
export type SentRecord = SentMessage & { readonly number?: number };
/** name('id', device, id). */
export const SENT: Space<SentRecord> = { number: 12 };
export type SealedRecord = {
  readonly id: MessageId;
  readonly conversation: string;
  readonly seq: number;
  readonly createdAt: number;
  readonly retention?: number;
  readonly hidden?: true;
  readonly group?: string;
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  readonly slots: SealedItem['slots'];
};
/** u64 outbox number: as long as the message may be sent, again or to late devices. */
export const SEALED: Space<SealedRecord> = { number: 13 };

export type EventRecord =
  | NewEvent
  | { readonly type: 'message'; readonly conversation: string; readonly position: number };
/** u64 number. */
export const EVENTS: Space<EventRecord> = { number: 14 };
/** u64 number. */
export const UNREADABLE: Space<NewUnreadable> = { number: 15 };
/** name('expiry', hour) ‖ name('place', conversation, position): what expires in that hour; hours are hashed, for times are nobody's business. */
export const EXPIRY: Space<{
  readonly conversation: string;
  readonly position: number;
  readonly expiry: number;
  /** Where its text is, if it has one. */
  readonly packed?: PackedAt;
  /** Its line is gone; what is kept of an own message, to tell what became of it, expires in its turn. */
  readonly sent?: { readonly device: DeviceId; readonly id: MessageId };
}> = { number: 16 };
/** The hour up to which expired messages were deleted. */
export const SWEPT: Space<{ readonly hour: number }> = { number: 17 };

/** Key of HEADS: what others have seen of that device and has not come, rising in number and position alike. */
export const CLAIMS: Space<readonly Claim[]> = { number: 18 };

/** Key of EVENTS, for those that are no messages. */
export const DROPPABLE: Space<true> = { number: 19 };

/** A text in a pack: its number, and that of the first one there. */
export type PackedAt = { readonly pack: number; readonly text: number };
/** Texts in the order in which they came here, folded, and the lines that they are of; packs.ts knows the bytes. */
export type PackRecord = { readonly lines: Uint8Array; readonly texts: Uint8Array };
/** u64 number of its first text. */
export const PACKS: Space<PackRecord> = { number: 20, bulk: true };
/** The last texts, which come to the end of a pack together; `first`: the number of the first one here. */
export const TAIL: Space<PackRecord & { readonly first: number }> = { number: 21 };

/** A group with its state as bytes: policy, members and refused identities as an entry states them (PROTOCOL.md, Groups). */
export type StoredGroup = Omit<GroupRecord, 'state'> & {
  readonly state: Omit<GroupRecord['state'], 'policy' | 'members' | 'refused' | 'actors'> & {
    readonly membership: Uint8Array;
    readonly actors: readonly (readonly [identity: string, index: number])[];
  };
};
/** name('group', id). As many bytes as it has members: bulk. */
export const GROUPS: Space<StoredGroup> = { number: 22, bulk: true };
/** name('group-name', name), name('conversation', conversation): which group that means. */
export const GROUP_IDS: Space<{ readonly id: Uint8Array }> = { number: 23 };
/** Key of GROUPS ‖ u64 index. */
export const GROUP_ENTRIES: Space<KeptEntry> = { number: 24 };

/** `claim`: of who uploads now. `parts`: noted so far. `at`: when something was done with it last. */
export type UploadRecord = {
  readonly blob: Uint8Array;
  readonly key: Uint8Array;
  readonly claim: string;
  readonly parts: number;
  readonly at: number;
};
/** name('upload', place, size, retention). */
export const UPLOADS: Space<UploadRecord> = { number: 25 };
/** Key of UPLOADS ‖ u64 part: what each of its chunks was sealed to. */
export const UPLOAD_PARTS: Space<{ readonly hashes: Uint8Array }> = { number: 26 };

export function u64Key(number: number): Uint8Array {
  return new ByteWriter(8).u64(number).finish();
}

/** The u64 at the end of a key. */
export function numberOf(key: Uint8Array): number {
  return new ByteReader(key.subarray(key.length - 8)).u64();
}

/** The keys of records, made with one profile's names. */
export class Places {
  readonly #sealed: SealedRecords;

  constructor(sealed: SealedRecords) {
    this.#sealed = sealed;
  }

  pin(address: string): Uint8Array {
    return this.#sealed.name('pin', address);
  }

  conversation(name: string): Uint8Array {
    return this.#sealed.name('conversation', name);
  }

  history(conversation: string, position: number): Uint8Array {
    return concat(this.conversation(conversation), u64Key(position));
  }

  id(device: DeviceId, id: MessageId): Uint8Array {
    return this.#sealed.name('id', device, id);
  }

  seq(conversation: string, device: DeviceId, seq: number): Uint8Array {
    return concat(this.head(conversation, device), u64Key(seq));
  }

  head(conversation: string, device: DeviceId): Uint8Array {
    return concat(this.conversation(conversation), this.#sealed.name('device', device));
  }

  group(id: Uint8Array): Uint8Array {
    return this.#sealed.name('group', encodeBase64(id));
  }

  groupName(name: string): Uint8Array {
    return this.#sealed.name('group-name', name);
  }

  groupEntry(id: Uint8Array, index: number): Uint8Array {
    return concat(this.group(id), u64Key(index));
  }

  upload(place: string, size: number, retention: number): Uint8Array {
    return this.#sealed.name('upload', place, size, retention);
  }

  uploadPart(upload: Uint8Array, part: number): Uint8Array {
    return concat(upload, u64Key(part));
  }

  hour(hour: number): Uint8Array {
    return this.#sealed.name('expiry', hour);
  }

  expiry(hour: number, conversation: string, position: number): Uint8Array {
    return concat(this.hour(hour), this.#sealed.name('place', conversation, position));
  }
}

/** The range of all keys that begin with this name. */
export function under(name: Uint8Array): { readonly from: Uint8Array; readonly to: Uint8Array } {
  return { from: name, to: after(name) };
}

/** The lowest key that is above all keys that begin with `prefix`. A name of 0xff only has probability 2^-128. */
function after(prefix: Uint8Array): Uint8Array {
  const next = prefix.slice();
  for (let i = next.length - 1; i >= 0; i--) {
    const byte = ((next[i] ?? 0) + 1) & 0xff;
    next[i] = byte;
    if (byte !== 0) break;
  }
  return next;
}

const NO_COUNTERS: Counters = {
  ...{ event: 0, outbox: 0, unreadable: 0, printed: 0, droppable: 0 },
  ...{ unreadableFrom: 1, unreadableBytes: 0, text: 0, pack: 0 },
};

export async function counters(records: RecordReader): Promise<Counters> {
  // Profiles of earlier versions lack the latest of them.
  return { ...NO_COUNTERS, ...(await records.get(COUNTERS, SINGLE)) };
}

/** The next number of this kind, from 1. */
export async function nextNumber(records: RecordWriter, kind: 'event' | 'outbox' | 'unreadable'): Promise<number> {
  const now = await counters(records);
  const number = now[kind] + 1;
  records.put(COUNTERS, SINGLE, { ...now, [kind]: number });
  return number;
}
