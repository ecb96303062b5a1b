// `npm run bench -- NAME`: measures what the documents claim. Each benchmark starts its own servers and ends them.
import { parseArgs } from 'node:util';
import { deliverySettings } from '../services/delivery/config.ts';
import { missing } from './distributed.ts';
import { fanout } from './fanout.ts';
import { files } from './files.ts';
import { missingHaproxy } from './haproxy.ts';
import { history } from './history.ts';
import { idle } from './idle.ts';
import { offline } from './offline.ts';
import type { BenchOptions } from './options.ts';
import { pairs } from './pairs.ts';
import { removePlaces } from './places.ts';
import { reconnect } from './reconnect.ts';
import { MODES, type Mode, type ResultLine, type SkippedLine, table } from './result.ts';
import { scale } from './scale.ts';
import { seal } from './seal.ts';

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<ResultLine[]>>> = {
  pairs,
  fanout,
  offline,
  idle,
  reconnect,
  scale,
  history,
  seal,
  files,
};
const USAGE = `npm run bench -- NAME [--mode ${MODES.join('|')}] [--runs N] [--seconds S] [--size-mib MIB] [--hold-ms MS] [--json]
NAME: ${Object.keys(BENCHES).join(', ')}. Without --mode both. --hold-ms may be repeated: one measurement for each.
--server-node=OPTION (repeatable) is for the Node of the servers, such as --server-node=--cpu-prof.
scale needs haproxy on the PATH. distributed needs RabbitMQ, MongoDB and NATS: PARLEY_TEST_AMQP_URL, PARLEY_TEST_MONGO_URL, PARLEY_TEST_NATS_URL.`;
const WITHOUT_SERVER = ['history', 'seal'];
const INTERRUPTED = 130;

// So that nothing of it is left: no server, no queue, no database.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void removePlaces().finally(() => process.exit(INTERRUPTED)));
}
process.once('uncaughtException', (error) => {
  process.stderr.write(`${error.stack}\n`);
  void removePlaces().finally(() => process.exit(1));
});
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const given = readArguments(args);
  if (!given) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const { name, bench, modes, holds, options, json } = given;
  let faulty = false;
  for (const mode of modes) {
    const skipped = reasonToSkip(name, mode);
    if (skipped !== undefined) {
      const line: SkippedLine = { bench: name, mode, skipped };
      console.log(json ? JSON.stringify(line) : `${name} (${mode}) skipped: ${skipped}`);
      continue;
    }
    for (const holdMs of holds) {
      const lines = await bench({ ...options, mode, start: { ...options.start, holdMs } });
      faulty ||= lines.some(({ lost, duplicated, misordered }) => lost + duplicated + misordered > 0);
      console.log(json ? lines.map((line) => JSON.stringify(line)).join('\n') : table(lines));
    }
  }
  return faulty ? 1 : 0;
}

function reasonToSkip(name: string, mode: Mode): string | undefined {
  if (WITHOUT_SERVER.includes(name)) return mode === 'distributed' ? 'no server takes part: see embedded' : undefined;
  if (mode === 'distributed') return missing(process.env) ?? (name === 'scale' ? missingHaproxy() : undefined);
  return name === 'scale' ? 'all services are one process' : undefined;
}

function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        mode: { type: 'string' },
        runs: { type: 'string' },
        seconds: { type: 'string' },
        'size-mib': { type: 'string' },
        'hold-ms': { type: 'string', multiple: true },
        json: { type: 'boolean' },
        'server-node': { type: 'string', multiple: true },
      },
    });
    const [name = ''] = positionals;
    const bench = BENCHES[name];
    const runs = values.runs === undefined ? undefined : Number(values.runs);
    const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
    const sizeMib = values['size-mib'] === undefined ? undefined : Number(values['size-mib']);
    const holds = (values['hold-ms'] ?? [undefined]).map((text) => deliverySettings.holdMs.parse(text));
    const modes = MODES.filter((mode: Mode) => values.mode === undefined || values.mode === mode);
    const wrong =
      (runs !== undefined && (!Number.isInteger(runs) || runs < 1)) ||
      (seconds !== undefined && !(seconds > 0)) ||
      (sizeMib !== undefined && (!Number.isInteger(sizeMib) || sizeMib < 1)) ||
      modes.length === 0;
    if (!bench || positionals.length !== 1 || wrong) return undefined;
    const options = { runs, seconds, sizeMib, start: { nodeOptions: values['server-node'] ?? [] } };
    return { name, bench, modes, holds, options, json: values.json ?? false };
  } catch {
    return undefined; // an option that there is not, or a value that none can have: the usage says which there are
  }
}
