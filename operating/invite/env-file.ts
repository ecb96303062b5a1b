// The .env of a stack that runs with compose: who invites stands in its folder, and the key is in there.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { StartError } from '#runtime/start-error.ts';

/** Its variables, none where there is no such file. Throws StartError if it cannot be read. */
export function variablesIn(file: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`${file} cannot be read: ${reason}. Be the user whom it belongs to.`);
  }
}
