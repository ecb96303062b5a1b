// Counting what is stored, on a store in memory; the stores' own surveys are in store.contract.ts.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Metrics } from '#runtime/metrics.ts';
import { partitionOf } from '#runtime/partitions.ts';
import { Backlog } from './backlog.ts';
import { MemoryMailboxStore } from './memory-store.fixture.ts';
import type { MailboxWrite } from './store.ts';

const EVERY_MS = 60_000;
const PARTITIONS = 2;
const ALL = [0, 1];
const [AL, BO] = ['al@x', 'bo@x'];

describe('the backlog', () => {
  let store: MemoryMailboxStore;
  let metrics: Metrics;
  let backlog: Backlog;
  let owned: readonly number[];
  let failed: unknown[];
  /** How long a count takes. */
  let takesMs: number;
  let counts: number;
  let monotonic: number;

  const empty = { item: null, devices: [], taken: true };
  const chunk = (n: number, items: number, charges: Readonly<Record<string, number>>): MailboxWrite => ({
    type: 'append',
    chunk: { n, items: Array.from({ length: items }, () => empty) },
    charges,
  });
  const said = async (name: string): Promise<number | undefined> => {
    const value = new RegExp(`^parley_backlog_${name} (\\S+)$`, 'm').exec(await metrics.text())?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const pass = async (ms: number): Promise<void> => {
    monotonic += ms;
    await vi.advanceTimersByTimeAsync(ms);
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    [owned, failed, takesMs, counts, monotonic] = [ALL, [], 0, 0, 0];
    expect([partitionOf(AL, PARTITIONS), partitionOf(BO, PARTITIONS)].sort()).toEqual(ALL);
    store = new MemoryMailboxStore();
    for (const user of [AL, BO]) {
      await store.write(user, [{ type: 'account', length: 1, devices: ['a1'], deleted: false, cursors: {}, used: {} }]);
    }
    await store.write(AL, [chunk(64, 2, { 'cy@x': 100, '': 7 }), chunk(128, 1, { '#cy@x': 20 })]);
    await store.write(BO, [chunk(64, 5, { 'cy@x': 1_000 })]);
    const survey = store.survey.bind(store);
    vi.spyOn(store, 'survey').mockImplementation(async (each) => {
      counts += 1;
      monotonic += takesMs;
      await survey(each);
    });
    metrics = new Metrics();
    backlog = new Backlog({
      store,
      partitions: PARTITIONS,
      owned: () => owned,
      everyMs: EVERY_MS,
      now: () => 1_800_000_000_000,
      monotonic: () => monotonic,
      onFailed: (error) => failed.push(error),
    });
    backlog.measure(metrics);
  });
  afterEach(() => {
    backlog.stop();
    vi.useRealTimers();
  });

  test('is not said before it was counted; then all that is stored, whoever stored it', async () => {
    expect([await said('items'), await said('bytes'), await said('counted_timestamp_seconds')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    backlog.start();
    await pass(0);
    expect([await said('items'), await said('bytes'), await said('counted_timestamp_seconds')]).toEqual([
      8, 1_127, 1_800_000_000,
    ]);
  });

  test('is said by the owner of each partition, at once when that changes', async () => {
    owned = [partitionOf(AL, PARTITIONS)];
    backlog.start();
    await pass(0);
    expect([await said('items'), await said('bytes')]).toEqual([3, 127]);
    owned = [partitionOf(BO, PARTITIONS)];
    expect([await said('items'), await said('bytes')]).toEqual([5, 1_000]);
    owned = [];
    expect([await said('items'), await said('bytes')]).toEqual([0, 0]);
  });

  test('is counted at every interval, and no more once it is stopped', async () => {
    backlog.start();
    await pass(0);
    await store.write(BO, [{ type: 'remove', n: 64 }]);
    await pass(EVERY_MS - 1);
    expect([counts, await said('items')]).toEqual([1, 8]);
    await pass(1);
    expect([counts, await said('items')]).toEqual([2, 3]);
    backlog.stop();
    await pass(3 * EVERY_MS);
    expect(counts).toBe(2);
  });

  test('is counted less often where that takes long: a twentieth of the time at most', async () => {
    takesMs = 10_000;
    backlog.start();
    await pass(0);
    await pass(20 * takesMs - 1);
    expect(counts).toBe(1);
    await pass(1);
    expect(counts).toBe(2);
  });

  test('stays as it was counted last while the store is away', async () => {
    backlog.start();
    await pass(0);
    const away = new Error('away');
    vi.mocked(store.survey).mockRejectedValueOnce(away);
    await pass(EVERY_MS);
    expect([failed, await said('items')]).toEqual([[away], 8]);
    await store.write(BO, [{ type: 'remove', n: 64 }]);
    await pass(EVERY_MS);
    expect(await said('items')).toBe(3);
  });
});
