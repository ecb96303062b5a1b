// One phase of the fan-out benchmark at a subject, whichever it is: what it reached, and what that cost.
import { setTimeout as delay } from 'node:timers/promises';
import { type BusRates, busRates } from './counters.ts';
import type { Fan } from './fan.ts';
import type { Hall } from './hall.ts';
import { percentile } from './statistics.ts';
import type { Subject } from './subject.ts';
import { cpuUsOf, type PerProcess, usedForEach } from './usage.ts';

/** What has not come by then is lost. */
const PATIENCE_MS = 10_000;

/** `underWay`: messages that not every member has, of all groups together. They are written to in turn. */
export type Phase = { readonly fans: readonly Fan[]; readonly underWay: number; readonly seconds: number };

/** `cpuUs` and `bytes` are for each delivery; `p50` and `p99` from a send until the last member has acknowledged it, in ms. */
export type FanoutRun = {
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  readonly bytes: number;
  readonly bus: BusRates | undefined;
  readonly cpuUs: PerProcess;
};

export type Stage = {
  readonly subject: Subject;
  readonly hall: Hall;
  /** As whose CPU time that of this process is counted. */
  readonly generator: 'generator' | 'relayGenerator';
  /** Whether senders are told how many members took a message. */
  readonly counts: boolean;
};

export async function runPhase({ subject, hall, generator, counts }: Stage, phase: Phase): Promise<FanoutRun> {
  const used = (): PerProcess => ({ ...subject.cpuUs, [generator]: cpuUsOf(process.pid) });
  const before = { used: used(), bytes: hall.bytes, bus: await subject.busCounts() };
  const { deliveries, ms, latencies } = await write(phase);
  if (counts) await withPatience(whenCounted(phase.fans));
  const after = { used: used(), bytes: hall.bytes, bus: await subject.busCounts() };
  return {
    throughput: deliveries / (ms / 1_000),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    bytes: (after.bytes - before.bytes) / deliveries,
    bus: before.bus && after.bus && busRates(before.bus, after.bus, deliveries),
    cpuUs: usedForEach(before.used, after.used, deliveries),
  };
}

type Written = { readonly deliveries: number; readonly ms: number; readonly latencies: readonly number[] };

/** Writes until the time is over, and waits until everybody has everything. */
async function write({ fans, underWay, seconds }: Phase): Promise<Written> {
  const latencies: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1_000;
  let [next, open, deliveries, ended] = [0, 0, 0, began];
  await withPatience(
    new Promise<void>((resolve) => {
      const send = (): void => {
        open += 1;
        next += 1;
        fans[(next - 1) % fans.length]?.send();
      };
      for (const fan of fans) {
        fan.onComplete = (ms) => {
          latencies.push(ms);
          open -= 1;
          deliveries += fan.width;
          ended = performance.now();
          if (ended < until) send();
          else if (open === 0) resolve();
        };
      }
      while (open < underWay) send();
    }),
    seconds * 1_000,
  );
  return { deliveries, ms: ended - began, latencies };
}

function whenCounted(fans: readonly Fan[]): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (fans.every(({ isCounted }) => isCounted)) resolve();
    };
    for (const fan of fans) fan.onCounted = look;
    look();
  });
}

async function withPatience(done: Promise<void>, beyondMs = 0): Promise<void> {
  const patience = new AbortController();
  const signal = patience.signal;
  await Promise.race([done, delay(beyondMs + PATIENCE_MS, undefined, { signal }).catch(() => {})]);
  patience.abort();
}
