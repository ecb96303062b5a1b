// One run of the pairs benchmark against a subject, whichever it is: what it reached, and what that cost.
import { setTimeout as delay } from 'node:timers/promises';
import { busRates } from './counters.ts';
import { type Prepared, prepare } from './messages.ts';
import { Pair } from './pair.ts';
import { connect, Person, signUpAll } from './people.ts';
import type { Place } from './place.ts';
import { startRelay } from './relay-process.ts';
import { percentile } from './statistics.ts';
import type { StartOptions, Subject } from './subject.ts';
import { addFaults, type Faults, NO_FAULTS } from './tally.ts';
import { cpuUsOf, type PerProcess, usedForEach } from './usage.ts';
import { Wire } from './wire.ts';

export const PAIRS = 20;
export const WINDOW = 10;
/** For each second of it. */
const ROUNDTRIP_MESSAGES = 10_000;
/** What has not come back by then is lost. */
const PATIENCE_MS = 10_000;

export type PairsRun = {
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  readonly roundtrip: number | undefined;
  readonly messagesPerDelivery: number | undefined;
  readonly itemsPerFrame: number | undefined;
  readonly cpuUs: PerProcess;
  readonly peakMb: PerProcess;
  readonly faults: Faults;
};

/**
 * `warmUp`: seconds before the clock, in which compilers see the paths and caches fill; its messages are checked like all others.
 * `alone`: seconds in which one pair goes on with one message at a time, or 0. `perSecond`: messages made for each second; who has sent
 * them earlier is measured until then.
 */
export type Volume = {
  readonly warmUp: number;
  readonly seconds: number;
  readonly alone: number;
  readonly perSecond: number;
};

/** What each pair has sent at most after so many seconds. */
function upToAfter(seconds: number, { perSecond }: Volume): number {
  return Math.ceil((seconds * perSecond) / PAIRS);
}

type PhaseResult = { readonly perSecond: number; readonly latencies: readonly number[] };

async function runPhase(
  pairs: readonly Pair[],
  { window, seconds, upTo }: { readonly window: number; readonly seconds: number; readonly upTo: number },
): Promise<PhaseResult> {
  const began = performance.now();
  const latencies: number[] = [];
  const patience = new AbortController();
  const all = Promise.all(pairs.map((pair) => pair.run({ until: began + seconds * 1_000, upTo, window, latencies })));
  await Promise.race([
    all,
    delay(seconds * 1_000 + PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {}),
  ]);
  patience.abort();
  const ended = Math.max(...pairs.map(({ lastReceiptAt }) => lastReceiptAt));
  return { perSecond: latencies.length / ((ended - began) / 1_000), latencies };
}

/** `generator`: as whose CPU time that of this process is counted. */
async function measure(
  subject: Subject,
  pairs: readonly Pair[],
  volume: Volume,
  generator: 'generator' | 'relayGenerator',
): Promise<PairsRun> {
  const { warmUp, seconds } = volume;
  await runPhase(pairs, { window: WINDOW, seconds: warmUp, upTo: upToAfter(warmUp, volume) });
  const used = (): PerProcess => ({ ...subject.cpuUs, [generator]: cpuUsOf(process.pid) });
  const before = { used: used(), bus: await subject.busCounts() };
  const { perSecond, latencies } = await runPhase(pairs, {
    window: WINDOW,
    seconds,
    upTo: upToAfter(warmUp + seconds, volume),
  });
  const after = { used: used(), bus: await subject.busCounts() };
  const bus = before.bus && after.bus && busRates(before.bus, after.bus, latencies.length);
  const roundtrip = volume.alone > 0 ? await roundtripOf(pairs.slice(0, 1), volume.alone) : undefined;
  return {
    throughput: perSecond,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    roundtrip,
    messagesPerDelivery: bus?.messagesPerDelivery,
    itemsPerFrame: bus?.itemsPerFrame,
    cpuUs: usedForEach(before.used, after.used, latencies.length),
    peakMb: subject.peakMb,
    faults: pairs.map(({ faults }) => faults).reduce(addFaults, NO_FAULTS),
  };
}

async function roundtripOf(pair: readonly Pair[], seconds: number): Promise<number> {
  const { latencies } = await runPhase(pair, { window: 1, seconds, upTo: Number.POSITIVE_INFINITY });
  return percentile(latencies, 0.5);
}

export type Couple = { readonly from: Person; readonly to: Person; readonly messages: readonly Prepared[] };

export function makeCouples(volume: Volume): Couple[] {
  const each = upToAfter(volume.warmUp + volume.seconds, volume);
  return Array.from({ length: PAIRS }, (_, index): Couple => {
    const [from, to] = [new Person(`sender${index}`), new Person(`recipient${index}`)];
    // The first pair goes on alone, for the round trip.
    return { from, to, messages: prepare(from, to, each + (index === 0 ? ROUNDTRIP_MESSAGES * volume.alone : 0)) };
  });
}

/** On a server without accounts. Those who write to each other come through different doors, where there are several. */
export async function runProduct(
  place: Place,
  couples: readonly Couple[],
  volume: Volume,
  start: StartOptions,
): Promise<PairsRun> {
  const server = await place.start(start);
  const { url, urls } = server;
  await signUpAll(
    url,
    couples.flatMap(({ from, to }) => [from, to]),
  );
  const wires: Wire[] = [];
  const pairs: Pair[] = [];
  const door = (index: number): string => urls[index % urls.length] ?? url;
  for (const [index, { from, to, messages }] of couples.entries()) {
    const [sender, recipient] = await Promise.all([connect(door(index), from), connect(door(index + 1), to)]);
    wires.push(sender, recipient);
    pairs.push(new Pair(messages, sender, recipient));
  }
  const run = await measure(server, pairs, volume, 'generator');
  for (const wire of wires) wire.close();
  await server.end();
  return run;
}

export async function runLimit(couples: readonly Couple[], volume: Volume): Promise<PairsRun> {
  const relay = await startRelay();
  const wires: Wire[] = [];
  const pairs: Pair[] = [];
  for (const [index, { messages }] of couples.entries()) {
    const sender = await Wire.open(`${relay.url}/pair/${index}/a`);
    const recipient = await Wire.open(`${relay.url}/pair/${index}/b`);
    wires.push(sender, recipient);
    pairs.push(new Pair(messages, sender, recipient));
  }
  const run = await measure(relay, pairs, volume, 'relayGenerator');
  for (const wire of wires) wire.close();
  await relay.end();
  return run;
}
