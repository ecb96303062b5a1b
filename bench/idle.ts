// idle: what a receiving session costs in the server's memory while nothing happens. 8,000 devices of 250 people; the first sessions
// only warm the server up, so that its compiled code and caches are not counted as theirs.
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchOptions } from './options.ts';
import { signUpAll } from './people.ts';
import { withPlace } from './places.ts';
import { type Mode, type ResultLine, summarize } from './result.ts';
import { makeSeats, takeSeats } from './sessions.ts';
import type { Subject } from './subject.ts';
import { NO_FAULTS } from './tally.ts';
import { medians, type PerProcess, usedForEach } from './usage.ts';

/** Memory hardly differs from run to run, and opening 8,000 sessions takes its time. */
const DEFAULT_RUNS = 1;
/** Fewer over a broker, whose accounts take longer to make: a mode takes less than a minute. */
const PEOPLE: Readonly<Record<Mode, number>> = { embedded: 250, distributed: 60 };
const DEVICES_EACH = 32;
const WARM_UP_SESSIONS = 320;
const AT_ONCE = 32;
/** A collection of some 100 MB takes a fraction of this; the kernel then has the pages back. One: a process that stands still loses its partitions. */
const COLLECTION_MS = 2_000;
/** Of all services together. */
const KB_AIM = 12;
const BYTES_PER_KB = 1_000;
const BYTES_PER_MB = 1_000_000;

const COLLECT = ['--expose-gc', '--import', new URL('./collect-garbage.ts', import.meta.url).href];

async function settledBytes(server: Subject): Promise<PerProcess> {
  server.signal('SIGUSR2');
  await delay(COLLECTION_MS);
  return server.rssBytes;
}

type Run = { readonly kbPerSession: number; readonly rssMb: PerProcess };

const sum = (record: PerProcess): number => Object.values(record).reduce((total, value) => total + value, 0);

/** The line of kb_per_connection, of all services together. The accounts are made once; each run is a fresh server on their data. */
export function idle({ mode, runs = DEFAULT_RUNS, start }: BenchOptions): Promise<ResultLine[]> {
  const peopleCount = PEOPLE[mode];
  const sessions = peopleCount * DEVICES_EACH;
  const { people, seats } = makeSeats(peopleCount + WARM_UP_SESSIONS / DEVICES_EACH, DEVICES_EACH);
  return withPlace(mode, async (place) => {
    const maker = await place.start(start);
    await signUpAll(maker.url, people);
    await maker.end();
    const results: Run[] = [];
    for (let run = 0; run < runs; run++) {
      const server = await place.start({ ...start, nodeOptions: [...COLLECT, ...start.nodeOptions] });
      const first = await takeSeats(server.url, seats.slice(sessions), AT_ONCE);
      const before = await settledBytes(server);
      const wires = await takeSeats(server.url, seats.slice(0, sessions), AT_ONCE);
      const after = await settledBytes(server);
      results.push({
        kbPerSession: sum(usedForEach(before, after, sessions * BYTES_PER_KB)),
        rssMb: usedForEach({}, after, BYTES_PER_MB),
      });
      for (const wire of [...first, ...wires]) wire.close();
      await server.end();
    }
    const line = summarize(
      {
        metric: 'kb_per_connection',
        unit: 'kB',
        better: 'lower',
        values: results.map(({ kbPerSession }) => kbPerSession),
        aim: { of: 'value', value: KB_AIM },
      },
      {
        bench: 'idle',
        mode,
        params: { sessions, people: peopleCount, ...place.params },
        cpuUs: {},
        rssMb: medians(results.map(({ rssMb }) => rssMb)),
        faults: NO_FAULTS,
      },
    );
    return [line];
  });
}
