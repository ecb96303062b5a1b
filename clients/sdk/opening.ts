// One delivered message, opened: the account logs that it needs fetched first, every check made, its claims about logs compared
// (DESIGN section 5, Open). It decides; the inbox commits.
import { activeDevices } from '#protocol/account-log.ts';
import { otherParticipant } from '#protocol/address.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import type { Header } from '#protocol/envelope.ts';
import { CryptoError } from '#protocol/errors.ts';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { LATE_SLOT_MAX_MS } from '#protocol/limits.ts';
import type { Accounts } from './accounts.ts';
import { contradictedLogs, refreshed } from './claims.ts';
import { expiryHere } from './clocks.ts';
import type { Connection } from './connection.ts';
import { isShown, type ReceiptContent, readContent } from './content/content.ts';
import type { NamedDevice } from './content/name.ts';
import { decodeGiven, type Given, type OpenedMessage, openMessage, readHeader } from './crypto/open.ts';
import type { HeadSeen } from './crypto/private.ts';
import { receivedTag } from './crypto/received.ts';
import { GroupSight, type GroupSightDeps, joinedAt, peopleAt, type Sight, wasEverIn } from './groups/sight.ts';
import type { OwnDevice } from './own-device.ts';
import type { Known } from './pins.ts';
import type { Clock } from './platform.ts';
import type { NewEvent, NewUnreadable, ReadMark, Received } from './profile/profile.ts';
import type { SureTime } from './sure-time.ts';

/** Until its first slot for a new device a message waits for its sender at most so long; what claims an earlier time later is not believed. */
const EARLY_MAX_MS = 3 * LATE_SLOT_MAX_MS;
/** Devices that no log had: not looked up again, because a sender could make us ask for each message. */
const UNKNOWN_DEVICES_MAX = 1_000;

export type Delivered = ServerFrameOf<'deliver'>;

export type Opening =
  | {
      readonly type: 'opened';
      readonly received: Received;
      /** For the ack; absent for own copies and for a blocked sender. */
      readonly tag?: string;
      readonly heads: readonly HeadSeen[];
      /** What it says to have been read, if it is a receipt, in which conversation: not compared with anything yet. */
      readonly read?: { readonly conversation: string; readonly marks: readonly ReadMark[] };
      /** What it says a device is called, likewise. */
      readonly name?: NamedDevice;
      readonly events: readonly NewEvent[];
    }
  /** From somebody who is blocked, and not to be opened: nothing is kept of it. */
  | { readonly type: 'ignored' }
  | { readonly type: 'unreadable'; readonly unreadable: NewUnreadable; readonly events: readonly NewEvent[] };

export type OpenerDeps = GroupSightDeps & {
  readonly own: OwnDevice;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly sureTime: SureTime;
};

/** By whom, where in a group, what its claims came to; `early` as in Received. */
type HowOpened = {
  readonly sender: Known | undefined;
  readonly sight: Sight | undefined;
  readonly events: readonly NewEvent[];
  readonly early?: Received['early'];
};

/** A group's message is opened with a view of its group; a direct one has none. */
type Seen = { readonly sight: Sight; readonly isMember: boolean } | undefined;

export class Opener {
  readonly #deps: OpenerDeps;
  readonly #groups: GroupSight;
  readonly #unknownDevices = new Set<string>();
  #enrolledAt: number | undefined;

  constructor(deps: OpenerDeps) {
    this.#deps = deps;
    this.#groups = new GroupSight(deps);
  }

  /** Throws only for what is no fault of the message (Unavailable, a failing profile): then it is to be opened later. */
  async open(frame: Delivered, connection: Connection): Promise<Opening> {
    let header: Header | undefined;
    let sight: Sight | undefined;
    try {
      const given = decodeGiven(frame);
      header = readHeader(given.header);
      if (isGroup(header)) sight = await this.#groups.of(frame, header, connection);
      const blocked = await this.#blocked(header);
      if (blocked !== undefined) return this.#quietly(frame, given, blocked, await this.#seen(sight, blocked));
      const sender = await this.#sender(header, connection, sight);
      const first = this.#openWith(given, sender, await this.#seen(sight, sender));
      // A log that the message goes beyond may have revoked its device meanwhile.
      const claims = await contradictedLogs(first, this.#other(header), this.#deps, connection);
      const latest = await this.#deps.accounts.known(header.sender);
      const seen = await this.#seen(sight, latest);
      const message = latest?.state === sender?.state ? first : this.#openWith(given, latest, seen);
      if (sight !== undefined) this.#groups.opened(sight);
      return await this.#opened(frame, message, {
        sender: latest,
        sight,
        events: claims,
        early: await this.#early(message),
      });
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      return { type: 'unreadable', unreadable: this.#unreadable(frame, header, error, sight), events: [] };
    }
  }

  /** Entries of a group's log were taken: messages behind them are of no earlier epoch. */
  entriesTaken(frame: ServerFrameOf<'entries'>): Promise<void> {
    return this.#groups.entriesTaken(frame);
  }

  async #seen(sight: Sight | undefined, sender: Known | undefined): Promise<Seen> {
    if (sight === undefined) return undefined;
    return { sight, isMember: sender !== undefined && (await this.#groups.isMember(sight, sender)) };
  }

  async #blocked({ sender }: Header): Promise<Known | undefined> {
    const { accounts, own } = this.#deps;
    const known = sender === own.address ? undefined : await accounts.known(sender);
    return known?.pin.blocked === true ? known : undefined;
  }

  /** Of a blocked sender: opened with what is pinned, so that it counts once, and nothing else. */
  async #quietly(frame: Delivered, given: Given, sender: Known, seen: Seen): Promise<Opening> {
    try {
      const message = this.#openWith(given, sender, seen);
      if (seen !== undefined) this.#groups.opened(seen.sight);
      return await this.#opened(frame, message, { sender, sight: seen?.sight, events: [] });
    } catch (error) {
      if (error instanceof CryptoError) return { type: 'ignored' };
      throw error;
    }
  }

  async #sender(header: Header, connection: Connection, sight: Sight | undefined): Promise<Known | undefined> {
    const { accounts, own } = this.#deps;
    const { conversation, sender } = header;
    const device = encodeBase64(header.device);
    const isMine =
      conversation.kind === 'direct'
        ? otherParticipant(conversation, own.address) !== undefined
        : sight !== undefined && wasEverIn(sight.record, sender);
    if (!isMine) return undefined;
    const known = await accounts.known(sender);
    if (known?.state.devices.has(device) || this.#unknownDevices.has(device)) return known;
    const fetched = await refreshed(accounts, sender, connection);
    if (!fetched?.state.devices.has(device)) {
      if (this.#unknownDevices.size >= UNKNOWN_DEVICES_MAX) this.#unknownDevices.clear();
      this.#unknownDevices.add(device);
    }
    return fetched;
  }

  #openWith(given: Given, sender: Known | undefined, seen: Seen): OpenedMessage {
    const { own } = this.#deps;
    const { message } = openMessage(given, {
      me: own.ids,
      boxKeys: own.boxKeys,
      isMyGroup: () => seen !== undefined,
      senderDevice: (_address, id) => {
        const device = sender?.state.devices.get(encodeBase64(id));
        if (sender === undefined || device === undefined) return undefined;
        const { x25519, ed25519, revoked } = device;
        return { identity: sender.state.identity, x25519, ed25519, revoked: revoked !== undefined };
      },
      isMember: () => seen?.isMember === true,
      lastEpoch: () => seen?.sight.lastEpoch ?? 0,
      // The profile decides, in the transaction that commits.
      dedupe: () => 'fresh',
    });
    return message;
  }

  #other(header: Header): string {
    const { conversation } = header;
    // Step `conversation` of opening has made sure of both.
    return (
      (conversation.kind === 'direct' ? otherParticipant(conversation, this.#deps.own.address) : undefined) ??
      header.sender
    );
  }

  /**
   * Whether it was written before this device was enrolled, by its sender's clock, which gives it a place at most; and whether an earlier device
   * has it, too: that takes a sender who did not know this one.
   */
  async #early({ private: { sentAt, recipientPosition } }: OpenedMessage): Promise<Received['early']> {
    const { accounts, own, clock } = this.#deps;
    this.#enrolledAt ??= (await accounts.known(own.address))?.pin.firstSeen[own.device] ?? 0;
    const enrolledAt = this.#enrolledAt;
    const told = sentAt < enrolledAt && sentAt >= enrolledAt - LATE_SLOT_MAX_MS;
    if (!told || clock.now() > enrolledAt + EARLY_MAX_MS) return undefined;
    const known = await accounts.known(own.address);
    const others = known === undefined ? [] : activeDevices(known.state).map(({ id }) => encodeBase64(id));
    const enrolled = known?.state.devices.get(own.device)?.enrolled.index ?? 0;
    // A group's message does not say which of my devices its sender knew.
    const knewThisDevice = recipientPosition === undefined || recipientPosition.index >= enrolled;
    const elsewhere =
      !knewThisDevice &&
      others.some((device) => device !== own.device && (known?.pin.firstSeen[device] ?? enrolledAt) <= enrolledAt);
    return { elsewhere };
  }

  async #opened(frame: Delivered, message: OpenedMessage, how: HowOpened): Promise<Opening> {
    const { own, clock, sureTime } = this.#deps;
    const { sender, sight, events, early } = how;
    const { header, private: part, messageHash, messageKey } = message;
    const mine = header.sender === own.address;
    const other = sight?.record.conversation ?? this.#other(header);
    const people =
      sight === undefined ? { recipients: other === own.address ? [] : [other] } : peopleAt(sight, own.address);
    const joined = sight && joinedAt(sight, own.address);
    const blocked = !mine && sender?.pin.blocked === true;
    const content = readContent(part.content);
    const forPeople = isShown(content);
    const now = sureTime.now();
    const expiry = expiryHere(part, frame.receivedAt, now);
    const expired = expiry !== 0 && expiry <= now;
    const received: Received = {
      ...{ conversation: other, from: header.sender, device: encodeBase64(header.device), id: encodeBase64(header.id) },
      ...{ seq: header.seq, mh: messageHash, previous: part.previous.slice(), kind: content.kind },
      ...{ order: sight?.order ?? 0, ...(sight === undefined ? {} : { epoch: header.epoch }) },
      ...(joined === undefined ? {} : { joined }),
      content: blocked ? new Uint8Array(0) : part.content.slice(),
      sentAt: part.sentAt,
      receivedAt: frame.receivedAt,
      takenAt: clock.now(),
      expiry,
      seen: blocked
        ? []
        : part.heads.map((head) => ({
            device: encodeBase64(head.device),
            seq: head.seq,
            mh: head.messageHash.slice(),
          })),
      ...(early === undefined ? {} : { early }),
      ...(mine && forPeople ? { own: { k: messageKey, ...people } } : {}),
      ...(mine || blocked ? {} : { readTag: receivedTag(messageKey, messageHash, own.ids, 'read') }),
      show: !blocked && !expired && forPeople,
      ...(blocked ? { quiet: true } : {}),
      ...(expired && !mine && forPeople ? { late: true } : {}),
    };
    const heads = blocked ? [] : part.heads;
    const tag =
      mine || blocked ? {} : { tag: encodeBase64(receivedTag(messageKey, messageHash, own.ids, 'delivered')) };
    const read = content.kind === 'receipt' && !blocked ? await this.#read(content, other) : undefined;
    const name = content.kind === 'name' && mine ? { name: content.name } : {};
    const told = read === undefined ? {} : { read };
    return { type: 'opened', received, ...tag, heads, ...told, ...name, events: blocked ? [] : events };
  }

  /** A receipt of a group's messages names the group; of one that is not known here it says nothing. */
  async #read({ group, read }: ReceiptContent, conversation: string) {
    if (group === undefined) return { conversation, marks: read };
    const record = await this.#deps.profile.groups.byId(group);
    return record && { conversation: record.conversation, marks: read };
  }

  #unreadable(frame: Delivered, header: Header | undefined, error: CryptoError, sight?: Sight): NewUnreadable {
    const kept = { header: frame.header, body: frame.body, slot: frame.slot, receivedAt: frame.receivedAt };
    const reason = `${error.step}: ${error.message}`;
    if (header === undefined) return { reason, ...kept };
    const named = { from: header.sender, device: encodeBase64(header.device), id: encodeBase64(header.id) };
    const { conversation } = header;
    const other =
      conversation.kind === 'direct'
        ? otherParticipant(conversation, this.#deps.own.address)
        : sight?.record.conversation;
    return { reason, ...named, ...(other === undefined ? {} : { conversation: other }), ...kept };
  }
}

type GroupHeader = Header & { readonly conversation: { readonly kind: 'group' } };

function isGroup(header: Header): header is GroupHeader {
  return header.conversation.kind === 'group';
}
