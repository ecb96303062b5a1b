// The verdict is worth nothing unless each kind of fault is found, and nothing else is: shown on histories into which faults are put.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Faults, Ledger } from './ledger.ts';
import { Plan, type Stream } from './plan.ts';

const plan = new Plan({ users: 6, groups: 2, rate: 10, groupShare: 0.5, bytes: { least: 64, most: 64 } }, 7);
const streamOf = (number: number): Stream => plan.stream(number);
/** Stream 0 is of user 0 to group 0 (users 0, 2, 4), stream 1 of user 0 to user 1. */
const GROUP = 0;
const DIRECT = 1;

type Shown = { readonly to: number; readonly stream: number; readonly n: number; readonly order: number | undefined };

function countsOf(faults: Faults): Record<keyof Faults, number> {
  const entries = Object.entries(faults).map(([kind, { count }]) => [kind, count]);
  return Object.fromEntries(entries) as Record<keyof Faults, number>; // the same keys
}

const NONE = { lost: 0, duplicated: 0, misordered: 0, strange: 0, unanswered: 0, refused: 0 };

/** Messages of a run in which all goes well: which stream each is of, and what is shown, by recipient in order. */
const runs = fc.array(fc.integer({ min: 0, max: plan.streams - 1 }), { minLength: 1, maxLength: 60 }).map((streams) => {
  const counts = new Map<number, number>();
  const orders = new Map<number, number>();
  const sent: { stream: number; n: number }[] = [];
  const shown: Shown[] = [];
  for (const stream of streams) {
    const n = counts.get(stream) ?? 0;
    counts.set(stream, n + 1);
    sent.push({ stream, n });
    const { to, recipients } = streamOf(stream);
    const order = 'group' in to ? (orders.get(to.group) ?? 1) : undefined;
    if ('group' in to) orders.set(to.group, (order ?? 0) + 1);
    for (const recipient of recipients) shown.push({ to: recipient, stream, n, order });
  }
  return { sent, shown };
});

function ledgerOf(sent: readonly { stream: number; n: number }[], shown: readonly Shown[]): Ledger {
  const ledger = new Ledger(streamOf);
  for (const { stream, n } of sent) ledger.noteSent(stream, n);
  for (const { to, stream, n, order } of shown) ledger.noteArrived(to, stream, n, order);
  for (const { stream, n } of sent) ledger.noteAccepted(stream, n);
  return ledger;
}

describe('the verdict', () => {
  test('finds nothing where each message came once and in order, whosever report came first', () => {
    fc.assert(
      fc.property(runs, fc.boolean(), ({ sent, shown }, early) => {
        const ledger = early ? ledgerOf([], shown) : ledgerOf(sent, shown);
        if (early) {
          for (const { stream, n } of sent) ledger.noteSent(stream, n);
          for (const { stream, n } of sent) ledger.noteAccepted(stream, n);
        }
        expect(countsOf(ledger.faults())).toEqual(NONE);
        expect(ledger.settled).toBe(true);
      }),
    );
  });

  test('counts each delivery that is missing, and says which was the first', () => {
    fc.assert(
      fc.property(runs, fc.infiniteStream(fc.boolean()), ({ sent, shown }, drops) => {
        const kept = shown.filter(() => !drops.next().value);
        const faults = ledgerOf(sent, kept).faults();
        expect(countsOf(faults)).toEqual({ ...NONE, lost: shown.length - kept.length });
        expect(faults.lost.first !== undefined).toBe(kept.length < shown.length);
      }),
    );
  });

  test('counts each delivery that came again, soon or late', () => {
    fc.assert(
      fc.property(runs, fc.nat(), ({ sent, shown }, pick) => {
        const again = shown[pick % shown.length] as Shown; // there is at least one
        expect(countsOf(ledgerOf(sent, [...shown, again]).faults())).toEqual({ ...NONE, duplicated: 1 });
      }),
    );
  });

  test('counts a delivery that came after a later one of its sender, and does not call it lost', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), (count, pick) => {
        const sent = Array.from({ length: count }, (_, n) => ({ stream: DIRECT, n }));
        const at = pick % (count - 1);
        const order = sent.map(({ n }) => (n === at ? at + 1 : n === at + 1 ? at : n));
        const shown = order.map((n): Shown => ({ to: 1, stream: DIRECT, n, order: undefined }));
        expect(countsOf(ledgerOf(sent, shown).faults())).toEqual({ ...NONE, misordered: 1 });
      }),
    );
  });

  test('finds two members of a group who were shown its messages in different orders', () => {
    const other = Array.from({ length: plan.streams }, (_, number) => number).find((number) => {
      const { sender, to } = streamOf(number);
      return sender === 4 && 'group' in to;
    }) as number; // user 4 is in group 0
    const sent = [
      { stream: GROUP, n: 0 },
      { stream: other, n: 0 },
    ];
    const said = (numbers: readonly [number, number]): Shown[] => [
      { to: 2, stream: GROUP, n: 0, order: 1 },
      { to: 2, stream: other, n: 0, order: 2 },
      { to: 4, stream: GROUP, n: 0, order: numbers[0] },
      { to: 0, stream: other, n: 0, order: numbers[1] },
    ];
    expect(countsOf(ledgerOf(sent, said([1, 2])).faults())).toEqual(NONE);
    expect(countsOf(ledgerOf(sent, said([2, 1])).faults())).toEqual({ ...NONE, misordered: 2 });
    const falling: Shown[] = [
      { to: 2, stream: other, n: 0, order: 2 },
      { to: 2, stream: GROUP, n: 0, order: 1 },
      { to: 4, stream: GROUP, n: 0, order: 1 },
      { to: 0, stream: other, n: 0, order: 2 },
    ];
    expect(countsOf(ledgerOf(sent, falling).faults())).toEqual({ ...NONE, misordered: 1 });
  });

  test('tells what had no answer from what was lost, and what was refused from both', () => {
    const ledger = new Ledger(streamOf);
    for (const n of [0, 1, 2]) ledger.noteSent(DIRECT, n);
    ledger.noteAccepted(DIRECT, 0);
    ledger.noteRefused(DIRECT, 1);
    expect(countsOf(ledger.faults())).toEqual({ ...NONE, lost: 1, refused: 1, unanswered: 1 });
    expect(ledger.settled).toBe(false);
    expect(ledger.faults().lost.first).toContain('message 0 of user 0 to user 1');
  });

  test('finds what came to somebody whom it was not for, and what nobody sent', () => {
    const ledger = ledgerOf([{ stream: DIRECT, n: 0 }], [{ to: 1, stream: DIRECT, n: 0, order: undefined }]);
    ledger.noteArrived(3, DIRECT, 0, undefined);
    ledger.noteArrived(1, DIRECT, 1, undefined);
    expect(countsOf(ledger.faults())).toEqual({ ...NONE, strange: 2 });
  });
});
