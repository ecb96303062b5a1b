// A secret that a setting names a file for, as systems that keep secrets give them.
import { readFileSync } from 'node:fs';
import { ConfigError } from '#runtime/config.ts';

/** The text of the file, without white space around it. Throws ConfigError, which names the setting, if it cannot be read or is empty. */
export function readSecretFile(setting: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The setting ${setting}: ${reason}`);
  }
  if (text === '') throw new ConfigError(`The setting ${setting}: ${file} is empty.`);
  return text;
}
