// What the person set, by options and by the environment: read here and nowhere else.
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { isatty } from 'node:tty';
import { createSupportsTerminalGraphics } from 'supports-terminal-graphics';
import { DEVICE_NAME_MAX_CHARS, isDeviceName } from '../sdk/index.ts';
import { usageError } from './exit.ts';
import { type ImageSettings, imageSettings, WAYS, type Way } from './images/way.ts';

/** What stands before each command where it is typed. */
export const PROGRAM = 'npm run -s parley --';
/** The scripts of package.json that start this program. */
const NPM_SCRIPTS: readonly (string | undefined)[] = ['parley', 'chat'];
/** What a shell takes as it stands. */
const PLAIN_WORD = /^[\w@%+=:,./~-]+$/;

/** Where `npm start` listens. */
export const SERVER_DEFAULT = 'ws://127.0.0.1:7070';

/** Options that every command has, as given. */
export type GlobalOptions = {
  readonly server?: readonly string[];
  readonly profile?: string;
  readonly passwordFile?: string;
  readonly json?: boolean;
};

export type Settings = {
  /** Absolute. */
  readonly profile: string;
  /** As typed; undefined where it is not by option. */
  readonly profileOption: string | undefined;
  /** As given by option or environment, in this order; empty: those that the profile remembers. */
  readonly servers: readonly string[];
  /** Absolute path. */
  readonly passwordFile: string | undefined;
  readonly password: string | undefined;
  readonly newPassword: string | undefined;
  /** What this device is called, unless its person says otherwise. */
  readonly deviceName: string;
  readonly json: boolean;
  readonly colour: boolean;
  /** Whether a line can be edited on a terminal that is there for input and output. */
  readonly cursor: boolean;
  /** Whether standard error is a terminal that can write a line anew. */
  readonly progress: boolean;
  /** How standard output shows an image. */
  readonly images: ImageSettings;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** Options count before the environment. Throws a usage error for an address that is no ws:// or wss:// one. */
export function readConfig(options: GlobalOptions, environment: Environment): Settings {
  const profile = options.profile ?? environment.PARLEY_PROFILE;
  const { passwordFile, json = false } = options;
  const colour = isatty(1) && !environment.NO_COLOR && environment.TERM !== 'dumb';
  const fromEnvironment = (environment.PARLEY_SERVER ?? '').split(/[\s,]+/).filter((part) => part !== '');
  return {
    profile: profile ? personsPath(profile, environment) : join(homedir(), '.parley'),
    profileOption: options.profile,
    servers: (options.server ?? fromEnvironment).map(serverUrl),
    passwordFile: passwordFile === undefined ? undefined : personsPath(passwordFile, environment),
    // Empty is absent: that is how a variable is unset for one command.
    password: environment.PARLEY_PASSWORD || undefined,
    newPassword: environment.PARLEY_NEW_PASSWORD || undefined,
    deviceName: deviceName(environment.PARLEY_DEVICE_NAME || hostname()),
    json,
    colour,
    progress: isatty(2) && environment.TERM !== 'dumb',
    cursor: isatty(0) && isatty(1) && environment.TERM !== 'dumb',
    images: imageSettings(environment, {
      supported: createSupportsTerminalGraphics(process.stdout),
      colourBits: colour ? process.stdout.getColorDepth(environment) : 1,
      wished: wayOf(environment.PARLEY_IMAGES || undefined),
    }),
  };
}

function wayOf(given: string | undefined): Way | undefined {
  const way = WAYS.find((one) => one === given);
  if (given !== undefined && way === undefined) {
    throw usageError(`PARLEY_IMAGES is ${given}. Set one of ${WAYS.join(', ')}, or unset it.`);
  }
  return way;
}

function deviceName(given: string): string {
  const name = given.slice(0, DEVICE_NAME_MAX_CHARS);
  return isDeviceName(name) ? name : 'a device';
}

/** A further command of the same profile, complete as it is to be typed. */
export function commandLine({ profileOption }: Pick<Settings, 'profileOption'>, command: string): string {
  const quoted = (word: string) => (PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
  return `${PROGRAM} ${command}${profileOption === undefined ? '' : ` --profile ${quoted(profileOption)}`}`;
}

/** A path as the person meant it: npm runs scripts in the package's folder and says in INIT_CWD where the person stands. */
export function personsPath(path: string, environment: Environment): string {
  const startedByNpm = NPM_SCRIPTS.includes(environment.npm_lifecycle_event);
  return resolve((startedByNpm ? environment.INIT_CWD : undefined) ?? process.cwd(), path);
}

/** A server's address as given. Throws a usage error for one that is no ws:// or wss:// one. */
export function serverUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !['ws:', 'wss:'].includes(url.protocol) || url.hostname === '') {
    throw usageError(`${given} is not a server's address. Give one like ${SERVER_DEFAULT} or wss://chat.example.org.`);
  }
  return given.replace(/\/$/, '');
}
