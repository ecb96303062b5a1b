import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '#protocol/bytes.ts';
import { H } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES, FILE_MAX_BYTES, FILE_PART_CHUNKS } from '#protocol/limits.ts';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import { readContent } from '../content/content.ts';
import type { FileInfo } from '../content/file.ts';
import { AL, atDouble, BO } from '../test/at-double.ts';
import { exampleBytes, MemorySource, MemoryTarget } from '../test/files.ts';
import type { Person } from '../test/people.ts';
import type { ServerDouble } from '../test/server-double.ts';

const PART = FILE_PART_CHUNKS * FILE_CHUNK_BYTES;

let server: ServerDouble;
let al: Person;
let bo: Person;

beforeEach(async () => {
  ({ server, al, bo } = await atDouble(['al', 'bo'], { inMemory: true }));
});

afterEach(async () => {
  expect(server.files.reused).toEqual([]);
});

const filesOf = (person: Person): FileInfo[] =>
  person.of('message').flatMap(({ entry }) => {
    const content = readContent(entry.content);
    return content.kind === 'file' ? [content.file] : [];
  });

async function received(person: Person, count = 1): Promise<FileInfo> {
  await person.until(() => filesOf(person).length >= count);
  const file = filesOf(person).at(-1);
  if (file === undefined) throw new Error('no file came');
  return file;
}

const hashOf = (bytes: Uint8Array) => toHex(H(bytes));

describe('a file', () => {
  it.each([0, 1, FILE_CHUNK_BYTES, FILE_CHUNK_BYTES + 1, PART, PART + 1, 2 * PART + 300_000])(
    'of %i bytes arrives whole, with progress on both sides',
    async (size) => {
      const source = new MemorySource(exampleBytes(size));
      const sent: number[] = [];
      const results = await al.client.sendFile([BO], source, { onProgress: ({ done }) => sent.push(done) });
      expect(results).toMatchObject([{ to: BO, ids: [expect.any(String)] }]);
      const file = await received(bo);
      expect(file).toMatchObject({ name: 'film.bin', type: 'application/octet-stream', size });
      const target = new MemoryTarget();
      const got: number[] = [];
      const onProgress = ({ done, total }: { done: number; total: number }) => {
        expect(total).toBe(size);
        got.push(done);
      };
      expect(await bo.client.fetchFile(file, target, { onProgress })).toBe('here');
      expect([target.kept, hashOf(target.bytes)]).toEqual([true, hashOf(source.content)]);
      for (const steps of [sent, got]) {
        expect([steps[0], steps.at(-1)]).toEqual([0, size]);
        expect(steps).toEqual([...steps].sort((a, b) => a - b));
      }
    },
  );

  it('is uploaded once for several, and a person who cannot be written to is told apart', async () => {
    const results = await al.client.sendFile([BO, 'nobody@localhost', AL], new MemorySource(exampleBytes(10)));
    expect(results.map((result) => 'ids' in result)).toEqual([true, false, false]);
    expect(server.files.asked).toEqual(['PATCH 0']);
  });

  it('is not uploaded where nobody can be written to, or where no message can describe it', async () => {
    const [result] = await al.client.sendFile(['nobody@localhost'], new MemorySource(exampleBytes(10)));
    expect(result).toMatchObject({ error: { code: 'unknown_user' } });
    const nameless = new MemorySource(exampleBytes(10), { name: '' });
    await expect(al.client.sendFile([BO], nameless)).rejects.toMatchObject({ reason: 'bad_text' });
    const large = Object.assign(new MemorySource(exampleBytes(0)), { size: FILE_MAX_BYTES + 1 });
    await expect(al.client.sendFile([BO], large)).rejects.toMatchObject({ reason: 'file_too_large' });
    expect(server.files.asked).toEqual([]);
  });

  it('is found by its name', async () => {
    await al.client.sendFile([BO], new MemorySource(exampleBytes(1), { name: 'Sommer in Möln.png' }));
    await received(bo);
    for (const person of [al, bo]) {
      const found = await person.client.history.search({ text: 'möln', limit: 9 });
      expect(found).toHaveLength(1);
    }
  });

  it('that is sent again goes under another key and name', async () => {
    const source = new MemorySource(exampleBytes(10));
    for (const count of [1, 2]) {
      await al.client.sendFile([BO], source);
      await received(bo, count);
    }
    const [one, two] = filesOf(bo);
    expect(toHex(one?.key ?? H(one?.blob ?? new Uint8Array(1)))).not.toBe(toHex(two?.key ?? new Uint8Array(1)));
    expect(server.files.blobs.size).toBe(2);
  });
});

describe('a transfer that is cut', () => {
  it('goes on by itself, whatever was lost: a part, its answer, or the session', async () => {
    const source = new MemorySource(exampleBytes(3 * PART + 5));
    let cuts = 0;
    server.files.lie = ({ method, offset, request, response }) => {
      if (method !== 'PATCH' || offset !== PART || cuts++ > 0) return false;
      request.once('data', () => response.destroy());
      return true;
    };
    server.files.took = (_blob, stored, { response }) => {
      if (stored === 3 * PART_BYTES && cuts++ === 2) {
        server.dropAll();
        response.destroy();
      }
    };
    await al.client.sendFile([BO], source);
    const file = await received(bo);
    server.files.lie = ({ method, ticket, response, offset }) => {
      if (method !== 'GET' || cuts++ > 6) return false;
      const blob = server.files.blobs.get(ticket.blob) ?? Buffer.alloc(0);
      const range = `bytes ${offset}-${blob.length - 1}/${blob.length}`;
      response.writeHead(offset === 0 ? 200 : 206, { 'content-length': blob.length - offset, 'content-range': range });
      response.write(blob.subarray(offset, offset + 2_000_000), () => response.destroy());
      return true;
    };
    const target = new MemoryTarget();
    await bo.client.fetchFile(file, target);
    expect(hashOf(target.bytes)).toBe(hashOf(source.content));
  });
});
