// files: what it takes to bring a file from one device's disk to another's: sealed, uploaded in parts that are durable when they are answered, described by a
// message, downloaded, opened and checked. Sender, recipient and server are processes of their own. The limit is the same bytes through a plain
// HTTP server that syncs once, at the end. Beside it what the SDK's cipher does in memory, with nothing else: more than that nobody can ask for.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MIB } from '#protocol/limits.ts';
import { sealedBytes } from '#protocol/sealed-file.ts';
import type { CipherLook } from './files-cipher-look.ts';
import { type Carried, carryPlain, carryProduct } from './files-run.ts';
import { makeFile } from './files-source.ts';
import { type BenchOptions, DEFAULT_RUNS } from './options.ts';
import { type Aim, type Measured, type ResultLine, summarize } from './result.ts';
import { median } from './statistics.ts';
import { NO_FAULTS } from './tally.ts';
import { medians, type PerProcess } from './usage.ts';

const DEFAULT_SIZE_MIB = 64;
const BYTES_PER_MB = 1_000_000;
/** Half of the limit, or all that the cipher gives, whichever is less. */
const RATIO_AIM = 0.5;
const CIPHER_LOOK = fileURLToPath(new URL('./files-cipher-look.ts', import.meta.url));

/** Lines of upload and download, seal and open, all in MB of the file a second. */
export async function files({
  mode,
  runs = DEFAULT_RUNS,
  sizeMib = DEFAULT_SIZE_MIB,
  start,
}: BenchOptions): Promise<ResultLine[]> {
  const place = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  // Also when it is interrupted.
  const remove = () => rmSync(place, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const size = sizeMib * MIB;
    const file = await makeFile(join(place, 'file.bin'), size);
    const products: (Carried & { readonly params: ResultLine['params'] })[] = [];
    const limits: Carried[] = [];
    const ciphers: CipherLook[] = [];
    for (let run = 0; run < runs; run++) {
      const settings = ['--file-quota-mib', String(2 * sizeMib + 1), ...(start.settings ?? [])];
      products.push(await carryProduct(mode, file, join(place, `product${run}`), { ...start, settings }));
      limits.push(await carryPlain(file, join(place, `plain${run}`)));
      ciphers.push(await lookAtCipher());
    }
    const rate = (ms: number) => size / BYTES_PER_MB / (ms / 1_000);
    const of = (all: readonly Carried[], way: 'uploadMs' | 'downloadMs') => all.map((one) => rate(one[way]));
    const seal = ciphers.map(({ sealMbS }) => sealMbS);
    const open = ciphers.map(({ openMbS }) => openMbS);
    const both = (look: (one: Carried) => PerProcess) => ({
      ...medians(products.map(look)),
      ...medians(limits.map(look)),
    });
    const about = {
      ...{ bench: 'files', mode, cpuUs: both(({ cpuUs }) => cpuUs), rssMb: both(({ peakMb }) => peakMb) },
      params: { sizeMib, sealedBytes: sealedBytes(size), cpuOf: 'the whole file', ...products[0]?.params },
      faults: { ...NO_FAULTS, lost: [...products, ...limits].filter(({ same }) => !same).length },
    };
    const plain = { upload: of(limits, 'uploadMs'), download: of(limits, 'downloadMs') };
    const measured: readonly Omit<Measured, 'unit' | 'better'>[] = [
      {
        metric: 'upload',
        values: of(products, 'uploadMs'),
        limits: plain.upload,
        aim: aimOf(plain.upload, seal),
      },
      {
        metric: 'download',
        values: of(products, 'downloadMs'),
        limits: plain.download,
        aim: aimOf(plain.download, open),
      },
      { metric: 'seal', values: seal },
      { metric: 'open', values: open },
    ];
    return measured.map((one) => summarize({ unit: 'MB/s', better: 'higher', ...one }, about));
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** As a value where the cipher is what bounds it: a ratio to the limit would say nothing then. */
function aimOf(limits: readonly number[], cipher: readonly number[]): Aim {
  const slowest = median(cipher);
  return slowest < RATIO_AIM * median(limits)
    ? { of: 'value', value: Math.round(slowest) }
    : { of: 'ratio', value: RATIO_AIM };
}

async function lookAtCipher(): Promise<CipherLook> {
  const { stdout } = await promisify(execFile)(process.execPath, [CIPHER_LOOK]);
  return JSON.parse(stdout) as CipherLook; // written by files-cipher-look.ts
}
