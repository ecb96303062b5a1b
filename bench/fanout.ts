// fanout: a message to a group goes to each of its members and is acknowledged by each. Groups of 200 and of 1,000 who are all connected, one of
// whom writes, with five messages under way and with one. The limit is the relay, which sends the same to each member, bare: nothing is stored,
// counted or checked. Then what a delivery costs the server's processors where groups are small, and where there are many of them.
import { type FanoutRun, runPhase } from './fanout-run.ts';
import {
  type Act,
  FEW_GROUPS,
  FEW_MEMBERS,
  MANY_GROUPS,
  openScene,
  type Scene,
  SIZES,
  type Size,
} from './fanout-scene.ts';
import { TEXT_BYTES } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { withPlace } from './places.ts';
import { type Circumstances, type Measured, type Mode, type ResultLine, summarize } from './result.ts';
import { addFaults, type Faults, NO_FAULTS } from './tally.ts';
import { medians, type PerProcess } from './usage.ts';

/** In each run every shape has its seconds, at the server and at the relay. */
const DEFAULT_RUNS = 2;
const DEFAULT_SECONDS = 1;
const WARM_UP_SECONDS = 1;
const WINDOWS = [5, 1] as const;
/** Over all small groups together. */
const SMALL_UNDER_WAY = 50;
const THROUGHPUT_AIMS: Readonly<Record<Mode, number | undefined>> = { embedded: 0.6, distributed: undefined };
/** A delivery costs hardly more in a large group than in a small one, nor among many groups than among few. */
const COST_AIM = 1.2;

type Shape = { readonly members: Size; readonly window: (typeof WINDOWS)[number] };
type Pair = { readonly product: FanoutRun; readonly limit: FanoutRun };
/** Runs of what costs are compared of. */
type Costs = { readonly [name in 'fewMembers' | 'manyMembers' | 'fewGroups' | 'manyGroups']: FanoutRun };
type About = Omit<Circumstances, 'bench' | 'cpuUs'>;

const SHAPES: readonly Shape[] = SIZES.flatMap((members) => WINDOWS.map((window) => ({ members, window })));

/** For each shape the lines of throughput, p50, p99 and bytes_per_delivery, over RabbitMQ also of what went through it; then both of costs. */
export function fanout({
  mode,
  runs = DEFAULT_RUNS,
  seconds = DEFAULT_SECONDS,
  start,
}: BenchOptions): Promise<ResultLine[]> {
  return withPlace(mode, async (place) => {
    const scene = await openScene(place, start);
    const { product, limit } = scene;
    const pairs = new Map<Shape, Pair[]>(SHAPES.map((shape) => [shape, []]));
    const costs: Costs[] = [];
    for (const shape of SHAPES.filter(({ window }) => window > 1)) {
      for (const act of [product, limit]) await atShape(act, shape, WARM_UP_SECONDS);
    }
    await costsOf(scene, WARM_UP_SECONDS); // each group's first message loads what its later ones need
    for (let run = 0; run < runs; run++) {
      for (const [shape, done] of pairs) {
        done.push({ product: await atShape(product, shape, seconds), limit: await atShape(limit, shape, seconds) });
      }
      costs.push(await costsOf(scene, seconds));
    }
    const { subject } = product.stage;
    const about: About = {
      mode,
      params: { textBytes: TEXT_BYTES, seconds, holdMs: start.holdMs, ...place.params },
      rssMb: { ...subject.peakMb, ...limit.stage.subject.peakMb },
      faults: faultsOf(scene),
    };
    const own = Object.keys(subject.own);
    await scene.end();
    return [...[...pairs].flatMap(([shape, done]) => shapeLines(shape, done, about)), ...costLines(costs, own, about)];
  });
}

function atShape({ stage, large }: Act, { members, window }: Shape, seconds: number): Promise<FanoutRun> {
  return runPhase(stage, { fans: [large[members]], underWay: window, seconds });
}

async function costsOf({ product }: Scene, seconds: number): Promise<Costs> {
  const { stage, large, few, many } = product;
  const underWay = Math.max(...WINDOWS);
  return {
    fewMembers: await runPhase(stage, { fans: few.slice(0, 1), underWay, seconds }),
    manyMembers: await runPhase(stage, { fans: [large[1_000]], underWay, seconds }),
    fewGroups: await runPhase(stage, { fans: few, underWay: SMALL_UNDER_WAY, seconds }),
    manyGroups: await runPhase(stage, { fans: many, underWay: SMALL_UNDER_WAY, seconds }),
  };
}

function faultsOf({ product, limit }: Scene): Faults {
  const atServer = [...Object.values(product.large), ...product.many].map((fan) => fan.faults(product.stage.counts));
  const atRelay = Object.values(limit.large).map((fan) => fan.faults(limit.stage.counts));
  return [...atServer, ...atRelay].reduce(addFaults, NO_FAULTS);
}

function shapeLines(shape: Shape, done: readonly Pair[], about: About): ResultLine[] {
  const aim = THROUGHPUT_AIMS[about.mode];
  const of = (figure: 'throughput' | 'p50' | 'p99' | 'bytes') => ({
    values: done.map(({ product }) => product[figure]),
    limits: done.map(({ limit }) => limit[figure]),
  });
  const measured: Measured[] = [
    {
      ...{ metric: 'throughput', unit: 'deliveries/s', better: 'higher', ...of('throughput') },
      ...(aim !== undefined && { aim: { of: 'ratio', value: aim } }),
    },
    { metric: 'p50', unit: 'ms', better: 'lower', ...of('p50') },
    { metric: 'p99', unit: 'ms', better: 'lower', ...of('p99') },
    { metric: 'bytes_per_delivery', unit: 'bytes', better: 'lower', ...of('bytes') },
  ];
  const bus = done.flatMap((pair) => pair.product.bus ?? []);
  if (bus.length > 0) {
    const [messages, bytes] = [bus.map((one) => one.messagesPerDelivery), bus.map((one) => one.bytesPerDelivery)];
    measured.push(
      { metric: 'bus_messages_per_delivery', unit: 'AMQP messages', better: 'lower', values: messages },
      { metric: 'bus_bytes_per_delivery', unit: 'bytes', better: 'lower', values: bytes },
    );
  }
  const cpuUs = {
    ...medians(done.map(({ product }) => product.cpuUs)),
    ...medians(done.map(({ limit }) => limit.cpuUs)),
  };
  return measured.map((one) =>
    summarize(one, { bench: 'fanout', ...about, params: { ...shape, ...about.params }, cpuUs }),
  );
}

/** CPU time a delivery of all the product's own processes, `own`; the limit is what it is with fewer members, and with fewer groups. */
function costLines(costs: readonly Costs[], own: readonly string[], about: About): ResultLine[] {
  const cpuOf = ({ cpuUs }: FanoutRun): number => own.reduce((sum, kind) => sum + (cpuUs[kind] ?? 0), 0);
  const line = (metric: string, of: keyof Costs, than: keyof Costs, params: ResultLine['params']): ResultLine => {
    const cpuUs: PerProcess = medians(costs.map((cost) => cost[of].cpuUs));
    const [values, limits] = [costs.map((cost) => cpuOf(cost[of])), costs.map((cost) => cpuOf(cost[than]))];
    return summarize(
      { metric, unit: 'CPU µs', better: 'lower', values, limits, aim: { of: 'ratio', value: COST_AIM } },
      { bench: 'fanout', ...about, params: { ...params, ...about.params }, cpuUs },
    );
  };
  return [
    line('cost_of_members', 'manyMembers', 'fewMembers', { members: Math.max(...SIZES), than: FEW_MEMBERS }),
    line('cost_of_groups', 'manyGroups', 'fewGroups', { groups: MANY_GROUPS, than: FEW_GROUPS, members: FEW_MEMBERS }),
  ];
}
