// scale: pairs with one, two and three instances of each service. More of them on the same cores cannot be faster; what is shown
// is that dividing the work costs next to nothing. The limit of each is the throughput of one instance in the same run.
import { TEXT_BYTES } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { makeCouples, PAIRS, type PairsRun, runProduct, WINDOW } from './pairs-run.ts';
import { withPlace } from './places.ts';
import { type Measured, type ResultLine, summarize } from './result.ts';
import { addFaults, NO_FAULTS } from './tally.ts';
import { medians } from './usage.ts';

const DEFAULT_RUNS = 2;
const DEFAULT_SECONDS = 2;
const WARM_UP_SECONDS = 2;
const INSTANCES = [1, 2, 3];
const SERVICES = ['gateway', 'auth', 'groups', 'delivery'];
/** More than the services reach over a broker on two cores. */
const PREPARED_PER_SECOND = 12_000;
/** No loss beyond 10 %. */
const RATIO_AIM = 0.9;

/** For each number of instances, the lines of throughput and of bus_messages_per_delivery: whose work is divided sends smaller frames. */
export async function scale({
  mode,
  runs = DEFAULT_RUNS,
  seconds = DEFAULT_SECONDS,
  start,
}: BenchOptions): Promise<ResultLine[]> {
  const volume = { warmUp: WARM_UP_SECONDS, seconds, alone: 0, perSecond: PREPARED_PER_SECOND };
  const couples = makeCouples(volume);
  const results = new Map<number, PairsRun[]>(INSTANCES.map((instances) => [instances, []]));
  let params: ResultLine['params'] = {};
  for (let run = 0; run < runs; run++) {
    for (const [instances, done] of results) {
      const counts = SERVICES.flatMap((service) => [`--${service}`, String(instances)]);
      await withPlace(mode, async (place) => {
        params = place.params;
        done.push(await runProduct(place, couples, volume, { ...start, settings: counts }));
      });
    }
  }
  const alone = results.get(1)?.map(({ throughput }) => throughput) ?? [];
  return [...results].flatMap(([instances, done]) => {
    const about = {
      bench: 'scale',
      mode,
      params: {
        instances,
        pairs: PAIRS,
        window: WINDOW,
        textBytes: TEXT_BYTES,
        seconds,
        holdMs: start.holdMs,
        ...params,
      },
      cpuUs: medians(done.map(({ cpuUs }) => cpuUs)),
      rssMb: medians(done.map(({ peakMb }) => peakMb)),
      faults: done.map(({ faults }) => faults).reduce(addFaults, NO_FAULTS),
    };
    const throughput: Measured = {
      metric: `throughput_${instances}`,
      unit: 'pairs/s',
      better: 'higher',
      values: done.map((run) => run.throughput),
      ...(instances > 1 && { limits: alone, aim: { of: 'ratio', value: RATIO_AIM } }),
    };
    const messages: Measured = {
      metric: `bus_messages_per_delivery_${instances}`,
      unit: 'AMQP messages',
      better: 'lower',
      values: done.flatMap((run) => run.messagesPerDelivery ?? []),
    };
    return [throughput, messages].map((one) => summarize(one, about));
  });
}
