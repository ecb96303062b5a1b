// The settings of `npm run load`, and what cannot be together.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { GROUP_MEMBERS_MAX, TEXT_MAX_BYTES } from '#protocol/limits.ts';
import { ConfigError, readSettings } from '#runtime/config.ts';
import { LABEL_MAX_BYTES } from './label.ts';
import type { Shape } from './plan.ts';

const USERS_MAX = 10_000;
const WORKERS_MAX = 64;
/**
 * CPU of the clients for a message between two (measured on a quiet machine), and for a delivery in a group (about as much: 3.0 to 3.5 ms where the
 * former was 3.4): seal, send, open, keep, acknowledge, and be told of it.
 */
const MESSAGE_MS = 2.3;
const DELIVERY_MS = 2.5;
/** A thread that is busier than this makes latencies of its own. */
const BUSY_MS_PER_SECOND = 600;

const settings = {
  server: z
    .string()
    .min(1)
    .default('ws://127.0.0.1:7070')
    .describe('ws:// or wss:// addresses of the server, separated by commas; clients go on at the next one'),
  users: z.coerce.number().int().min(2).max(USERS_MAX).default(100).describe('how many clients, each with an account'),
  groups: z.coerce.number().int().min(0).max(1_000).default(5).describe('how many groups they are shared among'),
  rate: z.coerce.number().positive().max(100_000).default(50).describe('messages a second, of all clients together'),
  groupShare: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('which share of the messages goes to groups; each is a delivery to every other member'),
  seconds: z.coerce.number().positive().max(3_600).default(60).describe('how long is measured'),
  warmUp: z.coerce.number().min(0).max(600).default(5).describe('seconds of the same before that, not measured'),
  settle: z.coerce
    .number()
    .positive()
    .max(3_600)
    .default(60)
    .describe('seconds that the last deliveries are waited for, at most'),
  bytes: z
    .string()
    .regex(/^\d+(-\d+)?$/, 'it must be a number of bytes, or two with a hyphen, such as 64-1024')
    .default('64-512')
    .describe('length of a text, or two between which all lengths are as likely'),
  ca: z.string().min(1).optional().describe('a file with certificate authorities (PEM) to trust, for wss'),
  invitations: z
    .string()
    .min(1)
    .optional()
    .describe('a file with an invitation a line, one for each user, for a server that asks for them'),
  out: z.string().min(1).optional().describe('the folder for the report; without: a new one, load-DATE'),
  workers: z.coerce
    .number()
    .int()
    .min(1)
    .max(WORKERS_MAX)
    .optional()
    .describe('threads that the clients run in; without: as many as the rate needs, and the machine has processors'),
  keep: z
    .stringbool()
    .default(false)
    .meta({ flag: true, description: 'leave the accounts and groups at the server; nobody can use them afterwards' }),
  json: z
    .stringbool()
    .default(false)
    .meta({ flag: true, description: 'a JSON object a second on standard output, for programs' }),
} as const;

export type LoadSettings = {
  readonly servers: readonly string[];
  readonly shape: Shape;
  readonly seconds: number;
  readonly warmUp: number;
  readonly settle: number;
  readonly caBundle: string | undefined;
  readonly invitations: readonly string[] | undefined;
  /** Absolute. */
  readonly out: string;
  readonly workers: number;
  readonly keep: boolean;
  readonly json: boolean;
};

/** Throws ConfigError that says which setting is wrong, HelpShown. `now`: for the name of a new folder. */
export function readLoadSettings(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  now: Date,
): LoadSettings {
  const program = {
    name: 'npm run load --',
    description: 'Real clients write at a constant rate; then it is told how long that took and what was lost.',
  };
  const given = readSettings(program, settings, argv, environment);
  const { users, groups, rate, groupShare, seconds, warmUp, settle, keep, json } = given;
  const members = groups === 0 ? 0 : Math.ceil(users / groups);
  if (users < 2 * groups) {
    throw new ConfigError(`${groups} groups need at least ${2 * groups} users: set --users or --groups otherwise.`);
  }
  if (members > GROUP_MEMBERS_MAX) {
    throw new ConfigError(
      `${users} users in ${groups} groups are ${members} in a group, which may have ${GROUP_MEMBERS_MAX}: set more --groups.`,
    );
  }
  const shape: Shape = { users, groups, rate, groupShare: groups === 0 ? 0 : groupShare, bytes: bytesOf(given.bytes) };
  return {
    ...{ servers: serversOf(given.server), shape, seconds, warmUp, settle, keep, json },
    caBundle: given.ca === undefined ? undefined : readText('ca', given.ca, environment),
    invitations: given.invitations === undefined ? undefined : codesOf(given.invitations, users, environment),
    out: pathOf(given.out ?? `load-${now.toISOString().slice(0, 19).replaceAll(':', '-')}`, environment),
    workers: given.workers ?? workersFor(shape, availableParallelism()),
  };
}

/** So many threads carry this without being the limit themselves, as far as there are processors for them. */
export function workersFor({ users, groups, rate, groupShare }: Shape, processors: number): number {
  const others = groups === 0 ? 0 : users / groups - 1;
  const busyMs = rate * ((1 - groupShare) * MESSAGE_MS + groupShare * others * DELIVERY_MS);
  return Math.max(1, Math.min(Math.ceil(busyMs / BUSY_MS_PER_SECOND), processors, WORKERS_MAX));
}

function bytesOf(text: string): Shape['bytes'] {
  const [least = 0, most = least] = text.split('-').map(Number);
  if (least < LABEL_MAX_BYTES || most > TEXT_MAX_BYTES || most < least) {
    throw new ConfigError(
      `The setting bytes (--bytes) is "${text}": a text has ${LABEL_MAX_BYTES} to ${TEXT_MAX_BYTES} bytes, the smaller number first.`,
    );
  }
  return { least, most };
}

function serversOf(text: string): string[] {
  const servers = text.split(/[\s,]+/).filter((part) => part !== '');
  const wrong = servers.find((server) => !/^wss?:\/\/./.test(server) || !URL.canParse(server));
  if (wrong === undefined && servers.length > 0) return servers;
  throw new ConfigError(
    `The setting server (--server) is "${text}": give addresses like ws://127.0.0.1:7070 or wss://chat.example.org.`,
  );
}

function codesOf(file: string, users: number, environment: Readonly<Record<string, string | undefined>>): string[] {
  const lines = readText('invitations', file, environment).split('\n');
  const codes = [...new Set(lines.map((line) => line.trim()).filter((line) => line !== ''))];
  if (codes.length >= users) return codes;
  throw new ConfigError(
    `The file ${file} has ${codes.length} different invitations, and ${users} users need one each: make more, or set fewer --users.`,
  );
}

function readText(setting: string, file: string, environment: Readonly<Record<string, string | undefined>>): string {
  try {
    return readFileSync(pathOf(file, environment), 'utf8');
  } catch (error) {
    throw new ConfigError(`The setting ${setting} (--${setting}): ${error instanceof Error ? error.message : error}.`);
  }
}

/** As the person meant it: npm runs scripts in the package's folder, and says where the person stands. */
function pathOf(path: string, { INIT_CWD }: Readonly<Record<string, string | undefined>>): string {
  return resolve(INIT_CWD ?? '.', path);
}
