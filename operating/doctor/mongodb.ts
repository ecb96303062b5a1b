// The store of a distributed deployment: whether it answers, keeps what it is given, and holds this deployment's data.

import { MIB } from '#protocol/limits.ts';
import { ConfigError } from '#runtime/config.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { StartError } from '#runtime/start-error.ts';
import type { MongoLook } from '#runtime/store/mongo-look.ts';
import { checkFacts } from '#runtime/store/mongo-meta-store.ts';
import { clockFinding } from './clock.ts';
import { diskFinding } from './disk.ts';
import { fileRoomFindings } from './files.ts';
import { about, type Finding } from './finding.ts';
import { hostsOf } from './secrets.ts';

const it = about('mongodb');
/** MongoDB stops writing some way before its disk is full, and its journal needs room. */
const RESERVE_BYTES = 512 * MIB;

/** `asked`: what it says of itself, of the server at this URL. */
export async function mongoFindings(
  url: string,
  asked: Promise<MongoLook>,
  { domain, filesTotalMib }: { readonly domain: string; readonly filesTotalMib: number },
): Promise<readonly Finding[]> {
  let look: MongoLook;
  try {
    look = await asked;
  } catch (error) {
    if (error instanceof ConfigError) return [it.problem(error.message, 'Correct the setting mongoUrl.')];
    const reason = error instanceof Error ? error.message : String(error);
    const todo = 'Start it, or correct the setting mongoUrl. Until then no service works.';
    return [it.problem(`MongoDB at ${hostsOf(url)} does not answer: ${reason}.`, todo)];
  }
  return [
    ...serverFindings(look),
    await factsFinding(look.facts, domain),
    clockFinding('The clock of MongoDB', look.clock),
    ...diskFindings(look, filesTotalMib),
  ];
}

function serverFindings({ version, standIn, members, writable }: MongoLook): Finding[] {
  if (standIn !== undefined) {
    const todo = 'Use MongoDB itself for data that matters.';
    return [it.warning(`${standIn} answers as MongoDB ${version}: it does not promise that a write is on disk.`, todo)];
  }
  if (!writable)
    return [
      it.problem(
        `MongoDB ${version} answers and takes no writes now.`,
        'Look at its replica set (rs.status()): it has no primary.',
      ),
    ];
  if (members.length === 0)
    return [it.ok(`MongoDB ${version} takes writes: a single server, whose disk is the only one.`)];
  const says = `MongoDB ${version} takes writes: a replica set of ${members.length}.`;
  if (members.length >= 3) return [it.ok(says)];
  return [it.warning(`${says} With any of them away nothing is written.`, 'Give it three members, or one alone.')];
}

async function factsFinding(facts: MongoLook['facts'], domain: string): Promise<Finding> {
  const data = about('data');
  if (facts.size === 0) return data.ok('The database is empty: the first start fills it.');
  try {
    await checkFacts(facts, { domain, partitions: PARTITIONS_DEFAULT });
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof StartError)) throw error;
    return data.problem(error.message, 'As it stands no service starts on this data.');
  }
  return data.ok(
    `The database is that of ${facts.get('domain') ?? domain}, in the form of version ${facts.get('schema')}.`,
  );
}

function diskFindings({ disk, blobBytes }: MongoLook, limitMib: number): Finding[] {
  if (!disk) return [];
  const taken = { storedBytes: blobBytes, limitMib, reserveBytes: RESERVE_BYTES };
  return [diskFinding('MongoDB', disk.freeBytes, RESERVE_BYTES), ...fileRoomFindings('MongoDB', disk.freeBytes, taken)];
}
