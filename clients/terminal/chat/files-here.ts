// The files of a conversation, by how a person names one: the latest, the second but last, or what its sender calls it.
import { type Client, type FileInfo, readContent } from '../../sdk/index.ts';
import { visible } from '../escape.ts';
import { Ended, EXIT } from '../exit.ts';

const PAGE_LINES = 200;
/** Lines that are looked at, from the last one back. */
const LOOKED_AT_MAX = 10_000;

/** Which one: the `count`th from the end, or one whose name is or begins so, the latest of them. */
export type Wanted = { readonly count: number } | { readonly name: string };

/** Throws Ended where there is none. */
export async function fileHere(history: Client['history'], conversation: string, wanted: Wanted): Promise<FileInfo> {
  let seen = 0;
  let begins: FileInfo | undefined;
  for await (const file of latestFirst(history, conversation)) {
    seen++;
    if ('count' in wanted) {
      if (seen === wanted.count) return file;
      continue;
    }
    const [name, typed] = [visible(file.name), wanted.name];
    if (name === typed || file.name === typed) return file;
    if (name.toLowerCase().startsWith(typed.toLowerCase())) begins ??= file;
  }
  if (begins !== undefined) return begins;
  if (seen === 0) throw new Ended(EXIT.refused, 'There is no file in this conversation.');
  const few = `There ${seen === 1 ? 'is 1 file' : `are ${seen} files`} in this conversation`;
  throw new Ended(EXIT.refused, 'count' in wanted ? `${few}.` : `${few}, none called ${wanted.name}.`);
}

async function* latestFirst(history: Client['history'], conversation: string): AsyncGenerator<FileInfo> {
  let before: number | undefined;
  for (let looked = 0; looked < LOOKED_AT_MAX; looked += PAGE_LINES) {
    const page = await history.before(conversation, PAGE_LINES, before);
    for (const { content } of page.toReversed()) {
      const read = readContent(content);
      if (read.kind === 'file') yield read.file;
    }
    if (page.length < PAGE_LINES) return;
    before = page[0]?.position;
  }
}
