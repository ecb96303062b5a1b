// Runs the rules of .dependency-cruiser.js over a tree of files, for the boundary tests: over this one, and over small
// ones that break a rule on purpose.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ICruiseResult } from 'dependency-cruiser';

export const ROOT = join(import.meta.dirname, '..');

const FOLDERS = ['protocol', 'runtime', 'services', 'clients', 'operating', 'bench', 'demo', 'test'];
const RESULT_MAX_BYTES = 256 * 1024 * 1024;

/**
 * Cruises the product's folders below `directory`, as many as there are.
 * `modules` is what was seen: 0 means that the cruiser could not read TypeScript, not that all is well.
 * `violations` has a line for each: the rule, the importing file, what it imports.
 */
export async function cruise(directory: string): Promise<{ modules: number; violations: string[] }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      ...['--config', join(ROOT, '.dependency-cruiser.js')],
      ...['--output-type', 'json'],
      ...FOLDERS.filter((folder) => existsSync(join(directory, folder))),
    ],
    { cwd: directory, maxBuffer: RESULT_MAX_BYTES },
  );
  // The cruiser's own description of what it prints.
  const { summary } = JSON.parse(stdout) as ICruiseResult;
  return {
    modules: summary.totalCruised,
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  };
}
