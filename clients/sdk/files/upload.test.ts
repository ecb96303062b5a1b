import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { toHex } from '#protocol/bytes.ts';
import type { ErrorCode } from '#protocol/errors.ts';
import { H, HASH_BYTES } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES, FILE_PART_CHUNKS, TICKET_MAX_AGE_MS } from '#protocol/limits.ts';
import { PART_BYTES, sealedBytes } from '#protocol/sealed-file.ts';
import type { FileInfo } from '../content/file.ts';
import { type BlobAsked, refuse } from '../test/blobs-double.ts';
import { exampleBytes, MemorySource } from '../test/files.ts';
import { RETENTION, Transfers } from './transfers.fixture.ts';

const PART = FILE_PART_CHUNKS * FILE_CHUNK_BYTES;
const SIZE = 2 * PART + 1_000;
const content = exampleBytes(SIZE);
const hashOf = (bytes: Uint8Array) => toHex(H(bytes));

let transfers: Transfers;

beforeEach(async () => {
  transfers = await new Transfers().start();
});

afterEach(async () => {
  expect(transfers.files.reused).toEqual([]);
  await transfers.end();
});

const source = (bytes = content) => new MemorySource(bytes.slice());
const answers = (times: number, answer: (asked: BlobAsked) => void, which = (_asked: BlobAsked) => true) => {
  let count = 0;
  transfers.files.lie = (asked) => {
    if (!which(asked) || count++ >= times) return false;
    answer(asked);
    return true;
  };
};
const cut = ({ request, response }: BlobAsked) => void request.once('data', () => response.destroy());

async function arrives(file: FileInfo, bytes = content): Promise<void> {
  expect(hashOf((await transfers.download(file)).bytes)).toBe(hashOf(bytes));
}

/** An attempt that ends once the server has so many parts, as if its process had died: what it notes afterwards counts. */
async function stopsAfter(parts: number, from = source()): Promise<void> {
  const stop = new AbortController();
  const onProgress = ({ done }: { done: number }) => done >= parts * PART && stop.abort(new Error('enough'));
  await expect(transfers.upload(from, { signal: stop.signal, onProgress })).rejects.toThrow('enough');
}

describe('an upload that was stopped', () => {
  it.each([1, 2])('after %i parts is gone on with from there by the next attempt', async (parts) => {
    await stopsAfter(parts);
    transfers.files.asked.length = 0;
    const file = await transfers.upload(source());
    expect(transfers.files.asked[0]).toBe('HEAD 0');
    expect(transfers.files.asked).not.toContain(`PATCH ${(parts - 1) * PART_BYTES}`);
    await arrives(file);
    expect(transfers.files.blobs.size).toBe(1);
  });

  it('begins anew under another key and name where the file was edited, in what is there or in what was only noted', async () => {
    for (const at of [0, PART - 1, PART + 5]) {
      transfers.files.blobs.clear();
      await stopsAfter(1);
      const [before] = transfers.files.blobs.keys();
      const edited = source();
      edited.content[at] = (edited.content[at] ?? 0) ^ 1;
      const file = await transfers.upload(edited);
      expect(encodeBase64(file.blob)).not.toBe(before);
      await arrives(file, edited.content);
    }
  });

  it('goes on under the same key where the file was edited behind all that was noted', async () => {
    await stopsAfter(1);
    const edited = source();
    edited.content[SIZE - 1] = (edited.content[SIZE - 1] ?? 0) ^ 1;
    await arrives(await transfers.upload(edited), edited.content);
    expect(transfers.files.blobs.size).toBe(1);
  });

  it('begins anew where the server has more than is noted, as when a copy of the profile was put back', async () => {
    await stopsAfter(2);
    const { uploads } = transfers;
    if (uploads === undefined) return expect.fail('not started');
    const [before] = transfers.files.blobs.keys();
    transfers.uploads = {
      ...uploads,
      note: async () => true,
      async resume(...of) {
        const noted = await uploads.resume(...of);
        return noted && { ...noted, hashes: noted.hashes.slice(0, FILE_PART_CHUNKS * HASH_BYTES) };
      },
    };
    const edited = source();
    edited.content[PART] = (edited.content[PART] ?? 0) ^ 1;
    const file = await transfers.upload(edited);
    expect(encodeBase64(file.blob)).not.toBe(before);
    await arrives(file, edited.content);
  });

  it('is sent from its start, the same bytes, where the server has removed it', async () => {
    await stopsAfter(2);
    transfers.files.blobs.clear();
    await arrives(await transfers.upload(source()));
  });

  it('is done at once where all of it was there and only the message was missing', async () => {
    const one = await transfers.upload(source());
    transfers.files.asked.length = 0;
    const two = await transfers.upload(source());
    expect([transfers.files.asked, two]).toEqual([['HEAD 0'], one]);
  });

  it('is another upload where it is to be kept for another time', async () => {
    await stopsAfter(1);
    await arrives(await transfers.upload(source(), { retention: RETENTION / 2 }));
    expect(transfers.files.blobs.size).toBe(2);
  });
});

describe('a file', () => {
  it('that is edited while it is sent has no chunk sealed twice differently, wherever the cut is', async () => {
    for (const cutAt of [0, 1, 2]) {
      const edited = new MemorySource(content.slice(), { place: `/edited/${cutAt}` });
      answers(1, cut, ({ method, offset }) => method === 'PATCH' && offset === cutAt * PART_BYTES);
      let reads = 0;
      edited.reading = () => {
        reads += 1;
        edited.content[(reads * 1_234_567) % SIZE] = reads;
      };
      await transfers.upload(edited).catch((error: unknown) => expect(error).toMatchObject({ reason: 'file_changed' }));
    }
  });

  it('that becomes shorter is not sent on', async () => {
    const shorter = source();
    shorter.reading = (at) => {
      if (at >= PART) shorter.content = content.slice(0, PART);
    };
    await expect(transfers.upload(shorter)).rejects.toMatchObject({ reason: 'file_changed' });
  });

  it('that cannot be read is told as its source does', async () => {
    const broken = source();
    broken.reading = (at) => {
      if (at > PART) throw new Error('the disk is broken');
    };
    await expect(transfers.upload(broken)).rejects.toThrow('the disk is broken');
  });

  it('that two processes send at once has one key for each, and arrives from both', async () => {
    const [one, two] = [source(), source()];
    two.content[2 * PART] = (two.content[2 * PART] ?? 0) ^ 1;
    const files = await Promise.all([transfers.upload(one), transfers.upload(two)]);
    expect(transfers.files.reused).toEqual([]);
    await arrives(files[0], one.content);
    await arrives(files[1], two.content);
  });

  it('whose part cannot be noted does not leave', async () => {
    const { uploads } = transfers.deps;
    transfers.uploads = {
      ...uploads,
      note: async () => {
        throw new Error('the disk is full');
      },
    };
    await expect(transfers.upload(source())).rejects.toThrow('the disk is full');
    expect(transfers.files.asked).toEqual([]);
  });
});

describe('a server', () => {
  it.each<[string, (asked: BlobAsked) => void]>([
    ['cuts what it is sent', cut],
    ['is busy', ({ response }) => refuse(response, 'busy')],
    ['cannot reach its store', ({ response }) => refuse(response, 'unavailable')],
    ['is asked too often', ({ response }) => refuse(response, 'rate_limited')],
    ['takes no ticket', ({ response }) => refuse(response, 'bad_ticket')],
    ['redirects', ({ response }) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['names no offset', ({ response }) => void response.writeHead(204).end()],
    [
      'names an offset that no part has',
      ({ response }) => void response.writeHead(409, { 'upload-offset': '5' }).end(),
    ],
    [
      'names an offset behind the end',
      ({ response }) => void response.writeHead(409, { 'upload-offset': String(9e12) }).end(),
    ],
    ['always says that it has nothing', ({ response }) => void response.writeHead(409, { 'upload-offset': '0' }).end()],
  ])('that %s gets the file nevertheless, if it does not go on so without end', async (_how, answer) => {
    answers(5, answer, ({ method }) => method === 'PATCH');
    await arrives(await transfers.upload(source()));
    answers(1_000, answer, ({ method }) => method === 'PATCH');
    transfers.files.asked.length = 0;
    const again = new MemorySource(content.slice(0, 100_000), { place: '/again' });
    await expect(transfers.upload(again)).rejects.toThrow();
    expect(transfers.files.asked.length).toBeLessThan(100);
  });

  it('that goes back each time it was given a part is given up', async () => {
    transfers.files.took = (blob, stored) => {
      if (stored > PART_BYTES) transfers.files.blobs.set(blob, Buffer.alloc(0));
    };
    await expect(transfers.upload(source())).rejects.toMatchObject({ name: 'Unavailable' });
    expect(transfers.files.asked.length).toBeLessThan(100);
  });

  it("that says of every upload that it is another device's is given up", async () => {
    answers(1_000, ({ response }) => refuse(response, 'no_such_file'));
    await expect(transfers.upload(source())).rejects.toMatchObject({ name: 'Unavailable' });
    expect(transfers.files.asked.length).toBeLessThan(20);
  });

  it.each<ErrorCode>(['files_over_quota', 'no_space', 'bad_request'])(
    'that refuses with %s is told so at once',
    async (code) => {
      answers(1_000, ({ request, response }) => {
        request.resume();
        refuse(response, code);
      });
      await expect(transfers.upload(source())).rejects.toMatchObject({ name: 'RequestError', code });
      expect(transfers.files.asked).toHaveLength(1);
    },
  );

  it('that stands elsewhere is followed', async () => {
    await stopsAfter(1);
    // The answer to a part that was stored got lost, and so did the question where the upload stands.
    answers(
      1,
      ({ response }) => void response.writeHead(204, { 'upload-offset': '0' }).end(),
      ({ method }) => method === 'HEAD',
    );
    await arrives(await transfers.upload(source()));
  });

  it('is asked for a new ticket when the one at hand is old', async () => {
    transfers.files.took = () => {
      transfers.now += TICKET_MAX_AGE_MS;
    };
    await transfers.upload(source());
    expect(transfers.files.tickets).toHaveLength(3);
    expect(new Set(transfers.files.tickets.map(({ size }) => size))).toEqual(new Set([sealedBytes(SIZE)]));
  });
});
