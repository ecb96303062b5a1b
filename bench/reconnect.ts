// reconnect: 2,000 people are connected, the server dies (kill -9) and is started again, and all come back at once. Counted from the
// first line of the new server until the last of them is `synced`. No back-off: it would be measured instead of the server.
import { type BenchOptions, DEFAULT_RUNS } from './options.ts';
import { signUpAll } from './people.ts';
import { cpuUsOf, startServer, withData } from './processes.ts';
import { type ResultLine, summarize } from './result.ts';
import { makeSeats, takeSeats } from './sessions.ts';
import { median, significant } from './statistics.ts';
import { NO_FAULTS } from './tally.ts';

const SESSIONS = 2_000;
const DIVE_IN_AT_ONCE = 64;

type Run = {
  readonly seconds: number;
  readonly cpuUs: number;
  readonly generatorCpuUs: number;
  readonly peakMb: number;
};

/** The line of reconnect_s. The accounts are made once; the runs follow each other on their data. */
export function reconnect({ runs = DEFAULT_RUNS, nodeOptions }: BenchOptions): Promise<ResultLine[]> {
  const { people, seats } = makeSeats(SESSIONS, 1);
  return withData(async (data) => {
    let server = await startServer(data);
    await signUpAll(server.url, people);
    let wires = await takeSeats(server.url, seats, DIVE_IN_AT_ONCE);
    const results: Run[] = [];
    for (let run = 0; run < runs; run++) {
      for (const wire of wires) wire.onClose = () => {};
      await server.end('SIGKILL');
      server = await startServer(data, nodeOptions);
      const before = { server: server.cpuUs, generator: cpuUsOf(process.pid) };
      const began = performance.now();
      wires = await takeSeats(server.url, seats, SESSIONS);
      results.push({
        seconds: (performance.now() - began) / 1_000,
        cpuUs: (server.cpuUs - before.server) / SESSIONS,
        generatorCpuUs: (cpuUsOf(process.pid) - before.generator) / SESSIONS,
        peakMb: server.peakMb,
      });
    }
    for (const wire of wires) wire.close();
    await server.end();
    const middle = (field: keyof Run): number => significant(median(results.map((run) => run[field])), 3);
    const line = summarize(
      {
        metric: 'reconnect_s',
        unit: 's',
        better: 'lower',
        values: results.map(({ seconds }) => seconds),
        aim: { of: 'value', value: 2 },
      },
      {
        bench: 'reconnect',
        mode: 'embedded',
        params: { sessions: SESSIONS, people: SESSIONS },
        cpuUs: { server: middle('cpuUs'), generator: middle('generatorCpuUs') },
        rssMb: { server: middle('peakMb') },
        faults: NO_FAULTS,
      },
    );
    return [line];
  });
}
