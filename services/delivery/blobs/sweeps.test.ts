import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Expiry } from '../expiry.ts';
import type { BlobStore } from './store.ts';
import { startBlobSweeps } from './sweeps.ts';
import { Total } from './total.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const NOW = 1_800_000_000_000;

/** How many blobs have expired; each sweep is noted. */
class Swept {
  expired = 250;
  blobs = 0;
  readonly sweeps: { readonly now: number; readonly limit: number }[] = [];

  /** Of a store, what a sweep and a count ask. */
  get store(): BlobStore {
    const asked: Pick<BlobStore, 'sweep' | 'usage'> = {
      sweep: async (now, limit) => {
        this.sweeps.push({ now, limit });
        const removed = Math.min(this.expired, limit);
        this.expired -= removed;
        return removed;
      },
      usage: async () => ({ blobs: this.blobs, bytes: this.blobs * 10 }),
    };
    return asked as BlobStore; // nobody here asks for more
  }
}

let clock: { wall: number; monotonic: number };
let swept: Swept;
let total: Total;
let counted: number;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  clock = { wall: NOW, monotonic: 0 };
  swept = new Swept();
  counted = 0;
  const monotonic = (): number => clock.monotonic;
  total = new Total(swept.store, monotonic);
  stop = startBlobSweeps({
    ...{ store: swept.store, total, log: pino({ level: 'silent' }), now: () => clock.wall },
    expiry: new Expiry(() => clock.wall, monotonic),
    ...{ sweepEveryMs: HOUR, countEveryMs: MINUTE },
    onSwept: (blobs) => {
      counted += blobs;
    },
  });
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

async function pass(ms: number, wallMs = ms): Promise<void> {
  clock.monotonic += ms;
  clock.wall += wallMs;
  await vi.advanceTimersByTimeAsync(ms);
}

test('removes step by step what has expired, first after an interval, and counts it', async () => {
  await pass(HOUR - 1);
  expect(swept.sweeps).toEqual([]);
  await pass(1);
  expect(swept.sweeps.map(({ limit }) => limit)).toEqual([100, 100, 100]);
  expect(swept.sweeps.every(({ now }) => now === NOW + HOUR)).toBe(true);
  expect([swept.expired, counted]).toEqual([0, 250]);
});

test('removes nothing in an interval in which the clock moved', async () => {
  await pass(HOUR, 1_000 * HOUR);
  expect(swept.sweeps).toEqual([]);
  await pass(HOUR);
  expect(counted).toBe(250);
});

test('counts what is stored at the start and at every interval', async () => {
  await pass(0);
  expect(total.counted).toEqual({ blobs: 0, bytes: 0 });
  swept.blobs = 3;
  await pass(MINUTE);
  expect(total.counted).toEqual({ blobs: 3, bytes: 30 });
});

test('between two counts of all, what is added here is added up', async () => {
  await pass(0);
  swept.blobs = 5;
  total.add(7);
  expect(await total.bytes()).toBe(7);
  await pass(5_001);
  expect(await total.bytes()).toBe(50);
});
