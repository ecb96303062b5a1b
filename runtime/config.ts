// Settings, and where each came from. A setting has one schema, which reads text, and may be given as an option (--hold-ms 0), in the
// environment (PARLEY_HOLD_MS=0) or in a JSON file ({"holdMs": 0}); the first of these counts. Nothing else reads the environment.
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import { expected } from './expected.ts';

/** Schemas by setting name, in camel case. Their descriptions are the lines of `--help`; `.meta({flag: true})` makes one an option without value. */
export type SettingsShape = Readonly<Record<string, z.ZodType>>;
export type Settings<S extends SettingsShape> = { readonly [K in keyof S]: z.output<S[K]> };

/** A setting that stops the start. The message names it, where it came from and what it should be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** `--help` was asked for and is printed. */
export class HelpShown extends Error {
  override readonly name = 'HelpShown';
}

type Given = { readonly text: string; readonly source: string };

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`);
const variableOf = (name: string): string => `PARLEY_${snake(name).toUpperCase()}`;
/** How a setting is called on a command line. */
export const optionOf = (name: string): string => `--${snake(name).toLowerCase().replaceAll('_', '-')}`;
const isFlag = (schema: z.ZodType): boolean => schema.meta()?.flag === true;

/**
 * Reads settings for a program. `argv` without node and script. The JSON file is named by --config or PARLEY_CONFIG.
 * Throws ConfigError for the first wrong, unknown or unreadable one, HelpShown after --help.
 */
export function readSettings<S extends SettingsShape>(
  program: { readonly name: string; readonly description: string },
  shape: S,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Settings<S> {
  const options = readOptions(program, shape, argv);
  const file = options.config ?? environment.PARLEY_CONFIG;
  const fromFile = file === undefined ? {} : readFile(String(file), shape);
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const given = pick(name, options, environment, fromFile);
    const parsed = schema.safeParse(given?.text);
    const empty = typeof parsed.data === 'number' && given?.text.trim() === ''; // which Number() reads as 0
    if (!parsed.success || empty) {
      const problem = expected(schema, parsed.error?.issues.map(({ message }) => message) ?? []);
      const source = given ? `${JSON.stringify(given.text)} ${given.source}` : 'missing';
      throw new ConfigError(`The setting ${name} (${optionOf(name)}) is ${source}: ${problem}.`);
    }
    values[name] = parsed.data;
  }
  return values as Settings<S>; // one parsed value for each schema of S
}

function pick(
  name: string,
  options: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  fromFile: Readonly<Record<string, Given>>,
): Given | undefined {
  const option = options[name];
  if (option !== undefined) return { text: String(option), source: `from the option ${optionOf(name)}` };
  const variable = environment[variableOf(name)]; // empty is absent: that is how compose files pass on what is not set
  if (variable) return { text: variable, source: `from the environment variable ${variableOf(name)}` };
  return fromFile[name];
}

function readOptions(
  program: { readonly name: string; readonly description: string },
  shape: SettingsShape,
  argv: readonly string[],
): Readonly<Record<string, unknown>> {
  const command = new Command(program.name).description(program.description);
  command.exitOverride().configureOutput({ writeErr: () => {} });
  command.addOption(new Option('--config <file>', 'a JSON file with settings, named as here but in camel case'));
  for (const [name, schema] of Object.entries(shape)) {
    const initial = schema.safeParse(undefined);
    const suffix =
      initial.success && initial.data !== undefined && initial.data !== '' ? ` (default: ${initial.data})` : '';
    const flags = isFlag(schema) ? optionOf(name) : `${optionOf(name)} <value>`;
    command.addOption(new Option(flags, `${schema.description ?? ''}${suffix}`));
  }
  command.addHelpText('after', '\nEvery option is also an environment variable: --hold-ms is PARLEY_HOLD_MS.');
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpShown();
    const problem = error.message
      .replace(/^error: /, '')
      .replaceAll('\n', ' ')
      .replace(/\.$/, '');
    throw new ConfigError(`${problem}. Run with --help to see every option.`);
  }
  return command.opts();
}

function readFile(file: string, shape: SettingsShape): Readonly<Record<string, Given>> {
  let values: unknown;
  try {
    values = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(
      `The settings file ${file} cannot be read: ${error instanceof Error ? error.message : error}.`,
    );
  }
  const parsed = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).safeParse(values);
  if (!parsed.success) {
    throw new ConfigError(`The settings file ${file} must hold one JSON object of texts, numbers and booleans.`);
  }
  const unknown = Object.keys(parsed.data).find((name) => !Object.hasOwn(shape, name));
  if (unknown !== undefined) throw new ConfigError(`The settings file ${file} has an unknown setting ${unknown}.`);
  return Object.fromEntries(
    Object.entries(parsed.data).map(([name, value]) => [
      name,
      { text: String(value), source: `from the file ${file}` },
    ]),
  );
}
