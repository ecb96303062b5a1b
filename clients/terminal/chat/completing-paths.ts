// Files and folders that a path may go on with, as it is typed: without quotation marks, which a name with blanks needs none of here.
import { readdir } from 'node:fs/promises';
import { sep } from 'node:path';
import { visible } from '../escape.ts';
import { atHome } from './typed-path.ts';

/** More than a person looks through. */
const ENTRIES_MAX = 200;

/** Whole paths; of folders with a separator behind them. `path`: absolute, of what a person means by one that they type. */
export function pathsBelow(path: (given: string) => string): (typed: string) => Promise<string[]> {
  return async (typed) => {
    const begun = /[^/\\]*$/.exec(typed)?.[0] ?? '';
    const before = typed.slice(0, typed.length - begun.length);
    const folder = path(before === '' ? '.' : atHome(before));
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    return entries
      .filter(({ name }) => name.startsWith(begun) && (begun !== '' || !name.startsWith('.')))
      .filter(({ name }) => visible(name) === name)
      .slice(0, ENTRIES_MAX)
      .map((entry) => `${before}${entry.name}${entry.isDirectory() ? sep : ''}`);
  };
}
