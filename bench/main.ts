// `npm run bench -- NAME`: measures what the documents claim. Each benchmark starts its own servers and ends them.
import { parseArgs } from 'node:util';
import { idle } from './idle.ts';
import { offline } from './offline.ts';
import type { BenchOptions } from './options.ts';
import { pairs } from './pairs.ts';
import { reconnect } from './reconnect.ts';
import { MODES, type Mode, type ResultLine, type SkippedLine, table } from './result.ts';

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<ResultLine[]>>> = {
  pairs,
  offline,
  idle,
  reconnect,
};
const USAGE = `npm run bench -- NAME [--mode ${MODES.join('|')}] [--runs N] [--seconds S] [--json]
NAME: ${Object.keys(BENCHES).join(', ')}. Without --mode both; --server-node OPTION (repeatable) is for Node, such as --cpu-prof.`;

// So that the servers under test end with it (processes.ts).
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const given = readArguments(args);
  if (!given) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  let faulty = false;
  for (const mode of given.modes) {
    if (mode === 'distributed') {
      const missing = process.env.PARLEY_TEST_AMQP_URL
        ? 'the services do not run apart yet'
        : 'PARLEY_TEST_AMQP_URL is not set';
      const line: SkippedLine = { bench: given.name, mode, skipped: missing };
      console.log(given.json ? JSON.stringify(line) : `${line.bench} (${mode}) skipped: ${line.skipped}`);
      continue;
    }
    const lines = await given.bench(given.options);
    faulty ||= lines.some(({ lost, duplicated, misordered }) => lost + duplicated + misordered > 0);
    console.log(given.json ? lines.map((line) => JSON.stringify(line)).join('\n') : table(lines));
  }
  return faulty ? 1 : 0;
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
        json: { type: 'boolean' },
        'server-node': { type: 'string', multiple: true },
      },
    });
    const [name = ''] = positionals;
    const bench = BENCHES[name];
    const runs = values.runs === undefined ? undefined : Number(values.runs);
    const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
    const modes = MODES.filter((mode: Mode) => values.mode === undefined || values.mode === mode);
    const wrong =
      (runs !== undefined && (!Number.isInteger(runs) || runs < 1)) ||
      (seconds !== undefined && !(seconds > 0)) ||
      modes.length === 0;
    if (!bench || positionals.length !== 1 || wrong) return undefined;
    const options: BenchOptions = { runs, seconds, nodeOptions: values['server-node'] ?? [] };
    return { name, bench, modes, options, json: values.json ?? false };
  } catch {
    return undefined; // an option that there is not: the usage says which there are
  }
}
