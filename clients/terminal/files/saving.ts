// A file of a message brought into a folder, with its progress for who watches, and what is to be said of it then.
import { type Client, type FileInfo, Refusal } from '../../sdk/index.ts';
import { type FolderTarget, fileTarget } from '../../sdk/node/file-target.ts';
import { contradicts } from '../../sdk/node/type-by-content.ts';
import { visible } from '../escape.ts';
import { endOf } from '../exit.ts';
import type { Output } from '../output.ts';
import type { Saved } from './file-words.ts';
import { TransferLine } from './transfer-line.ts';

export type Fetcher = Pick<Client, 'fetchFile'>;

/** Saves it, or throws why it cannot be had: what `fetchFile` throws, or the signal's reason. What is not whole stays hidden, the next attempt goes on with it, and who ends it is told so. */
export async function saveFile(
  client: Fetcher,
  output: Output,
  { file, folder, signal }: { readonly file: FileInfo; readonly folder: string; readonly signal: AbortSignal },
): Promise<Exclude<Saved, { readonly error: string }>> {
  const target = fileTarget(folder, file);
  const line = new TransferLine(output, visible(file.name));
  try {
    const path = await client.fetchFile(file, target, { signal, onProgress: (progress) => line.heard(progress) });
    const contentType = await target.type();
    return contradicts(file.type, contentType) ? { path, contentType } : { path };
  } catch (error) {
    const far = line.done === '' ? '' : `: ${line.done} are here`;
    if (signal.aborted) output.note(`${visible(file.name)} was not saved${far}. The same command goes on with it.`);
    throw error;
  } finally {
    line.end();
    await target.close();
  }
}

/** The same for who goes on whatever happens: why it could not be had is a part of what is said. Throws the signal's reason, and Refusal `closed`. */
export async function trySaveFile(...[client, output, what]: Parameters<typeof saveFile>): Promise<Saved> {
  try {
    return await saveFile(client, output, what);
  } catch (error) {
    const reason = error instanceof Refusal ? error.reason : undefined;
    if (what.signal.aborted || reason === 'closed') throw error;
    if (reason === 'file_unwritable') await forget(fileTarget(what.folder, what.file));
    return { error: endOf(error).sentence };
  }
}

/** A disk that one file has filled would take no other. */
async function forget(target: FolderTarget): Promise<void> {
  try {
    await target.cut(0);
  } catch {
    // What is wrong with the folder is said already.
  } finally {
    await target.close();
  }
}
