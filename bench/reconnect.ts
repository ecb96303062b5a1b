// reconnect: 2,000 people are connected, the server dies (kill -9) and is started again, and all come back at once. Of several processes
// the gateway dies. Counted from when the new one is ready until the last of them is `synced`. No back-off: it would be measured instead.
import { type BenchOptions, DEFAULT_RUNS } from './options.ts';
import { signUpAll } from './people.ts';
import { withPlace } from './places.ts';
import { type Mode, type ResultLine, summarize } from './result.ts';
import { makeSeats, takeSeats } from './sessions.ts';
import { NO_FAULTS } from './tally.ts';
import { cpuUsOf, medians, type PerProcess, usedForEach } from './usage.ts';

const SESSIONS = 2_000;
const DIVE_IN_AT_ONCE = 64;
/** Distributed, each of them is attached over the broker. */
const AIM_S: Readonly<Record<Mode, number>> = { embedded: 2, distributed: 5 };

type Run = { readonly seconds: number; readonly cpuUs: PerProcess; readonly peakMb: PerProcess };

/** The line of reconnect_s. The accounts are made once; the runs follow each other on their data. */
export function reconnect({ mode, runs = DEFAULT_RUNS, start }: BenchOptions): Promise<ResultLine[]> {
  const { people, seats } = makeSeats(SESSIONS, 1);
  return withPlace(mode, async (place) => {
    let server = await place.start(start);
    await signUpAll(server.url, people);
    let wires = await takeSeats(server.url, seats, DIVE_IN_AT_ONCE);
    const results: Run[] = [];
    for (let run = 0; run < runs; run++) {
      for (const wire of wires) wire.onClose = () => {};
      server = await place.crash(server, start);
      const used = (): PerProcess => ({ ...server.cpuUs, generator: cpuUsOf(process.pid) });
      const before = used();
      const began = performance.now();
      wires = await takeSeats(server.url, seats, SESSIONS);
      results.push({
        seconds: (performance.now() - began) / 1_000,
        cpuUs: usedForEach(before, used(), SESSIONS),
        peakMb: server.peakMb,
      });
    }
    for (const wire of wires) wire.close();
    await server.end();
    const line = summarize(
      {
        metric: 'reconnect_s',
        unit: 's',
        better: 'lower',
        values: results.map(({ seconds }) => seconds),
        aim: { of: 'value', value: AIM_S[mode] },
      },
      {
        bench: 'reconnect',
        mode,
        params: { sessions: SESSIONS, people: SESSIONS, ...place.params },
        cpuUs: medians(results.map(({ cpuUs }) => cpuUs)),
        rssMb: medians(results.map(({ peakMb }) => peakMb)),
        faults: NO_FAULTS,
      },
    );
    return [line];
  });
}
