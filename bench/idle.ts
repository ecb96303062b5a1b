// idle: what a receiving session costs in the server's memory while nothing happens. 8,000 devices of 250 people; the first sessions
// only warm the server up, so that its compiled code and caches are not counted as theirs.
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchOptions } from './options.ts';
import { signUpAll } from './people.ts';
import { type Subject, startServer, withData } from './processes.ts';
import { type ResultLine, summarize } from './result.ts';
import { makeSeats, takeSeats } from './sessions.ts';
import { NO_FAULTS } from './tally.ts';

/** Memory hardly differs from run to run, and opening 8,000 sessions takes its time. */
const DEFAULT_RUNS = 1;
const PEOPLE = 250;
const DEVICES_EACH = 32;
const SESSIONS = PEOPLE * DEVICES_EACH;
const WARM_UP_SESSIONS = 320;
const AT_ONCE = 32;
const COLLECTIONS = 3;
/** A collection of some 100 MB takes a fraction of this; the kernel then has the pages back. */
const COLLECTION_MS = 700;
const BYTES_PER_KB = 1_000;

const COLLECT = ['--expose-gc', '--import', new URL('./collect-garbage.ts', import.meta.url).href];

async function settledBytes(server: Subject): Promise<number> {
  for (let done = 0; done < COLLECTIONS; done++) {
    server.signal('SIGUSR2');
    await delay(COLLECTION_MS);
  }
  return server.rssBytes;
}

type Run = { readonly kbPerSession: number; readonly rssMb: number };

/** The line of kb_per_connection. The accounts are made once; each run is a fresh server on their data. */
export function idle({ runs = DEFAULT_RUNS, nodeOptions }: BenchOptions): Promise<ResultLine[]> {
  const { people, seats } = makeSeats(PEOPLE + WARM_UP_SESSIONS / DEVICES_EACH, DEVICES_EACH);
  return withData(async (data) => {
    const maker = await startServer(data);
    await signUpAll(maker.url, people);
    await maker.end();
    const results: Run[] = [];
    for (let run = 0; run < runs; run++) {
      const server = await startServer(data, [...COLLECT, ...nodeOptions]);
      const first = await takeSeats(server.url, seats.slice(SESSIONS), AT_ONCE);
      const before = await settledBytes(server);
      const wires = await takeSeats(server.url, seats.slice(0, SESSIONS), AT_ONCE);
      const after = await settledBytes(server);
      results.push({ kbPerSession: (after - before) / SESSIONS / BYTES_PER_KB, rssMb: Math.round(after / 1_000_000) });
      for (const wire of [...first, ...wires]) wire.close();
      await server.end();
    }
    const line = summarize(
      {
        metric: 'kb_per_connection',
        unit: 'kB',
        better: 'lower',
        values: results.map(({ kbPerSession }) => kbPerSession),
        aim: { of: 'value', value: 12 },
      },
      {
        bench: 'idle',
        mode: 'embedded',
        params: { sessions: SESSIONS, people: PEOPLE },
        cpuUs: {},
        rssMb: { server: Math.max(...results.map(({ rssMb }) => rssMb)) },
        faults: NO_FAULTS,
      },
    );
    return [line];
  });
}
