// scale: pairs with one, two and three instances of each service, through HAProxy as the product is run. More of them on the same cores
// cannot be faster; what is shown is that dividing the work costs next to nothing. The limit of two and three is the throughput of one in
// the same run; that of one is the same without HAProxy.
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
/** `limit`: the form of the same run that it is compared with. */
const FORMS: readonly { name: string; instances: number; throughHaproxy: boolean; limit?: string }[] = [
  { name: '1_direct', instances: 1, throughHaproxy: false },
  { name: '1', instances: 1, throughHaproxy: true, limit: '1_direct' },
  { name: '2', instances: 2, throughHaproxy: true, limit: '1' },
  { name: '3', instances: 3, throughHaproxy: true, limit: '1' },
];
const SERVICES = ['gateway', 'auth', 'groups', 'delivery'];
/** More than the services reach over a broker on two cores. */
const PREPARED_PER_SECOND = 12_000;
/** No loss beyond 10 %. */
const RATIO_AIM = 0.9;

/** For each form, the lines of throughput and of bus_messages_per_delivery: whose work is divided sends smaller frames. */
export async function scale({
  mode,
  runs = DEFAULT_RUNS,
  seconds = DEFAULT_SECONDS,
  start,
}: BenchOptions): Promise<ResultLine[]> {
  const volume = { warmUp: WARM_UP_SECONDS, seconds, alone: 0, perSecond: PREPARED_PER_SECOND };
  const couples = makeCouples(volume);
  const results = FORMS.map((form) => ({ ...form, done: [] as PairsRun[] }));
  let params: ResultLine['params'] = {};
  for (let run = 0; run < runs; run++) {
    for (const { instances, throughHaproxy, done } of results) {
      const counts = SERVICES.flatMap((service) => [`--${service}`, String(instances)]);
      const settings = throughHaproxy ? [...counts, '--trust-proxy'] : counts;
      await withPlace(mode, async (place) => {
        params = place.params;
        done.push(await runProduct(place, couples, volume, { ...start, settings, throughHaproxy }));
      });
    }
  }
  const throughputs = (name: string): number[] =>
    results.filter((form) => form.name === name).flatMap(({ done }) => done.map(({ throughput }) => throughput));
  return results.flatMap(({ name, instances, limit, done }) => {
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
        ...(limit !== undefined && { limit: `throughput_${limit}` }),
        ...params,
      },
      cpuUs: medians(done.map(({ cpuUs }) => cpuUs)),
      rssMb: medians(done.map(({ peakMb }) => peakMb)),
      faults: done.map(({ faults }) => faults).reduce(addFaults, NO_FAULTS),
    };
    const throughput: Measured = {
      metric: `throughput_${name}`,
      unit: 'pairs/s',
      better: 'higher',
      values: done.map((run) => run.throughput),
      ...(limit !== undefined && { limits: throughputs(limit) }),
      ...(instances > 1 && { aim: { of: 'ratio', value: RATIO_AIM } }),
    };
    const messages: Measured = {
      metric: `bus_messages_per_delivery_${name}`,
      unit: 'AMQP messages',
      better: 'lower',
      values: done.flatMap((run) => run.messagesPerDelivery ?? []),
    };
    return [throughput, messages].map((one) => summarize(one, about));
  });
}
