// Files that people sent: whether the server may use what it has of them, and whether their disk has room for all that they may take.
import { access, constants } from 'node:fs/promises';
import { MIB } from '#protocol/limits.ts';
import { blobsIn } from '#runtime/store/data-folder.ts';
import { sizeOf } from './disk.ts';
import { about, type Finding } from './finding.ts';

const it = about('files');

/** Of a data folder: nothing if there are none yet. */
export async function fileFolderFindings(data: string): Promise<readonly Finding[]> {
  const folder = blobsIn(data);
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return [];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    const reason = error instanceof Error ? error.message : String(error);
    const says = `The files in ${folder} cannot be used: ${reason}.`;
    return [it.problem(says, 'Let the user who runs the server own them (chown -R).')];
  }
}

/**
 * `what`: whose disk, as `MongoDB`. `storedBytes`: what files take now; `limitMib`: what they may take. `reserveBytes`: below it messages are refused. Nothing where the
 * disk has room for it.
 */
export function fileRoomFindings(
  what: string,
  freeBytes: number,
  { storedBytes, limitMib, reserveBytes }: { storedBytes: number; limitMib: number; reserveBytes: number },
): readonly Finding[] {
  const more = limitMib * MIB - storedBytes;
  const room = Math.max(0, freeBytes - reserveBytes);
  if (more <= room) return [];
  const says = `Files may take ${sizeOf(more)} more, and the disk of ${what} has ${sizeOf(room)} for them: before they reach their limit messages are refused, too.`;
  const todo = `Set PARLEY_FILES_TOTAL_MIB to what the disk can spare (now at most ${Math.floor((storedBytes + room) / MIB)}), or give a larger disk.`;
  return [it.warning(says, todo)];
}
