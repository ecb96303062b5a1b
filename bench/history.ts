// history: what a long history costs the device that has it: to open the profile, to find a text in all of it, to see the last page, and what the
// packs that are searched (clients/sdk/profile/packs.ts) add to each message. No server takes part. The limit of a search is to look for the
// same text in the same texts, folded already, in a file that is not encrypted; that of an append is a message that no search looks into.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeStretch } from '../clients/sdk/node/stretch.ts';
import { STRETCH_COST } from '../clients/sdk/profile/key.ts';
import type { Look, Metric } from './history-look.ts';
import { makeHistory } from './history-profile.ts';
import { type BenchOptions, DEFAULT_RUNS } from './options.ts';
import { type Aim, type Measured, type ResultLine, summarize } from './result.ts';
import { NO_FAULTS } from './tally.ts';

const MESSAGES = 100_000;
const BYTES_PER_MB = 1_000_000;
const AIM: Aim = { of: 'value', value: 300 };
const LOOK = fileURLToPath(new URL('./history-look.ts', import.meta.url));

/** Lines of open, search and append. Each run is a process of its own that has never seen the profile; the system has its file in memory. */
export async function history({ mode, runs = DEFAULT_RUNS }: BenchOptions): Promise<ResultLine[]> {
  const place = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const [directory, plainFile] = [join(place, 'profile'), join(place, 'plain')];
  // Also when it is interrupted.
  const remove = () => rmSync(place, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    await makeHistory(directory, plainFile, MESSAGES);
    const looks: Look[] = [];
    const unlocks: number[] = [];
    for (let run = 0; run < runs; run++) {
      looks.push(await look(directory, plainFile, run));
      unlocks.push(await unlock());
    }
    const of = (metric: Metric) => looks.map(({ ms }) => ms[metric]);
    const plain = looks.map(({ plainMs }) => plainMs);
    const measured: readonly Omit<Measured, 'unit' | 'better'>[] = [
      { metric: 'open_cold', values: of('open_cold'), aim: AIM },
      { metric: 'last_page', values: of('last_page') },
      { metric: 'search_cold', values: of('search_cold'), limits: plain, aim: AIM },
      { metric: 'search_warm', values: of('search_warm'), limits: plain, aim: AIM },
      { metric: 'search_common', values: of('search_common') },
      { metric: 'append', values: of('append'), limits: of('append_unsearched') },
      { metric: 'append_64', values: of('append_64'), limits: of('append_64_unsearched') },
      { metric: 'stretch', values: unlocks },
    ];
    const about = {
      ...{ bench: 'history', mode, cpuUs: {} },
      params: {
        messages: MESSAGES,
        profileMb: megabytes(join(directory, 'profile.db')),
        textsMb: megabytes(plainFile),
      },
      rssMb: { client: Math.round(Math.max(...looks.map(({ rssMb }) => rssMb))) },
      faults: { ...NO_FAULTS, lost: looks.reduce((lost, one) => lost + one.lost, 0) },
    };
    return measured.map((one) => summarize({ unit: 'ms', better: 'lower', ...one }, about));
  } finally {
    process.off('exit', remove);
    remove();
  }
}

async function look(directory: string, plainFile: string, run: number): Promise<Look> {
  const args = [LOOK, directory, plainFile, String(MESSAGES), `run ${run}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Look; // written by history-look.ts
}

/** What opening takes on top, on purpose: the password, stretched as a real profile has it. */
async function unlock(): Promise<number> {
  const start = performance.now();
  await nodeStretch(new Uint8Array(20), new Uint8Array(16), STRETCH_COST);
  return performance.now() - start;
}

function megabytes(file: string): number {
  return Math.round(statSync(file).size / BYTES_PER_MB);
}
