// A folder to save in, for a test; and files that are saved there.
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type FolderTarget, fileTarget } from './file-target.ts';

export const bytesOf = (text: string) => new TextEncoder().encode(text);
const BLOB_BYTES = 32;

export class SavingFolder {
  /** The folder above, with nothing else in it. */
  readonly root: string;
  readonly path: string;

  private constructor(root: string, path: string) {
    this.root = root;
    this.path = path;
  }

  /** Gone after the test. `root`: a directory that is there. */
  static async make(root?: string): Promise<SavingFolder> {
    const above = root ?? (await mkdtemp(join(tmpdir(), 'parley-target-')));
    if (root === undefined) onTestFinished(() => rm(above, { recursive: true }));
    const path = join(above, 'Downloads');
    await mkdir(path);
    return new SavingFolder(above, path);
  }

  /** `blob`: which one, as a byte. */
  target(name = 'a.txt', blob = 7, folder = this.path): FolderTarget {
    const target = fileTarget(folder, { name, type: 'text/plain', blob: new Uint8Array(BLOB_BYTES).fill(blob) });
    onTestFinished(() => target.close());
    return target;
  }

  /** A whole file; resolves with its path. */
  async saved(name: string, content = 'content'): Promise<string> {
    const target = this.target(name);
    await target.write(bytesOf(content));
    const path = await target.keep();
    await target.close();
    return path;
  }

  /** The names of everything in it, hidden or not. */
  async names(): Promise<string[]> {
    return (await readdir(this.path)).sort();
  }

  /** The hidden file of the only target that is open. */
  async partial(): Promise<string> {
    const [name = ''] = (await this.names()).filter((entry) => entry.endsWith('.part'));
    return join(this.path, name);
  }

  text(name: string): Promise<string> {
    return readFile(join(this.path, name), 'utf8');
  }
}
