// pairs: how many messages a second go from sender to recipient and come back as a delivered notice, and how long that takes.
// 20 pairs of clients, each with 10 messages under way; then one pair with one. The limit is the relay with the same frames.
import { TEXT_BYTES } from './messages.ts';
import { type BenchOptions, DEFAULT_RUNS } from './options.ts';
import { makeCouples, PAIRS, type PairsRun, runLimit, runProduct, WINDOW } from './pairs-run.ts';
import { withPlace } from './places.ts';
import { type Measured, type Mode, type ResultLine, summarize } from './result.ts';
import { addFaults, NO_FAULTS } from './tally.ts';
import { medians } from './usage.ts';

const DEFAULT_SECONDS = 2;
/** Several processes have seen their paths later than one: each has a part of the messages. */
const WARM_UP_SECONDS: Readonly<Record<Mode, number>> = { embedded: 1, distributed: 2 };
const ROUNDTRIP_SECONDS = 1;
/** Making them takes longer than sending them. Embedded: near what the relay reaches; distributed: more than a broker lets through. */
const PREPARED_PER_SECOND: Readonly<Record<Mode, number>> = { embedded: 40_000, distributed: 20_000 };
/** Of DESIGN's two shapes: with the broker and the store on the same cores, less is left for the services. */
const AIMS: Readonly<Record<Mode, { readonly ratio: number; readonly roundtripMs: number }>> = {
  embedded: { ratio: 0.8, roundtripMs: 0.5 },
  distributed: { ratio: 0.4, roundtripMs: 2 },
};

type Figure = Exclude<keyof PairsRun, 'faults' | 'cpuUs' | 'peakMb'>;

/** The lines of throughput, p50, p99 and roundtrip_p50; of services that talk over RabbitMQ also what they said to each other. */
export async function pairs({
  mode,
  runs = DEFAULT_RUNS,
  seconds = DEFAULT_SECONDS,
  start,
}: BenchOptions): Promise<ResultLine[]> {
  const perSecond = PREPARED_PER_SECOND[mode];
  const volume = { warmUp: WARM_UP_SECONDS[mode], seconds, alone: ROUNDTRIP_SECONDS, perSecond };
  const couples = makeCouples(volume);
  const products: PairsRun[] = [];
  const limits: PairsRun[] = [];
  let params: ResultLine['params'] = {};
  for (let run = 0; run < runs; run++) {
    await withPlace(mode, async (place) => {
      params = place.params;
      products.push(await runProduct(place, couples, volume, start));
    });
    limits.push(await runLimit(couples, volume));
  }
  const figures = (all: readonly PairsRun[], figure: Figure): number[] => all.flatMap((run) => run[figure] ?? []);
  const of = (figure: Figure): Required<Pick<Measured, 'values' | 'limits'>> => ({
    values: figures(products, figure),
    limits: figures(limits, figure),
  });
  const about = {
    bench: 'pairs',
    mode,
    params: { pairs: PAIRS, window: WINDOW, textBytes: TEXT_BYTES, seconds, holdMs: start.holdMs, ...params },
    cpuUs: { ...medians(products.map(({ cpuUs }) => cpuUs)), ...medians(limits.map(({ cpuUs }) => cpuUs)) },
    rssMb: { ...medians(products.map(({ peakMb }) => peakMb)), ...medians(limits.map(({ peakMb }) => peakMb)) },
    faults: [...products, ...limits].map(({ faults }) => faults).reduce(addFaults, NO_FAULTS),
  };
  const aims = AIMS[mode];
  const measured: Measured[] = [
    {
      metric: 'throughput',
      unit: 'pairs/s',
      better: 'higher',
      ...of('throughput'),
      aim: { of: 'ratio', value: aims.ratio },
    },
    { metric: 'p50', unit: 'ms', better: 'lower', ...of('p50') },
    { metric: 'p99', unit: 'ms', better: 'lower', ...of('p99') },
    {
      metric: 'roundtrip_p50',
      unit: 'ms',
      better: 'lower',
      ...of('roundtrip'),
      aim: { of: 'value', value: aims.roundtripMs },
    },
  ];
  if (mode === 'distributed') {
    measured.push(
      {
        metric: 'bus_messages_per_delivery',
        unit: 'AMQP messages',
        better: 'lower',
        values: figures(products, 'messagesPerDelivery'),
      },
      { metric: 'items_per_frame', unit: 'items', better: 'higher', values: figures(products, 'itemsPerFrame') },
    );
  }
  return measured.map((one) => summarize(one, about));
}
