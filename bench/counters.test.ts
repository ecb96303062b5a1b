import { expect, test } from 'vitest';
import { Metrics } from '#runtime/metrics.ts';
import { busRates, readCounter } from './counters.ts';

test('a counter is read from what a service exposes', async () => {
  const metrics = new Metrics();
  metrics.total('parley_bus_frames_total', 'Messages published', () => 1_234);
  expect(readCounter(await metrics.text(), 'parley_bus_frames_total')).toBe(1_234);
  const text = await metrics.text();
  expect(() => readCounter(text, 'parley_bus_frame')).toThrow('parley_bus_frame');
});

test('rates are of what was counted in between', () => {
  const rates = busRates({ frames: 100, items: 1_000, bytes: 0 }, { frames: 150, items: 1_400, bytes: 60_000 }, 200);
  expect(rates).toEqual({ messagesPerDelivery: 0.25, bytesPerDelivery: 300, itemsPerFrame: 8 });
});
