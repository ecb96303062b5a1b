// The embedded server's data: whose it is, who may read it, and whether this version reads it.
import { access, constants } from 'node:fs/promises';
import { MIB } from '#protocol/limits.ts';
import { ConfigError } from '#runtime/config.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { StartError } from '#runtime/start-error.ts';
import { type DataLook, lookIntoData } from '#runtime/store/data-look.ts';
import { checkFacts } from '#runtime/store/meta-store.ts';
import { diskFinding, freeBytesAt } from './disk.ts';
import { fileFolderFindings, fileRoomFindings } from './files.ts';
import { about, type Finding } from './finding.ts';

const it = about('data');
const OTHERS = 0o077;
/** A file is stamped a little after the clock was read. */
const STAMP_MAX_MS = 60_000;

export type DataSettings = {
  readonly data: string;
  readonly reserveMib: number;
  readonly filesTotalMib: number;
  readonly domain: string;
};

export async function dataFindings(
  { data, reserveMib, filesTotalMib, domain }: DataSettings,
  now: number,
): Promise<readonly Finding[]> {
  const disk = await diskFindings(data, reserveMib * MIB);
  let look: DataLook | undefined;
  try {
    look = lookIntoData(data);
    if (look) await access(data, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const todo = 'Let the user who runs the server own it, or restore a backup into an empty folder.';
    return [it.problem(`The data folder ${data} cannot be used: ${reason.replace(/\.$/, '')}.`, todo), ...disk];
  }
  if (!look) return [it.ok(`There is no data in ${data} yet: the first start makes it.`), ...disk];
  const { bytes } = await freeBytesAt(data);
  const taken = { storedBytes: look.blobBytes, limitMib: filesTotalMib, reserveBytes: reserveMib * MIB };
  return [
    await factsFinding(look, data, domain),
    ...privacyFindings(look),
    ...stampFindings(look, now),
    ...disk,
    ...(await fileFolderFindings(data)),
    ...fileRoomFindings('the data folder', bytes, taken),
  ];
}

async function factsFinding({ facts, open }: DataLook, data: string, domain: string): Promise<Finding> {
  if (!facts) {
    if (!open) return it.ok(`There is no data in ${data} yet: the first start makes it.`);
    return it.ok(`The data in ${data} is in use, or its server was killed: the next start brings it in order.`);
  }
  try {
    await checkFacts(facts, { domain, partitions: PARTITIONS_DEFAULT });
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof StartError)) throw error;
    return it.problem(error.message, 'As it stands no server starts on this data.');
  }
  return it.ok(
    `The data in ${data} is that of ${facts.get('domain') ?? domain}, in the form of version ${facts.get('schema')}.`,
  );
}

function privacyFindings({ folder, files }: DataLook): Finding[] {
  const readable = (folder.mode & OTHERS) === 0 ? [] : files.filter(({ mode }) => (mode & OTHERS) !== 0);
  if ((folder.mode & OTHERS) === 0) return [];
  const mode = folder.mode.toString(8);
  const todo = `chmod -R go= ${folder.path}`;
  if (readable.length === 0)
    return [it.warning(`Others on this machine may look into ${folder.path} (mode ${mode}).`, todo)];
  const says = `Others on this machine may read ${readable[0]?.path}, which holds secrets.`;
  return [it.problem(says, todo)];
}

/** A clock that went back keeps messages longer, and refuses what was written meanwhile. */
function stampFindings({ files }: DataLook, now: number): Finding[] {
  const newest = files.reduce((latest, { changedAt }) => Math.max(latest, changedAt), 0);
  if (newest <= now + STAMP_MAX_MS) return [];
  const says = `This machine's clock says ${new Date(now).toISOString()}, and the data was written at ${new Date(newest).toISOString()}.`;
  return [about('clock').problem(says, 'Set the clock, and let it be set by NTP (timedatectl set-ntp true).')];
}

async function diskFindings(data: string, reserveBytes: number): Promise<readonly Finding[]> {
  const { bytes, files } = await freeBytesAt(data);
  const room = diskFinding('the data folder', bytes, reserveBytes);
  if (files > 0) return [room];
  return [
    room,
    about('disk').problem(
      'The disk of the data folder has room for no further file.',
      'Remove files that nobody needs.',
    ),
  ];
}
