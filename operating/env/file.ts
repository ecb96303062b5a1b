// The file itself: made once, for its owner alone; later only what it lacks is added to it.
import { closeSync, fchmodSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError } from '#runtime/config.ts';
import { StartError } from '#runtime/start-error.ts';

const OWNER_ALONE = 0o600;
const HEAD = `# Of this deployment alone, made by "npm run env". Whoever reads it can read and change everything on this server, except messages.
# A copy belongs to every backup: without PARLEY_OPAQUE_SETUP nobody can sign in any more.
# RabbitMQ and MongoDB keep the password that their volumes were made with: to change it here alone locks the services out.
`;

/**
 * Writes those of `values` that the file lacks, `given` before them; returns a sentence about what was done. Throws ConfigError if the file
 * has another value than one that is given, StartError if it cannot be read or written.
 */
export function completeFile(
  file: string,
  values: ReadonlyMap<string, string>,
  given: ReadonlyMap<string, string>,
): string {
  const before = read(file);
  const kept = parseEnv(before ?? '');
  for (const [name, value] of given) {
    const old = kept[name];
    if (old && old !== value) {
      throw new ConfigError(`${file} is there already and has ${name}=${old}, not ${value}: change it there.`);
    }
  }
  const missing = [...values.keys()].filter((name) => !kept[name]);
  const lines = missing.map((name) => `${name}=${given.get(name) ?? values.get(name)}\n`).join('');
  if (before === undefined) {
    write(file, `${HEAD}${lines}`, 'wx');
    return `${file} is written, for your eyes only. Next: docker compose up -d --wait`;
  }
  if (missing.length === 0) return `${file} is there already and lacks nothing: it stays as it is.`;
  write(file, `${before === '' || before.endsWith('\n') ? '' : '\n'}${lines}`, 'a');
  return `Added to ${file}, which lacked them: ${missing.join(', ')}. All else in it stays as it is.`;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new StartError(`${file} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
}

function write(file: string, text: string, flag: 'wx' | 'a'): void {
  try {
    const handle = openSync(file, flag, OWNER_ALONE);
    try {
      fchmodSync(handle, OWNER_ALONE); // also one that was there, whatever the umask, and before there is a secret in it
      writeFileSync(handle, text);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw new StartError(`${file} cannot be written: ${error instanceof Error ? error.message : error}.`);
  }
}
