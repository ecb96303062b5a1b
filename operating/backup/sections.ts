// An archive section by section, for whoever puts them back.
import { readArchive } from './archive.ts';
import type { Source } from './source.ts';

/** Hands each section with its data to `take`, in their order, once; data that it leaves is passed over. Throws what readArchive throws. */
export async function readSections(
  source: Source,
  take: (section: string, data: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const parts = readArchive(source.read(), source.name)[Symbol.asyncIterator]();
  let part = await parts.next();
  /** The data up to the next section, or to the end. */
  async function* data(): AsyncGenerator<Uint8Array> {
    for (part = await parts.next(); !part.done && 'data' in part.value; part = await parts.next())
      yield part.value.data;
  }
  while (!part.done) {
    if ('section' in part.value) await take(part.value.section, data());
    else part = await parts.next();
  }
}
