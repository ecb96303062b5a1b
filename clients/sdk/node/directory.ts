// The directory of a profile, made one level at a time. Not by `mkdir` with `recursive`: below a directory that takes nothing (/proc),
// Node 24 tries that for ever.
import { chmodSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const PRIVATE = 0o700;

/**
 * Makes a directory that only its owner may enter, and those above it, where they are missing. Returns those that it made, outermost first; throws
 * as the file system does, and then none stays.
 */
export function makeDirectory(directory: string): string[] {
  const made: string[] = [];
  try {
    makeMissing(directory, made);
    return made;
  } catch (error) {
    removeEmpty(made);
    throw error;
  }
}

/** Removes those of these directories that are empty, the last one first. */
export function removeEmpty(directories: readonly string[]): void {
  for (const directory of directories.toReversed()) {
    try {
      rmdirSync(directory);
    } catch {
      // Something is in it, or it is gone already: nothing to clear away.
    }
  }
}

function makeMissing(directory: string, made: string[]): void {
  if (isDirectory(directory)) return;
  if (dirname(directory) !== directory) makeMissing(dirname(directory), made);
  try {
    mkdirSync(directory, { mode: PRIVATE });
    made.push(directory);
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
