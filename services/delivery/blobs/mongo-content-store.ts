// The content of blobs in MongoDB, in GridFS's layout (https://github.com/mongodb/specifications: GridFS), each part of an upload a file of its own:
//
//   blobs.files    {_id: file, length, chunkSize, uploadDate, filename}
//   blobs.chunks   {_id: file:n, files_id: file, n, data}
//
// The driver's GridFSBucket looks chunks up by `files_id`: without its index, which FerretDB has no use for, that searches all content there is (4 MiB out
// of 250 took 10 s). Here they have keys that say which they are, and are looked up by these.
import { Binary, type Collection } from 'mongodb';
import { Unavailable } from '#protocol/errors.ts';
import { SEALED_CHUNK_BYTES } from '#protocol/sealed-file.ts';
import type { Collections, Keyed } from '#runtime/store/mongo.ts';
import { attempt } from '#runtime/store/mongo-errors.ts';
import { slabs } from './slabs.ts';

/** What is written and read at a time, and held in memory meanwhile: about 1 MiB, so that a whole part has full chunks. */
export const CHUNK_BYTES = 16 * SEALED_CHUNK_BYTES;
/** Deletions of one command. */
const DELETIONS_MAX = 500;

type FileDocument = Keyed & {
  readonly length: number;
  readonly chunkSize: number;
  readonly uploadDate: Date;
  readonly filename: string;
};
type ChunkDocument = Keyed & { readonly files_id: string; readonly n: number; readonly data: Binary };

export class MongoContentStore {
  readonly #files: Collection<FileDocument>;
  readonly #chunks: Collection<ChunkDocument>;

  constructor(mongo: Collections) {
    this.#files = mongo.collection('blobs.files');
    this.#chunks = mongo.collection('blobs.chunks');
  }

  /** Writes a file of a name that there never was. Throws what `body` throws, and ProtocolError if it has another length: then some of it may be there. */
  async write(
    file: string,
    { bytes, at, filename }: { readonly bytes: number; readonly at: number; readonly filename: string },
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    let n = 0;
    for await (const slab of slabs(body, bytes, CHUNK_BYTES)) {
      const document = { _id: `${file}:${n}`, files_id: file, n, data: new Binary(slab) };
      await attempt(() => this.#chunks.insertOne(document));
      n += 1;
    }
    const document = { _id: file, length: bytes, chunkSize: CHUNK_BYTES, uploadDate: new Date(at), filename };
    await attempt(() => this.#files.insertOne(document));
  }

  /** The bytes from `from` to before `to` of a file: one chunk is being fetched while the one before is passed on. Throws Unavailable if they are not there. */
  async *read(file: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    const last = Math.ceil(to / CHUNK_BYTES) - 1;
    let coming = this.#chunk(file, Math.floor(from / CHUNK_BYTES));
    for (let n = Math.floor(from / CHUNK_BYTES); n <= last; n += 1) {
      const data = await coming;
      if (n < last) {
        coming = this.#chunk(file, n + 1);
        coming.catch(() => {}); // whoever stops reading does not wait for it
      }
      const begin = n * CHUNK_BYTES;
      const end = Math.min(to - begin, CHUNK_BYTES);
      if (data.length < end) throw new Unavailable('MongoDB: a chunk of a file is shorter than it was.');
      yield data.subarray(Math.max(0, from - begin), end);
    }
  }

  /** Removes what there is of files of these lengths. */
  async remove(files: readonly { readonly file: string; readonly bytes: number }[]): Promise<void> {
    await deleteAll(
      this.#files,
      files.map(({ file }) => file),
    );
    await deleteAll(
      this.#chunks,
      files.flatMap(({ file, bytes }) =>
        Array.from({ length: Math.ceil(bytes / CHUNK_BYTES) }, (_, n) => `${file}:${n}`),
      ),
    );
  }

  async #chunk(file: string, n: number): Promise<Uint8Array> {
    const found = await attempt(() => this.#chunks.findOne({ _id: `${file}:${n}` }, { projection: { data: 1 } }));
    if (!found) throw new Unavailable('MongoDB: a chunk of a file is not there.');
    return found.data.value();
  }
}

async function deleteAll<T extends Keyed>(collection: Collection<T>, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += DELETIONS_MAX) {
    const operations = ids.slice(at, at + DELETIONS_MAX).map((_id) => ({ deleteOne: { filter: { _id } } }));
    const keyed = collection as unknown as Collection<Keyed>; // the driver's types do not see that every T has a text as its key
    await attempt(() => keyed.bulkWrite(operations, { ordered: false }));
  }
}
