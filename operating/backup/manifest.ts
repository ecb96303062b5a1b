// What a backup says of itself, before anything else in it: whose data it is, in which form, and what is needed to use it.
import { z } from 'zod';
import { visible } from '#protocol/visible.ts';
import type { Census } from '#runtime/bus/amqp/census.ts';

/** Backups of version 1 know of no files. */
const VERSION = 2;
/** The last moment that a date can be. */
const TIME_MAX_MS = 8.64e15;

export const manifestSchema = z.object({
  backup: z.union([z.literal(1), z.literal(VERSION)]),
  /** The version of Parley that wrote it. */
  parley: z.string(),
  mode: z.enum(['embedded', 'distributed']),
  /** When it was begun, ms since 1970. */
  at: z.number().int().min(0).max(TIME_MAX_MS),
  schema: z.string(),
  domain: z.string(),
  partitions: z.number().int(),
  /** OPAQUE's server setup: whether it is in here. Without a fingerprint there was none yet. */
  opaque: z.object({ kept: z.boolean(), fingerprint: z.string().optional() }),
  /** Whether files that people sent are in it. */
  files: z.boolean().default(false),
  /** Distributed, where RabbitMQ was asked: what was under way when it began. */
  census: z.object({ frames: z.number(), readers: z.number() }).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const countsSchema = z.record(z.string(), z.number().int());
export type Counts = Readonly<z.infer<typeof countsSchema>>;

/** The facts of a backup that begins now. */
export function newManifest(facts: Omit<Manifest, 'backup' | 'parley'>, parley: string): Manifest {
  return { backup: VERSION, parley, ...facts };
}

/** Lines for people. */
export function describeBackup(
  { mode, at, parley, domain, schema, partitions, census, files }: Manifest,
  counts: Counts,
): string {
  const all = Object.entries(counts).filter(([, count]) => count > 0);
  const lines = [
    `A backup of ${domain}, ${mode}, begun ${new Date(at).toISOString()} by Parley ${parley} (form ${schema}, ${partitions} partitions):`,
    `  ${all.map(([name, count]) => `${name} ${count}`).join(', ')}`,
  ];
  // Names in a file that may be anybody's.
  // Names in a file that may be anybody's.
  return `${[...lines, ...lackOf(census), ...filesLacking(files, counts.files_missed ?? 0)].map(visible).join('\n')}\n`;
}

/** `missed`: how many are not whole in it. */
function filesLacking(files: boolean, missed: number): string[] {
  if (!files)
    return [
      '  Without files: after a restore people have their messages, and of the files in them what they had saved.',
    ];
  if (missed === 0) return [];
  const what = missed === 1 ? '1 file' : `${missed} files`;
  return [`  Of ${what} not all was there: removed while it was made, or lost by a disk. They are not in it.`];
}

/** What was accepted and is perhaps not in a backup that was made while services ran. */
function lackOf(census: Census | undefined): string[] {
  if (census === undefined || (census.frames === 0 && census.readers === 0)) return [];
  const what = `RabbitMQ held ${census.frames} messages of the services when it began`;
  return [
    census.readers > 0
      ? `  The services were running, and ${what}: what was accepted shortly before it ended may be missing.`
      : `  The services were stopped, and ${what}: these are not in it. Let the services work them off before you stop them.`,
  ];
}
