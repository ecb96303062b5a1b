// Which Parley runs on which Node, and how many files it may open: each connection is one.
import { z } from 'zod';
import { PARLEY_VERSION } from '#runtime/version.ts';
import { about, counted, type Finding } from './finding.ts';

/** A gateway's own files, and those of its other connections. */
const FILES_OF_ITS_OWN = 100;
const FILES_ADVISED = 4_096;

const reportSchema = z.object({
  userLimits: z.object({ open_files: z.object({ soft: z.union([z.number(), z.literal('unlimited')]) }) }),
});

export function nodeFindings(): readonly Finding[] {
  const { versions, platform, arch } = process;
  // An older Node than Parley needs does not come this far (node-version.js).
  return [
    about('version').ok(`Parley ${PARLEY_VERSION} on Node ${versions.node} (${platform} ${arch}).`),
    openFilesFinding(openFilesLimit()),
  ];
}

/** How many files a process that is started as this one may open: Node raises its soft limit to the hard one at its start, and then says so. */
function openFilesLimit(): number {
  const { soft } = reportSchema.parse(process.report.getReport()).userLimits.open_files;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : soft;
}

function openFilesFinding(limit: number): Finding {
  const it = about('open files');
  if (limit === Number.POSITIVE_INFINITY) return it.ok('A process may open as many files as it wants.');
  const people = counted(Math.max(0, limit - FILES_OF_ITS_OWN), 'connection');
  if (limit >= FILES_ADVISED) return it.ok(`A process may open ${counted(limit, 'file')}: enough for ${people}.`);
  return it.warning(
    `A process may open ${counted(limit, 'file')}: enough for ${people} a gateway.`,
    'Raise the limit where it is started: ulimit -n, LimitNOFILE= of systemd, or ulimits of compose.',
  );
}
