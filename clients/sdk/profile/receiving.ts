// Committing what came: dedupe for ever, the chain of each sender's device, gaps, history, unread counts and events, a batch in one transaction
// (DESIGN section 3, exactly once on screen; section 5, Dedupe). Only after it is a message acked, so a death before it costs nothing.
import { equalBytes, isZero } from '#protocol/bytes.ts';
import { appendEvents, type Context, conversationRecord, MH_BYTES, POSITION_STEP, putHistory } from './context.ts';
import { noneOf } from './counts.ts';
import { arrived, type GapRange, type HeadChange, missedFor, neighbours, quietly, shownIn } from './gaps.ts';
import { endOfCame, isOrdered, numberedPlace } from './ordered.ts';
import { placeOf, rememberSeen } from './place.ts';
import type { CommitResult, Gap, Received, ReceivedBatch, ReceivingPart, SentMessage } from './profile.ts';
import type { RecordWriter } from './sealed-records.ts';
import {
  CONVERSATIONS,
  type ConversationRecord,
  EVENTS,
  HEADS,
  type HeadRecord,
  type HistoryRecord,
  IDS,
  nextNumber,
  numberOf,
  OPEN_GAPS,
  PINS,
  SENT,
  SEQS,
  UNREADABLE,
  u64Key,
  under,
} from './spaces.ts';
import { keepUnreadable } from './unreadable.ts';

export function receivingPart(context: Context): ReceivingPart {
  const { records, places } = context;

  async function headOf(
    tx: RecordWriter,
    of: { conversation: string; device: string; from: string },
  ): Promise<HeadRecord> {
    const known = await tx.get(HEADS, places.head(of.conversation, of.device));
    const { conversation, from, device } = of;
    return known ?? { conversation, from, device, seq: 0, order: 0, mh: new Uint8Array(MH_BYTES), top: 0, missing: [] };
  }

  /** Writes the head and what follows from it: whether it is listed as having gaps, and the gaps that there was no room for. */
  async function putHead(tx: RecordWriter, { head, overflow }: HeadChange, now: number): Promise<void> {
    const key = places.head(head.conversation, head.device);
    tx.put(HEADS, key, head);
    const open = head.missing.some(({ shown }) => !shown);
    if (open) tx.put(OPEN_GAPS, key, true);
    else if (await tx.get(OPEN_GAPS, key)) tx.delete(OPEN_GAPS, key);
    await appendGaps(tx, head, overflow, 'missing', now);
  }

  function appendGaps(
    tx: RecordWriter,
    head: HeadRecord,
    ranges: readonly GapRange[],
    why: 'missing' | 'missed',
    at: number,
  ) {
    const { conversation, from, device } = head;
    return appendEvents(
      tx,
      ranges.map(({ first, last }) => ({ type: 'gap', conversation, from, device, first, last, why, at })),
    );
  }

  /** Whether this message or a later one quotes another predecessor than the one that is known. */
  async function contradicts(tx: RecordWriter, message: Received, head: HeadRecord): Promise<boolean> {
    const { conversation, device, seq, mh, previous } = message;
    if (isZero(previous) !== (seq === 1)) return true;
    const before =
      head.seq === seq - 1
        ? head.mh
        : seq > 1
          ? (await tx.get(SEQS, places.seq(conversation, device, seq - 1)))?.mh
          : undefined;
    if (seq > 1 && before !== undefined && head.seq > 0 && !equalBytes(before, previous)) return true;
    const next = seq < head.seq ? await tx.get(SEQS, places.seq(conversation, device, seq + 1)) : undefined;
    return next !== undefined && !equalBytes(next.previous, mh);
  }

  async function show(tx: RecordWriter, message: Received, head: HeadRecord): Promise<number> {
    const { conversation, from, device, id, seq, order, kind, content, sentAt, receivedAt, expiry } = message;
    const before = await conversationRecord(tx, places, conversation);
    const position = await place(tx, message, head, before);
    const own = message.own !== undefined;
    const read = own || message.early?.elsewhere === true;
    const isAmongRead = !read && position <= before.readThrough;
    // Own lines of a group that were accepted earlier stand behind it without its being late.
    const isLate = position < endOfCame(before);
    // A server that held it back would say that it came in time.
    const cameAt = isLate ? Math.max(receivedAt, message.takenAt) : receivedAt;
    const entry: HistoryRecord = {
      ...{ id, from, device, seq, kind, content, sentAt, receivedAt: cameAt, expiry, own },
      ...(order === 0 ? {} : { order }),
      ...(read ? { read } : {}),
      ...(isLate ? { late: true } : {}),
      ...(isAmongRead ? { unread: true } : {}),
      ...(read || message.readTag === undefined ? {} : { readTag: message.readTag }),
    };
    await putHistory(tx, places, conversation, position, entry);
    tx.put(EVENTS, u64Key(await nextNumber(tx, 'event')), { type: 'message', conversation, position });
    tx.put(CONVERSATIONS, places.conversation(conversation), {
      ...before,
      lastPosition: Math.max(position, before.lastPosition),
      lastAt: Math.max(receivedAt, before.lastAt),
      ...(read ? {} : { unread: plusOne(before.unread, from) }),
      ...(isAmongRead ? { unreadLate: plusOne(before.unreadLate ?? {}, from) } : {}),
    });
    return position;
  }

  async function place(tx: RecordWriter, message: Received, head: HeadRecord, of: ConversationRecord): Promise<number> {
    const { conversation, order, from, device, id, receivedAt: at } = message;
    if (!isOrdered(conversation)) return placeOf(context, tx, message, head, of.lastPosition + POSITION_STEP);
    const { position, taken } = await numberedPlace(tx, places, conversation, order);
    if (taken) {
      const reason = `order: the server gave number ${order} of the group to two messages.`;
      await appendEvents(tx, [{ type: 'unreadable', reason, from, device, conversation, id, at }]);
    }
    return position;
  }

  /** How far the group's order has come. Own lines that were accepted meanwhile are no part of it: what is ahead of them may still be on its way. */
  async function cameTo(tx: RecordWriter, { conversation, order, epoch = 0, joined = 0 }: Received): Promise<void> {
    if (!isOrdered(conversation)) return;
    const before = await conversationRecord(tx, places, conversation);
    const { top } = before;
    if (top !== undefined && order <= top.order) return;
    const since = top?.joined === joined ? top.since : order;
    tx.put(CONVERSATIONS, places.conversation(conversation), { ...before, top: { order, epoch, joined, since } });
  }

  async function commitOne(tx: RecordWriter, message: Received): Promise<CommitResult> {
    const { conversation, from, device, id, seq, mh, previous, order, receivedAt } = message;
    const idKey = places.id(device, id);
    const seqKey = places.seq(conversation, device, seq);
    const sameId = await tx.get(IDS, idKey);
    const sameSeq = (await tx.get(SEQS, seqKey))?.mh;
    if (sameId !== undefined || sameSeq !== undefined) {
      const isOther = (known: Uint8Array | undefined) => known !== undefined && !equalBytes(known, mh);
      if (!isOther(sameId) && !isOther(sameSeq)) return { result: 'repeat' };
      if (message.quiet) return { result: 'fork' };
      const { content } = message;
      await keepUnreadable(tx, { reason: 'fork', from, device, conversation, id, content, receivedAt });
      return { result: 'fork' };
    }

    const head = await headOf(tx, message);
    const forked = await contradicts(tx, message, head);
    const position = message.show ? await show(tx, message, head) : 0;
    tx.put(IDS, idKey, mh);
    tx.put(SEQS, seqKey, { mh, previous, position, ...(order === 0 ? {} : { order }) });
    if (!isOrdered(conversation)) await rememberSeen(context, tx, message, position);
    await cameTo(tx, message);
    const { epoch, joined } = message;
    const inGroup = { ...(epoch === undefined ? {} : { epoch }), ...(joined === undefined ? {} : { joined }) };
    const change = arrived(head, { seq, order, mh, now: receivedAt, ...inGroup });
    await putHead(tx, message.quiet ? quietly(change) : change, receivedAt);
    const awaited = seq > head.top || neighbours(head, seq) !== undefined;
    if (message.late && awaited && !message.quiet) {
      await appendGaps(tx, head, [{ first: seq, last: seq }], 'missed', receivedAt);
    }
    if (message.own) tx.put(SENT, idKey, copyOf(message, message.own));
    const faults = [...(forked ? ['fork'] : []), ...(isMisordered(head, message) ? [misordered(message)] : [])];
    if (!message.quiet) {
      const said = { from, device, conversation, id, at: receivedAt };
      await appendEvents(
        tx,
        faults.map((reason) => ({ type: 'unreadable', reason, ...said })),
      );
    }
    return { result: 'fresh', position, forked };
  }

  async function commitMissed(tx: RecordWriter, missed: NonNullable<ReceivedBatch['missed']>[number]): Promise<void> {
    const { conversation, device, at } = missed;
    const expected: number[] = [];
    for (const seq of missed.seqs) {
      if (!(await tx.get(SEQS, places.seq(conversation, device, seq)))) expected.push(seq);
    }
    if (expected.length === 0) return;
    const change = missedFor(await headOf(tx, missed), expected, at);
    await putHead(tx, change, at);
    await appendGaps(tx, change.head, change.missed, 'missed', at);
  }

  return {
    commitReceived: (batch) =>
      records.write(async (tx) => {
        const results: CommitResult[] = [];
        for (const message of batch.messages) results.push(await commitOne(tx, message));
        for (const item of batch.unreadable ?? []) await keepUnreadable(tx, item);
        for (const missed of batch.missed ?? []) await commitMissed(tx, missed);
        await appendEvents(tx, batch.events ?? []);
        return results;
      }),

    heads: (conversation) =>
      records.read(async (tx) => {
        const heads = await tx.range(HEADS, under(places.conversation(conversation)));
        return heads
          .filter(({ value }) => value.seq > 0)
          .map(({ value: { device, seq, order, mh } }) => ({ device, seq, order, mh }));
      }),

    known: (conversation, device, seq) =>
      records.read(async (tx) => {
        const known = await tx.get(SEQS, places.seq(conversation, device, seq));
        return known && { mh: known.mh, order: known.order ?? 0 };
      }),

    latest: (conversation) =>
      records.read(async (tx) => {
        return (await conversationRecord(tx, places, conversation)).top ?? { order: 0, epoch: 0, since: 0 };
      }),

    gaps: (limit) =>
      records.read(async (tx) => {
        const gaps: Gap[] = [];
        for (const { key } of await tx.range(OPEN_GAPS, {})) {
          const head = await tx.get(HEADS, key);
          if (head === undefined || (await tx.get(PINS, places.pin(head.from)))?.blocked === true) continue;
          for (const { first, last, since, shown } of head.missing) {
            if (gaps.length === limit) return gaps;
            const { conversation, from, device } = head;
            if (!shown) gaps.push({ conversation, from, device, first, last, since });
          }
        }
        return gaps;
      }),

    showGaps: (gaps, at) =>
      records.write(async (tx) => {
        for (const gap of gaps) {
          const head = await headOf(tx, gap);
          const still = head.missing.filter(
            ({ first, last, shown }) => !shown && first >= gap.first && last <= gap.last,
          );
          await putHead(tx, { head: shownIn(head, gap), overflow: [] }, at);
          await appendGaps(tx, head, still, 'missing', at);
        }
      }),

    unreadable: (limit, before) =>
      records.read(async (tx) => {
        const range = { reverse: true, limit, ...(before === undefined ? {} : { to: u64Key(before) }) };
        return (await tx.range(UNREADABLE, range)).map(({ key, value }) => ({ ...value, number: numberOf(key) }));
      }),
  };
}

function copyOf(message: Received, own: NonNullable<Received['own']>): SentMessage {
  const { id, device, conversation, seq, mh, sentAt, receivedAt } = message;
  const accepted = { state: 'accepted', at: receivedAt } as const;
  return {
    ...{ id, device, conversation, seq, k: own.k, mh, sentAt, outcome: 'accepted' },
    recipients: Object.fromEntries(own.recipients.map((address) => [address, accepted])),
    ...(own.counted === undefined ? {} : { counts: noneOf(own.counted) }),
    slotted: [],
  };
}

/** In a group the numbers of a device's messages rise as it wrote them. */
function isMisordered(head: HeadRecord, { conversation, seq, order }: Received): boolean {
  return isOrdered(conversation) && head.seq > 0 && seq > head.seq !== order > head.order;
}

function misordered({ seq, order }: Received): string {
  return `order: the server gave message ${seq} of this device number ${order} of the group, against the order in which it was written.`;
}

function plusOne(counts: Readonly<Record<string, number>>, of: string): Record<string, number> {
  return { ...counts, [of]: (Object.hasOwn(counts, of) ? (counts[of] ?? 0) : 0) + 1 };
}
