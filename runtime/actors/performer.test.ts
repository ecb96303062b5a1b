// The order of a plan, and what follows a turn while later ones run.
import { setImmediate as tick } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import { Conflict } from '../store/database.ts';
import { type Decide, numbersOf, Stage, settledOf } from './host.fixture.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.host.stop());

describe('a turn', () => {
  test('performs a plan in this order: writes, effects, tells, signals, settled, reads; afterwards: relay, removals, settled', async () => {
    stage.decide = (batch) => ({
      writes: ['wrote'],
      effects: [stage.effect],
      tells: [stage.tell],
      settled: settledOf(batch).slice(0, 1),
      afterwards: { effects: [stage.effect], removals: ['removed'], settled: settledOf(batch).slice(1) },
      signals: [{ type: 'revoked', address: 'al', device: 'a1', deleted: false }],
      ...('result' in (batch[0] ?? {}) ? {} : { reads: ['read'] }),
    });
    stage.host.deliver([stage.delivery(1), stage.delivery(2)]);
    await stage.journal.until('settled 2');
    await stage.journal.until('turn al -1');
    expect(stage.journal.lines.slice(0, 7)).toEqual([
      'turn al 1 2',
      'wrote',
      'published 1',
      'told answer',
      'signalled',
      'settled 1',
      'relayed 0',
    ]);
    const after = stage.journal.lines.filter((line) => ['confirmed 0', 'removed', 'settled 2'].includes(line));
    expect(after.slice(0, 3)).toEqual(['confirmed 0', 'removed', 'settled 2']);
  });

  describe('what follows a turn', () => {
    /** Each command causes an effect under its number, a removal, and is settled after them. */
    const following: Decide = (batch) => {
      const [n] = numbersOf(batch);
      if (n === undefined) return {};
      return {
        tells: [stage.tell],
        afterwards: { effects: [stage.delivery(n).to], removals: [`removed ${n}`], settled: settledOf(batch) },
      };
    };
    const held = (n: number): (() => void) => {
      let open = () => {};
      stage.relays.set(n, new Promise((resolve) => (open = resolve)));
      return open;
    };
    const turns = () => stage.journal.lines.filter((line) => line.startsWith('turn'));

    test('holds up no later turn; removals and settling keep the order of the turns, whichever relay ends first', async () => {
      stage.decide = following;
      const open = held(1);
      stage.host.deliver([stage.delivery(1)]);
      await stage.journal.until('relayed 1');
      stage.host.deliver([stage.delivery(2)]);
      await stage.journal.until('confirmed 2');
      await tick();
      expect(stage.journal.lines).toEqual([
        'turn al 1',
        'told answer',
        'relayed 1',
        'turn al 2',
        'told answer',
        'relayed 2',
        'confirmed 2',
      ]);
      open();
      await stage.journal.until('settled 2');
      expect(stage.journal.lines.slice(7)).toEqual(['confirmed 1', 'removed 1', 'settled 1', 'removed 2', 'settled 2']);
    });

    test('ends before what a later turn settles: that may be what its notice is about', async () => {
      stage.decide = (batch, memory) =>
        numbersOf(batch)[0] === 1 ? following(batch, memory) : { settled: settledOf(batch) };
      const open = held(1);
      stage.host.deliver([stage.delivery(1)]);
      await stage.journal.until('relayed 1');
      stage.host.deliver([stage.delivery(2)]);
      await stage.journal.until('turn al 2');
      await tick();
      expect(stage.journal.lines).not.toContain('settled 2');
      open();
      await stage.journal.until('settled 2');
      expect(stage.journal.lines.slice(-3)).toEqual(['removed 1', 'settled 1', 'settled 2']);
    });

    test('is waited for by stop', async () => {
      stage.decide = following;
      const open = held(1);
      stage.host.deliver([stage.delivery(1)]);
      await stage.journal.until('relayed 1');
      const stopped = stage.host.stop().then(() => stage.journal.add('stopped'));
      await tick();
      expect(stage.journal.lines).not.toContain('stopped');
      open();
      await stopped;
      expect(stage.journal.lines.slice(-4)).toEqual(['confirmed 1', 'removed 1', 'settled 1', 'stopped']);
    });

    test('is not waited for without end: what a full disk holds up stays in the queue', async () => {
      stage.decide = following;
      const open = held(1);
      stage.host.deliver([stage.delivery(1)]);
      await stage.journal.until('relayed 1');
      await stage.host.stop();
      expect(stage.journal.lines).not.toContain('removed 1');
      open();
    });

    test('is repeated while the store is away, and those of later turns wait', async () => {
      stage.decide = following;
      stage.fail.write = new Unavailable('away');
      stage.fail.relay = new Unavailable('away');
      stage.host.deliver([stage.delivery(1)]);
      await stage.journal.until('turn al 1');
      stage.host.deliver([stage.delivery(2)]);
      await stage.journal.until('settled 2');
      expect(stage.journal.lines.filter((line) => /removed|settled/.test(line))).toEqual([
        'removed 1',
        'settled 1',
        'removed 2',
        'settled 2',
      ]);
      expect(stage.loads).toBe(1);
    });

    test.each([
      ['removal', 'write'],
      ['relay', 'relay'],
    ] as const)(
      'a %s that fails for good takes nothing with it: the memory is dropped, what was not settled comes again, first',
      async (_, name) => {
        const open = held(2);
        stage.decide = following;
        stage.host.deliver([stage.delivery(1)]);
        stage.fail[name] = new Conflict('another owner');
        await stage.journal.until('turn al 1');
        stage.host.deliver([stage.delivery(2)]);
        await stage.journal.until('relayed 2');
        open();
        await stage.journal.until('settled 2');
        await stage.journal.until('settled 1');
        expect(stage.journal.lines.indexOf('told reattach')).toBeGreaterThan(
          stage.journal.lines.indexOf('confirmed 2'),
        );
        expect(turns()).toEqual(['turn al 1', 'turn al 2', 'turn al 1 2']);
        expect(stage.journal.lines).not.toContain('removed 2'); // before what comes first it must not go
        expect(stage.loads).toBe(2);
      },
    );

    test('has ended before an actor is loaded again, so that it is loaded as its turns left it', async () => {
      stage.decide = (batch, memory) =>
        numbersOf(batch).includes(2) ? { writes: ['wrote'], settled: settledOf(batch) } : following(batch, memory);
      const open = held(1);
      stage.host.deliver([stage.delivery(1)]);
      await stage.journal.until('relayed 1');
      stage.fail.write = new Conflict('another owner');
      stage.host.deliver([stage.delivery(2)]);
      await stage.journal.until('turn al 2');
      await tick();
      expect(stage.loads).toBe(1);
      open();
      await stage.journal.until('settled 2');
      expect(turns()).toEqual(['turn al 1', 'turn al 2', 'turn al 2']); // 1 is settled and does not come again
    });
  });
});
