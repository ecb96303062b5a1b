// pairs: how many messages a second go from sender to recipient and come back as a delivered notice, and how long that takes.
// 20 pairs of clients, each with 10 messages under way; then one pair with one. The limit is the relay with the same frames.
import { setTimeout as delay } from 'node:timers/promises';
import { type Prepared, prepare, TEXT_BYTES } from './messages.ts';
import { type BenchOptions, DEFAULT_RUNS } from './options.ts';
import { Pair } from './pair.ts';
import { connect, Person, signUpAll } from './people.ts';
import { cpuUsOf, type Subject, startRelay, startServer, withData } from './processes.ts';
import { type Measured, type ResultLine, summarize } from './result.ts';
import { median, percentile, significant } from './statistics.ts';
import { addFaults, type Faults, NO_FAULTS } from './tally.ts';
import { Wire } from './wire.ts';

const PAIRS = 20;
const WINDOW = 10;
const DEFAULT_SECONDS = 2;
/** Before the clock: compilers have seen the paths, caches are filled. Its messages are checked like all others. */
const WARM_UP_SECONDS = 1;
const ROUNDTRIP_SECONDS = 1;
/** Messages made for each second of a phase, near what the relay reaches. Who has sent them earlier is measured until then. */
const PREPARED_PER_SECOND = 40_000;
const ROUNDTRIP_MESSAGES = 10_000;
/** What has not come back by then is lost. */
const PATIENCE_MS = 10_000;

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

/** What each pair has sent at most after so many seconds. */
function prepared(seconds: number): number {
  return Math.ceil((seconds * PREPARED_PER_SECOND) / PAIRS);
}

type Run = {
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  readonly roundtrip: number;
  readonly cpuUs: number;
  readonly generatorCpuUs: number;
  readonly peakMb: number;
  readonly faults: Faults;
};

async function measure(subject: Subject, pairs: readonly Pair[], seconds: number): Promise<Run> {
  await runPhase(pairs, { window: WINDOW, seconds: WARM_UP_SECONDS, upTo: prepared(WARM_UP_SECONDS) });
  const before = { subject: subject.cpuUs, generator: cpuUsOf(process.pid) };
  const { perSecond, latencies } = await runPhase(pairs, {
    window: WINDOW,
    seconds,
    upTo: prepared(WARM_UP_SECONDS + seconds),
  });
  const after = { subject: subject.cpuUs, generator: cpuUsOf(process.pid) };
  const alone = await runPhase(pairs.slice(0, 1), {
    window: 1,
    seconds: ROUNDTRIP_SECONDS,
    upTo: Number.POSITIVE_INFINITY,
  });
  return {
    throughput: perSecond,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    roundtrip: percentile(alone.latencies, 0.5),
    cpuUs: (after.subject - before.subject) / latencies.length,
    generatorCpuUs: (after.generator - before.generator) / latencies.length,
    peakMb: subject.peakMb,
    faults: pairs.map(({ faults }) => faults).reduce(addFaults, NO_FAULTS),
  };
}

type Couple = { readonly from: Person; readonly to: Person; readonly messages: readonly Prepared[] };

function runProduct(couples: readonly Couple[], seconds: number, nodeOptions: readonly string[]): Promise<Run> {
  return withData(async (data) => {
    const server = await startServer(data, nodeOptions);
    await signUpAll(
      server.url,
      couples.flatMap(({ from, to }) => [from, to]),
    );
    const wires: Wire[] = [];
    const pairs: Pair[] = [];
    for (const { from, to, messages } of couples) {
      const [sender, recipient] = await Promise.all([connect(server.url, from), connect(server.url, to)]);
      wires.push(sender, recipient);
      pairs.push(new Pair(messages, sender, recipient));
    }
    const run = await measure(server, pairs, seconds);
    for (const wire of wires) wire.close();
    await server.end();
    return run;
  });
}

async function runLimit(couples: readonly Couple[], seconds: number): Promise<Run> {
  const relay = await startRelay();
  const wires: Wire[] = [];
  const pairs: Pair[] = [];
  for (const [index, { messages }] of couples.entries()) {
    const sender = await Wire.open(`${relay.url}/pair/${index}/a`);
    const recipient = await Wire.open(`${relay.url}/pair/${index}/b`);
    wires.push(sender, recipient);
    pairs.push(new Pair(messages, sender, recipient));
  }
  const run = await measure(relay, pairs, seconds);
  for (const wire of wires) wire.close();
  await relay.end();
  return run;
}

/** The lines of throughput, p50, p99 and roundtrip_p50. */
export async function pairs({
  runs = DEFAULT_RUNS,
  seconds = DEFAULT_SECONDS,
  nodeOptions,
}: BenchOptions): Promise<ResultLine[]> {
  const each = prepared(WARM_UP_SECONDS + seconds);
  const couples = Array.from({ length: PAIRS }, (_, index): Couple => {
    const [from, to] = [new Person(`sender${index}`), new Person(`recipient${index}`)];
    // The first pair goes on alone, for the round trip.
    return { from, to, messages: prepare(from, to, each + (index === 0 ? ROUNDTRIP_MESSAGES : 0)) };
  });
  const products: Run[] = [];
  const limits: Run[] = [];
  for (let run = 0; run < runs; run++) {
    products.push(await runProduct(couples, seconds, nodeOptions));
    limits.push(await runLimit(couples, seconds));
  }
  const of = (field: Exclude<keyof Run, 'faults'>): Pick<Required<Measured>, 'values' | 'limits'> => ({
    values: products.map((run) => run[field]),
    limits: limits.map((run) => run[field]),
  });
  const middle = (all: readonly Run[], field: Exclude<keyof Run, 'faults'>): number =>
    significant(median(all.map((run) => run[field])), 3);
  const about = {
    bench: 'pairs',
    mode: 'embedded',
    params: { pairs: PAIRS, window: WINDOW, textBytes: TEXT_BYTES, seconds },
    cpuUs: {
      server: middle(products, 'cpuUs'),
      generator: middle(products, 'generatorCpuUs'),
      relay: middle(limits, 'cpuUs'),
      relayGenerator: middle(limits, 'generatorCpuUs'),
    },
    rssMb: { server: middle(products, 'peakMb'), relay: middle(limits, 'peakMb') },
    faults: [...products, ...limits].map(({ faults }) => faults).reduce(addFaults, NO_FAULTS),
  } as const;
  const measured: Measured[] = [
    { metric: 'throughput', unit: 'pairs/s', better: 'higher', ...of('throughput'), aim: { of: 'ratio', value: 0.8 } },
    { metric: 'p50', unit: 'ms', better: 'lower', ...of('p50') },
    { metric: 'p99', unit: 'ms', better: 'lower', ...of('p99') },
    { metric: 'roundtrip_p50', unit: 'ms', better: 'lower', ...of('roundtrip'), aim: { of: 'value', value: 0.5 } },
  ];
  return measured.map((one) => summarize(one, about));
}
