import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Encoded } from '../frame-text.ts';
import { FRAME_MAX_CHARS, Lane, UNCONFIRMED_FRAMES_MAX } from './lane.ts';

type Item = Encoded & { readonly version: number; readonly n: number };

describe('a lane', () => {
  test('sends all that was added, once, in order, in frames of one version, within the bound, at most two of them unconfirmed', () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant('add' as const),
        chars: fc.integer({ min: 1, max: Math.round(FRAME_MAX_CHARS * 1.2) }),
        version: fc.integer({ min: 1, max: 2 }),
      }),
      fc.constant({ type: 'take' as const }),
      fc.constant({ type: 'done' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const lane = new Lane<Item>();
        const sent: Item[] = [];
        let added = 0;
        let open = 0;
        const take = () => {
          const frame = lane.take();
          if (!frame) return false;
          open += 1;
          expect(open).toBeLessThanOrEqual(UNCONFIRMED_FRAMES_MAX);
          const { items } = frame;
          const chars = items.reduce((sum, { text }) => sum + text.length, 0);
          expect(new Set(items.map(({ version }) => version)).size).toBe(1);
          expect(items.length === 1 || chars <= FRAME_MAX_CHARS).toBe(true);
          expect(frame.text).toBe(`[${items.map(({ text }) => text).join(',')}]`);
          sent.push(...items);
          return true;
        };
        const done = () => {
          if (open === 0) return;
          open -= 1;
          lane.done();
        };
        for (const one of steps) {
          if (one.type === 'add') lane.add({ text: 'x'.repeat(one.chars), version: one.version, n: added++ });
          else if (one.type === 'take') take();
          else done();
        }
        do done();
        while (take() || open > 0);
        expect(sent.map(({ n }) => n)).toEqual(Array.from({ length: added }, (_, n) => n));
        expect(lane.idle).toBe(true);
        expect(lane.waitingChars).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('sends at once when idle, and together what came while two frames were on their way', () => {
    const lane = new Lane<Item>();
    const add = (n: number) => lane.add({ text: 'x', version: 1, n });
    add(1);
    expect(lane.take()?.items).toHaveLength(1);
    add(2);
    expect(lane.take()?.items).toHaveLength(1);
    for (const n of [3, 4, 5]) add(n);
    expect(lane.take()).toBeUndefined();
    lane.done();
    expect(lane.take()?.items).toHaveLength(3);
  });

  test('counts what waiting items share once, and frames have it once', () => {
    const lane = new Lane<Item>();
    const shared = { fields: '"id":1', body: 'x'.repeat(FRAME_MAX_CHARS) };
    const other = { fields: '"id":2', body: 'y' };
    const add = (n: number, common = shared) => lane.add({ text: 'rest', shared: common, version: 2, n });
    add(1);
    expect(lane.take()?.items).toHaveLength(1);
    for (const n of [2, 3]) add(n);
    add(4, other);
    expect(lane.waitingChars).toBe(3 * 4 + 6 + FRAME_MAX_CHARS + 6 + 1);
    lane.done();
    const frame = lane.take();
    expect(frame?.items).toHaveLength(1); // with it the frame is full
    expect(lane.waitingChars).toBe(2 * 4 + 6 + FRAME_MAX_CHARS + 6 + 1);
    expect(lane.clear()).toHaveLength(2);
    expect(lane.waitingChars).toBe(0);
  });
});
