// The outbox and what becomes of sent messages. A number, its sealed bytes and its line in the history appear in one transaction:
// whatever dies, a number is never used for two messages (DESIGN section 5, Resend).
import { equalBytes } from '#protocol/bytes.ts';
import {
  appendEvents,
  type Context,
  conversationRecord,
  MH_BYTES,
  POSITION_STEP,
  putHistory,
  risen,
} from './context.ts';
import { counted, noneOf } from './counts.ts';
import { isOrdered, numberedPlace, numberlessPlace, queuedPlace } from './ordered.ts';
import { damaged } from './problems.ts';
import type {
  Addressees,
  LateMessage,
  NewMessage,
  OutboxItem,
  Placed,
  SealedItem,
  SendingPart,
  SentMessage,
} from './profile.ts';
import type { RecordReader, RecordWriter } from './sealed-records.ts';
import { CONVERSATIONS, HISTORY, nextNumber, numberOf, OUTBOX, PINS, SEALED, SENT, SEQS, u64Key } from './spaces.ts';

/** Late candidates are looked through this many at a time. */
const LATE_PAGE_RECORDS = 256;

export function sendingPart(context: Context): SendingPart {
  const { records, places, self } = context;
  const idKey = (id: string) => places.id(self.device, id);

  async function read(tx: RecordReader, number: number): Promise<OutboxItem> {
    const sealed = await tx.get(SEALED, u64Key(number));
    const sent = sealed && (await tx.get(SENT, idKey(sealed.id)));
    if (sealed === undefined || sent === undefined) throw damaged('a queued message is gone');
    const { conversation, seq } = sealed;
    const place = await tx.get(SEQS, places.seq(conversation, self.device, seq));
    const before = await tx.get(SEQS, places.seq(conversation, self.device, seq - 1));
    const outdated = place !== undefined && before !== undefined && !equalBytes(place.previous, before.mh);
    return { ...sealed, number, k: sent.k, mh: sent.mh, ...(outdated ? { outdated } : {}) };
  }

  async function enqueueOne(tx: RecordWriter, message: NewMessage): Promise<OutboxItem> {
    const { conversation, createdAt, expiry, retention } = message;
    const before = await conversationRecord(tx, places, conversation);
    const seq = before.seq + 1;
    const sealed = message.seal(seq, before.mh);
    const { id, slots, header, body, k, mh } = sealed;
    const number = await nextNumber(tx, 'outbox');
    const isGroup = isOrdered(conversation);
    const end = isGroup ? queuedPlace(seq) : before.lastPosition + POSITION_STEP;
    const position = message.hidden ? 0 : end;
    const hidden = message.hidden ? { hidden: message.hidden } : {};
    const group = message.group === undefined ? {} : { group: message.group };
    const kept = { ...(retention === undefined ? {} : { retention }), ...hidden, ...group };

    tx.put(OUTBOX, u64Key(number), { id, ...hidden });
    tx.put(SEALED, u64Key(number), { id, conversation, seq, createdAt, header, body, slots, ...kept });
    tx.put(SENT, idKey(id), {
      ...{ number, id, device: self.device, conversation, seq, k, mh, sentAt: createdAt, outcome: 'pending' },
      ...unheardOf(message),
      slotted: slots.map(({ device }) => device),
      ...hidden,
    });
    tx.put(SEQS, places.seq(conversation, self.device, seq), { mh, previous: before.mh, position });
    tx.put(CONVERSATIONS, places.conversation(conversation), {
      ...{ ...before, seq, mh },
      ...(message.hidden || isGroup ? {} : { lastPosition: position }),
      ...(message.hidden ? {} : { lastAt: Math.max(before.lastAt, createdAt) }),
    });
    if (!message.hidden) {
      await putHistory(tx, places, conversation, position, {
        ...{ id, from: self.address, device: self.device, seq, kind: message.kind, content: message.content },
        ...{ sentAt: createdAt, receivedAt: createdAt, expiry, own: true },
      });
    }
    return { id, conversation, seq, createdAt, slots, header, body, k, mh, number, ...kept };
  }

  function resealed(
    number: number,
    seal: (item: OutboxItem, previous: Uint8Array) => SealedItem,
    outcome: Partial<SentMessage>,
  ): Promise<boolean> {
    return records.write(async (tx) => {
      if ((await tx.get(OUTBOX, u64Key(number))) === undefined) return false;
      const item = await read(tx, number);
      const { conversation, seq, id, createdAt, retention, hidden, group } = item;
      const before = await tx.get(SEQS, places.seq(conversation, self.device, seq - 1));
      const previous = before?.mh ?? new Uint8Array(MH_BYTES);
      const sealed = seal(item, previous);
      if (sealed.id !== id) throw new Error('A message is sealed anew under its own id.');
      const { slots, header, body, k, mh, people } = sealed;

      const sent = await tx.get(SENT, idKey(id));
      const place = await tx.get(SEQS, places.seq(conversation, self.device, seq));
      if (sent === undefined || place === undefined) throw damaged('a queued message is gone');
      const kept = {
        ...(retention === undefined ? {} : { retention }),
        ...(hidden ? { hidden } : {}),
        ...(group === undefined ? {} : { group }),
      };
      tx.put(SEALED, u64Key(number), { id, conversation, seq, createdAt, header, body, slots, ...kept });
      const { recipients, counts, ...rest } = sent;
      const addressed = people === undefined ? { recipients, ...(counts && { counts }) } : unheardOf(people);
      tx.put(SENT, idKey(id), { ...rest, ...addressed, ...outcome, k, mh, slotted: slots.map(({ device }) => device) });
      tx.put(SEQS, places.seq(conversation, self.device, seq), { ...place, mh, previous });
      const last = await conversationRecord(tx, places, conversation);
      if (last.seq === seq) tx.put(CONVERSATIONS, places.conversation(conversation), { ...last, mh });
      return true;
    });
  }

  /** The group has numbered it: its line moves there. Whether the group took other bytes under its id than are here: what follows quotes those. */
  async function takeNumber(
    tx: RecordWriter,
    { conversation, seq }: SentMessage,
    { order, mh }: Placed,
  ): Promise<boolean> {
    const key = places.seq(conversation, self.device, seq);
    const place = await tx.get(SEQS, key);
    if (place === undefined) throw damaged('a queued message is gone');
    const before = await conversationRecord(tx, places, conversation);
    const isOther = !equalBytes(place.mh, mh);
    const { position } = place.position === 0 ? place : await numberedPlace(tx, places, conversation, order);
    await moveLine(tx, conversation, place.position, position, order);
    tx.put(SEQS, key, { ...place, mh, position, order });
    tx.put(CONVERSATIONS, places.conversation(conversation), {
      ...{ ...before, lastPosition: Math.max(before.lastPosition, position) },
      ...(before.seq === seq ? { mh } : {}),
    });
    return isOther;
  }

  /** It will never have a number: it stays where everybody was when that became clear, and on this device alone. */
  async function unnumbered(tx: RecordWriter, { conversation, seq }: SentMessage): Promise<void> {
    const key = places.seq(conversation, self.device, seq);
    const place = await tx.get(SEQS, key);
    if (place === undefined || place.position === 0) return;
    const before = await conversationRecord(tx, places, conversation);
    const position = await numberlessPlace(tx, places, before);
    await moveLine(tx, conversation, place.position, position);
    tx.put(SEQS, key, { ...place, position });
    tx.put(CONVERSATIONS, places.conversation(conversation), { ...before, lastPosition: position });
  }

  async function moveLine(tx: RecordWriter, conversation: string, from: number, to: number, order?: number) {
    const line = from === 0 ? undefined : await tx.get(HISTORY, places.history(conversation, from));
    if (line === undefined) return;
    tx.delete(HISTORY, places.history(conversation, from));
    const numbered = order === undefined ? line : { ...line, order };
    tx.put(HISTORY, places.history(conversation, to), numbered);
  }

  return {
    enqueue: (messages) =>
      records.write(async (tx) => {
        const items: OutboxItem[] = [];
        for (const message of messages) items.push(await enqueueOne(tx, message));
        return items;
      }),

    outbox: (after, limit) =>
      records.read(async (tx) => {
        const items: OutboxItem[] = [];
        for (const { key } of await tx.range(OUTBOX, { from: u64Key(after + 1), limit })) {
          items.push(await read(tx, numberOf(key)));
        }
        return items;
      }),

    outboxSize: () =>
      records.read(async (tx) => (await tx.range(OUTBOX, {})).filter(({ value }) => !value.hidden).length),

    accepted: (numbers, receivedAt, stale = [], placed = []) =>
      records.write(async (tx) => {
        const others: number[] = [];
        for (const address of stale) {
          const pin = await tx.get(PINS, places.pin(address));
          const { said, done } = pin?.stale ?? { said: 0, done: 0 };
          if (pin !== undefined) tx.put(PINS, places.pin(address), { ...pin, stale: { said: said + 1, done } });
        }
        for (const number of numbers) {
          const queued = await tx.get(OUTBOX, u64Key(number));
          const sent = queued && (await tx.get(SENT, idKey(queued.id)));
          if (queued === undefined || sent === undefined) continue;
          tx.delete(OUTBOX, u64Key(number));
          const its = placed.find((one) => one.number === number);
          if (its !== undefined && (await takeNumber(tx, sent, its))) others.push(number);
          if (its === undefined && isOrdered(sent.conversation)) await unnumbered(tx, sent);
          // What was given up went as an empty message: it is not the text that was accepted.
          if (sent.outcome === 'given_up') {
            tx.delete(SEALED, u64Key(number));
            continue;
          }
          let after: SentMessage = { ...sent, outcome: 'accepted' };
          for (const by of Object.keys(sent.recipients))
            after = risen(after, by, { state: 'accepted', at: receivedAt }) ?? after;
          tx.put(SENT, idKey(queued.id), after);
        }
        return others;
      }),

    drop: (number, code) =>
      records.write(async (tx) => {
        const queued = await tx.get(OUTBOX, u64Key(number));
        const sent = queued && (await tx.get(SENT, idKey(queued.id)));
        if (queued === undefined || sent === undefined) return;
        tx.delete(OUTBOX, u64Key(number));
        tx.delete(SEALED, u64Key(number));
        if (isOrdered(sent.conversation)) await unnumbered(tx, sent);
        tx.put(SENT, idKey(queued.id), sent.outcome === 'given_up' ? sent : { ...sent, outcome: 'refused', code });
      }),

    reseal: (number, seal) => resealed(number, seal, {}),
    giveUp: (number, code, seal) => resealed(number, seal, { outcome: 'given_up', code }),
    sent: (device, id) => records.read((tx) => tx.get(SENT, places.id(device, id))),

    numbered: (conversation, device, seq) =>
      records.read(async (tx) => {
        const place = await tx.get(SEQS, places.seq(conversation, device, seq));
        if (place === undefined || place.position === 0) return undefined;
        const line = await tx.get(HISTORY, places.history(conversation, place.position));
        return line?.own ? tx.get(SENT, places.id(line.device, line.id)) : undefined;
      }),

    lateCandidates: (address, since, after, limit) =>
      records.read(async (tx) => {
        const found: LateMessage[] = [];
        let from = after + 1;
        for (;;) {
          const page = await tx.range(SEALED, { from: u64Key(from), limit: LATE_PAGE_RECORDS });
          for (const { key, value } of page) {
            const number = numberOf(key);
            from = number + 1;
            if (value.createdAt < since) continue;
            const sent = await tx.get(SENT, idKey(value.id));
            if (sent?.outcome !== 'accepted') continue;
            const isTo =
              address === self.address || sent.counts !== undefined || Object.hasOwn(sent.recipients, address);
            if (!isTo) continue;
            const group = value.group === undefined ? {} : { group: value.group };
            found.push({ ...sent, ...group, header: value.header, body: value.body, number });
            if (found.length >= limit) return found;
          }
          if (page.length < LATE_PAGE_RECORDS) return found;
        }
      }),

    slotted: (id, devices) =>
      records.write(async (tx) => {
        const sent = await tx.get(SENT, idKey(id));
        if (sent) tx.put(SENT, idKey(id), { ...sent, slotted: [...new Set([...sent.slotted, ...devices])] });
      }),

    raise: (changes) =>
      records.write(async (tx) => {
        const rose: boolean[] = [];
        for (const { device, id, by, state, byDevice, at } of changes) {
          const key = places.id(device, id);
          const sent = await tx.get(SENT, key);
          const moot = sent === undefined || sent.hidden || sent.outcome === 'given_up';
          const after = moot
            ? undefined
            : risen(sent, by, { state, at, ...(byDevice === undefined ? {} : { device: byDevice }) });
          rose.push(after !== undefined);
          if (after === undefined) continue;
          tx.put(SENT, key, after);
          if (state === 'refused') continue;
          await appendEvents(tx, [{ type: state, conversation: after.conversation, id, device, by, at }]);
        }
        return rose;
      }),

    count: (changes) =>
      records.write(async (tx) => {
        for (const { device, id, ...more } of changes) {
          const key = places.id(device, id);
          const sent = await tx.get(SENT, key);
          if (sent?.counts === undefined || sent.outcome === 'given_up') continue;
          tx.put(SENT, key, { ...sent, counts: counted(sent.counts, more) });
        }
      }),

    forgetSealed: (before) =>
      records.write(async (tx) => {
        let forgotten = 0;
        let from = 0;
        for (;;) {
          const page = await tx.range(SEALED, { from: u64Key(from), limit: LATE_PAGE_RECORDS });
          for (const { key, value } of page) {
            from = numberOf(key) + 1;
            // In the order of writing: what follows is younger.
            if (value.createdAt >= before) return forgotten;
            if (await tx.get(OUTBOX, key)) continue;
            tx.delete(SEALED, key);
            if (value.hidden) tx.delete(SENT, idKey(value.id));
            forgotten++;
          }
          if (page.length < LATE_PAGE_RECORDS) return forgotten;
        }
      }),
  };
}

/** Those whom a message goes to, none of whom has it yet. */
function unheardOf({ recipients, counted: of }: Addressees): Pick<SentMessage, 'recipients' | 'counts'> {
  return {
    recipients: Object.fromEntries(recipients.map((address) => [address, { state: 'pending' as const }])),
    ...(of === undefined ? {} : { counts: noneOf(of) }),
  };
}
