// seal: what a message to a group of 1,000 devices costs the device that writes it, before anything is sent. No server takes part. Cold: to none
// of them did it ever write, so that each costs an X25519 multiplication; warm: all further messages.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TEXT_BYTES } from './messages.ts';
import { type BenchOptions, DEFAULT_RUNS } from './options.ts';
import { type Measured, type ResultLine, summarize } from './result.ts';
import type { SealLook } from './seal-look.ts';
import { NO_FAULTS } from './tally.ts';
import { medians } from './usage.ts';

const DEVICES = 1_000;
const COLD_AIM_MS = 100;
const WARM_AIM_MS = 10;
const LOOK = fileURLToPath(new URL('./seal-look.ts', import.meta.url));

/** Lines of seal_warm and seal_cold. Each run is a process of its own, which has never sealed anything. */
export async function seal({ mode, runs = DEFAULT_RUNS }: BenchOptions): Promise<ResultLine[]> {
  const looks: SealLook[] = [];
  for (let run = 0; run < runs; run++) looks.push(await look());
  const about = {
    ...{ bench: 'seal', mode },
    params: { devices: DEVICES, textBytes: TEXT_BYTES },
    cpuUs: medians(looks.map(({ warmCpuUs, coldCpuUs }) => ({ warm: warmCpuUs, cold: coldCpuUs }))),
    rssMb: medians(looks.map(({ rssMb }) => ({ client: rssMb }))),
    faults: { ...NO_FAULTS, lost: looks.reduce((sum, { lost }) => sum + lost, 0) },
  };
  const measured: readonly Omit<Measured, 'unit' | 'better'>[] = [
    { metric: 'seal_warm', values: looks.map(({ warmMs }) => warmMs), aim: { of: 'value', value: WARM_AIM_MS } },
    { metric: 'seal_cold', values: looks.map(({ coldMs }) => coldMs), aim: { of: 'value', value: COLD_AIM_MS } },
  ];
  return measured.map((one) => summarize({ unit: 'ms', better: 'lower', ...one }, about));
}

async function look(): Promise<SealLook> {
  const { stdout } = await promisify(execFile)(process.execPath, [LOOK, String(DEVICES)]);
  return JSON.parse(stdout) as SealLook; // written by seal-look.ts
}
