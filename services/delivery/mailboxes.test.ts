import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Addressed } from '#protocol/commands.ts';
import { HOUR_MS, MINUTE_MS } from '#protocol/limits.ts';
import type { Bus } from '#runtime/bus/bus.ts';
import { Expiry } from './expiry.ts';
import { startSweeps } from './mailboxes.ts';
import { MemoryMailboxStore } from './memory-store.fixture.ts';

describe('sweeps', () => {
  let wall: number;
  let monotonic: number;
  let told: string[];
  let skipped: number[];
  let failed: unknown[];
  let store: MemoryMailboxStore;
  let expiry: Expiry;
  let stop: () => void;
  const pass = async (wallMs: number, monotonicMs: number) => {
    wall += wallMs;
    monotonic += monotonicMs;
    await vi.advanceTimersByTimeAsync(monotonicMs);
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    wall = 1_800_000_000_000;
    monotonic = 5;
    told = [];
    skipped = [];
    failed = [];
    store = new MemoryMailboxStore();
    for (let i = 100; i < 550; i += 1) {
      await store.write(`u${i}`, [
        { type: 'account', length: 1, devices: [], deleted: false, cursors: {}, used: {} },
        { type: 'append', chunk: { n: 64, items: [] }, charges: {} },
      ]);
    }
    const bus = { tell: ({ key, command }: Addressed) => told.push(`${command.type} ${key}`) };
    expiry = new Expiry(
      () => wall,
      () => monotonic,
    );
    stop = startSweeps({
      owns: () => true,
      store,
      bus: bus as unknown as Bus, // nothing else of a bus is used
      everyMs: HOUR_MS,
      expiry,
      onSkipped: (movedMs) => skipped.push(movedMs),
      onFailed: (error) => failed.push(error),
    });
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  test('reach every mailbox that holds something, at every interval, and none before the first has passed', async () => {
    await pass(HOUR_MS - 1, HOUR_MS - 1);
    expect(told).toEqual([]);
    await pass(1, 1);
    expect(told).toHaveLength(450);
    expect(new Set(told).size).toBe(450);
    expect(told[0]).toBe('sweep u100');
    await pass(HOUR_MS, HOUR_MS);
    expect(told).toHaveLength(900);
  });

  test('are left out when the wall clock moved, and believed again an interval later', async () => {
    await pass(HOUR_MS + MINUTE_MS + 1, HOUR_MS);
    expect([told, skipped]).toEqual([[], [MINUTE_MS + 1]]);
    await pass(HOUR_MS + MINUTE_MS, HOUR_MS);
    expect(told).toHaveLength(450);
  });

  test('a store that fails is reported, and the next interval tries again', async () => {
    const error = new Error('away');
    const users = vi.spyOn(store, 'users').mockRejectedValueOnce(error);
    await pass(HOUR_MS, HOUR_MS);
    expect([told, failed]).toEqual([[], [error]]);
    users.mockRestore();
    await pass(HOUR_MS, HOUR_MS);
    expect(told).toHaveLength(450);
  });

  test('end when stopped', async () => {
    stop();
    await pass(2 * HOUR_MS, 2 * HOUR_MS);
    expect(told).toEqual([]);
  });
});
