// How much room is left on a disk.
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { MIB } from '#protocol/limits.ts';
import { about, type Finding } from './finding.ts';

const GIB = 1024 * MIB;
/** Room for less than this beyond the reserve is gone in days of a busy server. */
const ADVISED_BYTES = 2 * GIB;

/** `what`: whose disk, as `the data folder`. `reserveBytes`: below it messages are refused. */
export function diskFinding(what: string, freeBytes: number, reserveBytes: number): Finding {
  const it = about('disk');
  const says = `The disk of ${what} has ${sizeOf(freeBytes)} left`;
  const todo = `Make room on it, or move ${what} to a larger one.`;
  if (freeBytes < reserveBytes) {
    return it.problem(`${says}, below the reserve of ${sizeOf(reserveBytes)}: messages are refused.`, todo);
  }
  return freeBytes < reserveBytes + ADVISED_BYTES ? it.warning(`${says}.`, todo) : it.ok(`${says}.`);
}

/** What an unprivileged process may still write where that folder is, or would be. Throws the operating system's error. */
export async function freeBytesAt(folder: string): Promise<{ readonly bytes: number; readonly files: number }> {
  let there = resolve(folder);
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  const { bavail, bsize, ffree, files } = await statfs(there);
  return { bytes: bavail * bsize, files: files === 0 ? Number.POSITIVE_INFINITY : ffree }; // some file systems count no files
}

/** For people. */
export function sizeOf(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.floor(bytes / MIB)} MiB`;
}
