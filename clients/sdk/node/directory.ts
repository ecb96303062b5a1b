// The directory of a profile, made one level at a time. Not by `mkdir` with `recursive`: below a directory that takes nothing (/proc),
// Node 24 tries that for ever.
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const PRIVATE = 0o700;

/** Makes a directory that only its owner may enter, and those above it, where they are missing. Throws as the file system does. */
export function makeDirectory(directory: string): void {
  if (isDirectory(directory)) return;
  if (dirname(directory) !== directory) makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: PRIVATE });
    chmodSync(directory, PRIVATE);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isDirectory(directory)) throw error;
  }
}

/** Throws (ENOTDIR) where this is a file, or lies below one; what is missing may become a directory yet. */
export function mustBeDirectory(directory: string): void {
  for (let path = directory; !isDirectory(path) && dirname(path) !== path; path = dirname(path));
}

function isDirectory(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) {
    throw Object.assign(new Error(`${path} is no directory.`), { code: 'ENOTDIR', syscall: 'stat' });
  }
  return found !== undefined;
}
