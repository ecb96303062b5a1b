// Where a message stands in its conversation: at the end, unless it is known to be late. Then it stands behind what its sender's device wrote
// before, ahead of what that device wrote later and of whatever was written by somebody who had it (heads seen), and by its time where
// these leave room (DESIGN section 3, end: a late message takes its place in order). Nothing that stands somewhere is ever moved. In a group the
// numbers decide instead (ordered.ts).
import { equalBytes } from '#protocol/bytes.ts';
import { type Context, POSITION_STEP } from './context.ts';
import type { Received } from './profile.ts';
import type { RecordWriter } from './sealed-records.ts';
import { CLAIMS, type Claim, type HeadRecord, HISTORY, numberOf, PINS, SEQS, under } from './spaces.ts';

/** Claims kept of one device and conversation; beyond it the lowest is dropped, and what it named stands later than it could. */
const CLAIMS_MAX = 256;
/** Neighbours looked at until one is found that was shown. */
const NEIGHBOURS_MAX = 16;
/** Lines that a late message may go back over by its time, and how many are read at once. */
const BACK_MAX_LINES = 256;
const BACK_PAGE_LINES = 16;
/** Which part of the room before a line of somebody else a late message takes: the next one, a little later, finds room behind it. */
const ROOM_SHARE = 16;

/** A line that a message must stand behind or ahead of, and the number of the message's device that it stands for. */
type Bound = { readonly seq: number; readonly position: number };

/** The position for a message that is about to be shown; `end`: the one behind everything. */
export async function placeOf(
  { places }: Context,
  tx: RecordWriter,
  message: Received,
  head: HeadRecord,
  end: number,
): Promise<number> {
  const { conversation, device, seq } = message;
  const had = await positionsSeen();
  const claims = await claimsOf(tx, places.head(conversation, device));
  const claim = claims.find((one) => one.seq >= seq && isBelieved(one));
  if (seq > head.seq && claim === undefined && message.early === undefined) return end;

  const below = await neighbour('below');
  const above = seq < head.seq ? await neighbour('above') : undefined;
  const named = claim && { seq: claim.seq + 1, position: claim.position };
  const ceiling = [above, named]
    .filter((bound) => bound !== undefined && bound.position > (below?.position ?? 0))
    .reduce((a, b) => (a === undefined || (b !== undefined && b.position < a.position) ? b : a), undefined);
  if (ceiling === undefined && message.early === undefined) return end;
  const limit = ceiling?.position ?? end;
  // Behind the last line of its own device, and the last that its writer had.
  const floor = had.reduce((last, at) => (at < limit ? Math.max(last, at) : last), below?.position ?? 0);
  return between(await gap(floor), below, ceiling);

  /** Where the lines stand that its writer had. A head that names another message than this device has is not that line. */
  async function positionsSeen(): Promise<readonly number[]> {
    const positions: number[] = [];
    for (const seen of message.seen ?? []) {
      const known = await tx.get(SEQS, places.seq(conversation, seen.device, seen.seq));
      if (known !== undefined && equalBytes(known.mh, seen.mh)) positions.push(known.position);
    }
    return positions;
  }

  /** Not where it says itself that it was written after that line, or where that line's writer had another message. */
  function isBelieved(claim: Claim): boolean {
    if (had.some((position) => position >= claim.position)) return false;
    return claim.seq !== seq || claim.mh === undefined || equalBytes(claim.mh, message.mh);
  }

  async function neighbour(side: 'below' | 'above'): Promise<Bound | undefined> {
    const all = under(places.head(conversation, device));
    const range =
      side === 'below'
        ? { from: all.from, to: places.seq(conversation, device, seq), reverse: true }
        : { from: places.seq(conversation, device, seq + 1), to: all.to };
    const rows = await tx.range(SEQS, { ...range, limit: NEIGHBOURS_MAX });
    const shown = rows.find(({ value }) => value.position > 0);
    return shown && { seq: numberOf(shown.key), position: shown.value.position };
  }

  /** The lines on either side of its place: the latest that is not younger, within the bounds; 0: there is none. */
  async function gap(floor: number): Promise<{ readonly prev: number; readonly next: number }> {
    const from = places.history(conversation, floor + 1);
    let next = ceiling?.position ?? end;
    for (let lines = 0; lines < BACK_MAX_LINES; lines += BACK_PAGE_LINES) {
      const to = places.history(conversation, next);
      const page = await tx.range(HISTORY, { from, to, reverse: true, limit: BACK_PAGE_LINES });
      for (const { key, value } of page) {
        if (value.sentAt <= message.sentAt) return { prev: numberOf(key), next };
        next = numberOf(key);
      }
      if (page.length < BACK_PAGE_LINES) return { prev: floor, next };
    }
    const [older] = await tx.range(HISTORY, {
      from,
      to: places.history(conversation, next),
      reverse: true,
      limit: 1,
    });
    return { prev: older === undefined ? floor : numberOf(older.key), next };
  }

  /** In proportion to its number where that falls between these lines: so that its neighbours, which may come in any order, find room, too. */
  function between({ prev, next }: { prev: number; next: number }, low?: Bound, high?: Bound): number {
    if (next === end) return end;
    const wanted = high === undefined ? 0 : proportional(seq, low, high);
    if (wanted > prev && wanted < next) return wanted;
    const position =
      prev === 0 && next > POSITION_STEP
        ? next - POSITION_STEP
        : prev + Math.max(1, Math.floor((next - prev) / ROOM_SHARE));
    return position < next ? position : end;
  }
}

function proportional(seq: number, low: Bound | undefined, high: Bound): number {
  if (low === undefined) return high.position - (high.seq - seq) * POSITION_STEP;
  return low.position + Math.floor(((high.position - low.position) * (seq - low.seq)) / (high.seq - low.seq));
}

/** After a message took its place: what it names as seen and has not come yet stands ahead of it. `position` 0: it is not shown. */
export async function rememberSeen(
  { places, self }: Context,
  tx: RecordWriter,
  message: Received,
  position: number,
): Promise<void> {
  if (position === 0) return;
  const { conversation, device, seq } = message;
  const own = places.head(conversation, device);
  const waiting = await claimsOf(tx, own);
  // Earlier ones of this device stand ahead of this one from now on, later ones behind it: what says otherwise is moot.
  const left = waiting.filter((claim) => claim.seq > seq && claim.position > position);
  if (left.length < waiting.length) putClaims(tx, own, left);
  for (const seen of message.seen ?? []) {
    if (seen.device === self.device || seen.device === device) continue;
    if (!(await isOfConversation(seen.device))) continue;
    if (await tx.get(SEQS, places.seq(conversation, seen.device, seen.seq))) continue;
    const key = places.head(conversation, seen.device);
    const claims = await claimsOf(tx, key);
    if (claims.some((claim) => claim.seq >= seen.seq && claim.position <= position)) continue;
    // Positions rise with the numbers: the first claim at or above a number is the one that counts.
    const others = claims.filter((claim) => claim.seq > seen.seq || claim.position < position);
    putClaims(
      tx,
      key,
      [...others, { seq: seen.seq, position, mh: seen.mh }].sort((a, b) => a.seq - b.seq),
    );
  }

  /** Devices that no account log has are named by a liar only. */
  async function isOfConversation(named: string): Promise<boolean> {
    for (const address of [conversation, self.address]) {
      const pin = await tx.get(PINS, places.pin(address));
      if (pin !== undefined && Object.hasOwn(pin.firstSeen, named)) return true;
    }
    return false;
  }
}

async function claimsOf(tx: RecordWriter, head: Uint8Array): Promise<readonly Claim[]> {
  return (await tx.get(CLAIMS, head)) ?? [];
}

function putClaims(tx: RecordWriter, head: Uint8Array, claims: readonly Claim[]): void {
  if (claims.length === 0) tx.delete(CLAIMS, head);
  else tx.put(CLAIMS, head, claims.slice(-CLAIMS_MAX));
}
