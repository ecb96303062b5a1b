// What the file system says about a file to send or a folder to save in, as sentences that say what to do.
import { Refusal } from '../refusal.ts';

const NO_SPACE =
  'there is no disk space left. Make room, then do the same again; what is there already is gone on with';

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file. Look at the path, and write it in quotation marks if there are spaces in it',
  ENOTDIR: 'a part of its path is no folder. Look at the path',
  EACCES: 'you may not read it. Ask whoever owns it, or copy it to where you may',
  EPERM: 'you may not read it. Ask whoever owns it, or copy it to where you may',
  ELOOP: 'it is a link that leads to itself. Give the file itself',
  ENAMETOOLONG: 'no path is that long. Look at the path',
  EIO: 'the disk does not give it. Copy it elsewhere, if that works',
};

const UNWRITABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder. Make it first, or choose another',
  ENOTDIR: 'it is no folder. Choose another',
  EACCES: 'you may not write there. Choose another folder',
  EPERM: 'you may not write there. Choose another folder',
  EROFS: 'nothing can be written there. Choose another folder',
  ELOOP: 'it is a link that leads to itself. Choose another folder',
  ENOSPC: NO_SPACE,
  EDQUOT: NO_SPACE,
  EFBIG: 'its file system takes no file of this size. Choose a folder elsewhere',
  EIO: 'the disk does not take it. Choose a folder elsewhere',
};

/** Runs `work`; what the file system throws of this file becomes Refusal `file_unreadable`, the rest stays. */
export function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    const code = codeOf(error);
    throw code === undefined ? error : unreadable(path, UNREADABLE[code] ?? `the system says ${code}`);
  });
}

/** Likewise, of what is written in this folder: Refusal `file_unwritable`. */
export function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    const code = codeOf(error);
    throw code === undefined ? error : unwritable(folder, UNWRITABLE[code] ?? `the system says ${code}`);
  });
}

/** `why`: the rest of a sentence, without its full stop. */
export function unreadable(path: string, why: string): Refusal {
  return new Refusal('file_unreadable', `${path} cannot be sent: ${why}.`);
}

export function unwritable(folder: string, why: string): Refusal {
  return new Refusal('file_unwritable', `Nothing can be saved in ${folder}: ${why}.`);
}

/** The system's code of an error of the file system's; undefined of any other. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return String(error.code);
}
