import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { concat, toHex } from '#protocol/bytes.ts';
import { H } from '#protocol/hash.ts';
import { FILE_CHUNK_BYTES } from '#protocol/limits.ts';
import { SEALED_CHUNK_BYTES, sealedBytes } from '#protocol/sealed-file.ts';
import type { FileInfo } from '../content/file.ts';
import { refuse } from '../test/blobs-double.ts';
import { exampleBytes, MemorySource, MemoryTarget } from '../test/files.ts';
import { Transfers } from './transfers.fixture.ts';

const SIZE = 40 * FILE_CHUNK_BYTES + 1_000;
const content = exampleBytes(SIZE);
const hashOf = (bytes: Uint8Array) => toHex(H(bytes));

let transfers: Transfers;
let file: FileInfo;
let name: string;

beforeEach(async () => {
  transfers = await new Transfers().start();
  file = await transfers.upload(new MemorySource(content));
  name = encodeBase64(file.blob);
  transfers.files.asked.length = 0;
});

afterEach(() => transfers.end());

const blob = () => transfers.files.blobs.get(name) ?? Buffer.alloc(0);
const put = (bytes: Uint8Array) => transfers.files.blobs.set(name, Buffer.from(bytes));
const chunk = (index: number, of: Uint8Array = blob()) =>
  of.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES);

async function begun(bytes: Uint8Array): Promise<MemoryTarget> {
  const target = new MemoryTarget();
  await target.write(bytes);
  return target;
}

describe('a blob that is not the file of the message', () => {
  it.each([
    ['was changed in one bit', () => put(blob().map((byte, i) => (i === 1_000_000 ? byte ^ 1 : byte)))],
    ['was changed in its last byte', () => put(blob().map((byte, i) => (i === blob().length - 1 ? byte ^ 1 : byte)))],
    ['ends too early', () => put(blob().subarray(0, 1_000_000))],
    ['ends a chunk too early', () => put(blob().subarray(0, 39 * SEALED_CHUNK_BYTES))],
    ['is empty', () => put(new Uint8Array(0))],
    ['goes on behind its end', () => put(concat(blob(), chunk(3)))],
    ['has two chunks swapped', () => put(concat(chunk(1), chunk(0), blob().subarray(2 * SEALED_CHUNK_BYTES)))],
    ['has one chunk twice', () => put(concat(chunk(0), chunk(0), blob().subarray(2 * SEALED_CHUNK_BYTES)))],
    [
      'has its last chunk in front',
      () => put(concat(blob().subarray(40 * SEALED_CHUNK_BYTES), blob().subarray(0, 40 * SEALED_CHUNK_BYTES))),
    ],
  ])('because it %s is refused, and nothing is kept', async (_how, change) => {
    change();
    const target = new MemoryTarget();
    await expect(transfers.download(file, target)).rejects.toMatchObject({ reason: 'file_damaged' });
    expect([target.kept, target.bytes.length]).toEqual([false, 0]);
  });

  it('because a chunk is of another file, or the whole of it is, is refused', async () => {
    const other = await transfers.upload(new MemorySource(exampleBytes(SIZE, 9), { place: '/other' }));
    const theirs = transfers.files.blobs.get(encodeBase64(other.blob)) ?? Buffer.alloc(0);
    for (const bytes of [concat(chunk(0), chunk(1, theirs), blob().subarray(2 * SEALED_CHUNK_BYTES)), theirs]) {
      put(bytes);
      await expect(transfers.download(file)).rejects.toMatchObject({ reason: 'file_damaged' });
    }
  });

  it('because the sender says another root or another size is refused: also by a chunk more or less', async () => {
    const lies = [
      { ...file, root: H(content) },
      { ...file, size: SIZE - 1 },
      { ...file, size: SIZE + 1 },
      { ...file, size: 40 * FILE_CHUNK_BYTES },
    ];
    for (const lie of lies) {
      const target = new MemoryTarget();
      await expect(transfers.download(lie, target)).rejects.toMatchObject({ reason: 'file_damaged' });
      expect([target.kept, target.bytes.length]).toEqual([false, 0]);
    }
  });

  it('is not there any more: that is said, and what was there of it is not kept', async () => {
    transfers.files.blobs.delete(name);
    const target = await begun(content.slice(0, 3 * FILE_CHUNK_BYTES));
    await expect(transfers.download(file, target)).rejects.toMatchObject({ reason: 'file_gone' });
    expect(target.bytes.length).toBe(0);
  });
});

describe('what is there of an earlier attempt', () => {
  it.each([
    ['some chunks', 5 * FILE_CHUNK_BYTES, 5],
    ['some chunks and a part of one', 5 * FILE_CHUNK_BYTES + 77, 5],
    ['all but the last byte', SIZE - 1, 40],
    ['less than a chunk', 77, 0],
  ])('is gone on with: %s', async (_what, bytes, chunks) => {
    const target = await transfers.download(file, await begun(content.slice(0, bytes)));
    expect(hashOf(target.bytes)).toBe(hashOf(content));
    expect(transfers.files.asked).toEqual([`GET ${chunks * SEALED_CHUNK_BYTES}`]);
  });

  it('is enough if it is all', async () => {
    const target = await transfers.download(file, await begun(content));
    expect([target.kept, transfers.files.asked]).toEqual([true, []]);
  });

  it.each([
    ['is of another file', exampleBytes(5 * FILE_CHUNK_BYTES, 3)],
    ['is longer than the file', concat(exampleBytes(SIZE, 3), content)],
    ['was changed', content.slice(0, 9 * FILE_CHUNK_BYTES).fill(0, 100, 200)],
  ])('is thrown away if it %s, and all of it fetched, once', async (_how, bytes) => {
    const target = await transfers.download(file, await begun(bytes));
    expect(hashOf(target.bytes)).toBe(hashOf(content));
    expect(transfers.files.asked.at(-1)).toBe('GET 0');
    put(blob().fill(0));
    await expect(transfers.download(file, await begun(bytes))).rejects.toMatchObject({ reason: 'file_damaged' });
  });
});

describe('a server that answers otherwise than it should', () => {
  const answers = (
    times: number,
    answer: (offset: number, asked: import('../test/blobs-double.ts').BlobAsked) => void,
  ) => {
    let count = 0;
    transfers.files.lie = (asked) => {
      if (count++ >= times) return false;
      answer(asked.offset, asked);
      return true;
    };
  };

  it.each([
    ['redirects', 302, { location: 'http://127.0.0.1:1/' }],
    ['says that there is nothing to say', 204, {}],
    ['fails', 500, {}],
    ['sends a range that was not asked for', 206, { 'content-range': `bytes 100-200/${sealedBytes(SIZE)}` }],
    ['sends a range that is none', 206, { 'content-range': 'lines 1-2' }],
    ['refuses in words that nobody knows', 418, {}],
  ])('and %s is asked again, but not without end', async (_how, status, headers) => {
    answers(3, (_offset, { response }) => void response.writeHead(status, headers).end());
    expect(hashOf((await transfers.download(file)).bytes)).toBe(hashOf(content));
    answers(1_000, (_offset, { response }) => void response.writeHead(status, headers).end());
    const target = new MemoryTarget();
    await expect(transfers.download(file, target)).rejects.toMatchObject({ name: 'Unavailable' });
    expect(target.kept).toBe(false);
    expect(transfers.files.asked.length).toBeLessThan(60);
  });

  it('and sends without end is left once the file is whole', async () => {
    answers(1, (_offset, { response }) => {
      response.writeHead(200);
      response.write(blob());
      // What is written to somebody who has left is done at once, with an error.
      const more = () => response.closed || response.write(blob(), () => setImmediate(more));
      more();
    });
    expect(hashOf((await transfers.download(file)).bytes)).toBe(hashOf(content));
  });

  it('and sends nothing for a while is left, and what it had sent is kept', async () => {
    transfers.stallFirstMs = 50;
    transfers.files.lie = ({ offset, response }) => {
      if (offset > 0) return false;
      response.writeHead(200, { 'content-length': blob().length });
      response.write(blob().subarray(0, 20 * SEALED_CHUNK_BYTES + 5));
      return true;
    };
    expect(hashOf((await transfers.download(file)).bytes)).toBe(hashOf(content));
    // A slow machine may be left before it has sent all of that.
    const [offset = 0] = transfers.files.asked.flatMap((one) => Number(one.slice('GET '.length)) || []);
    expect([offset % SEALED_CHUNK_BYTES, offset <= 20 * SEALED_CHUNK_BYTES]).toEqual([0, true]);
    expect(transfers.files.asked.at(-1)).toBe(`GET ${offset}`);
  });

  it('and sends a little less than a chunk each time is given up', async () => {
    answers(1_000, (offset, { response }) => {
      response.writeHead(offset === 0 ? 200 : 206, {
        'content-length': blob().length - offset,
        'content-range': `bytes ${offset}-${blob().length - 1}/${blob().length}`,
      });
      response.write(blob().subarray(offset, offset + SEALED_CHUNK_BYTES - 1), () => response.destroy());
    });
    await expect(transfers.download(file)).rejects.toMatchObject({ name: 'Unavailable' });
  });

  it('and sends one chunk each time gets it done', async () => {
    answers(1_000, (offset, { response }) => {
      response.writeHead(offset === 0 ? 200 : 206, {
        'content-length': blob().length - offset,
        'content-range': `bytes ${offset}-${blob().length - 1}/${blob().length}`,
      });
      response.write(blob().subarray(offset, offset + SEALED_CHUNK_BYTES), () => response.destroy());
    });
    expect(hashOf((await transfers.download(file)).bytes)).toBe(hashOf(content));
  });

  it('and takes no ticket is asked with others, but not without end', async () => {
    answers(2, (_offset, { response }) => refuse(response, 'bad_ticket'));
    expect(hashOf((await transfers.download(file)).bytes)).toBe(hashOf(content));
    const before = transfers.files.tickets.length;
    answers(1_000, (_offset, { response }) => refuse(response, 'bad_ticket'));
    await expect(transfers.download(file)).rejects.toMatchObject({ code: 'bad_ticket' });
    expect(transfers.files.tickets.length - before).toBeLessThan(40);
  });
});

it('a download that is stopped ends with the reason, and the next one goes on', async () => {
  const stop = new AbortController();
  const target = new MemoryTarget();
  const onProgress = ({ done }: { done: number }) => done > 0 && stop.abort(new Error('enough'));
  await expect(transfers.download(file, target, { signal: stop.signal, onProgress })).rejects.toThrow('enough');
  expect(target.bytes.length).toBeGreaterThan(0);
  await transfers.download(file, target);
  expect(hashOf(target.bytes)).toBe(hashOf(content));
  expect(transfers.files.asked.at(-1)).not.toBe('GET 0');
});

it('what the target throws is told as it is, and nothing is named', async () => {
  const target = new MemoryTarget();
  target.write = async () => {
    throw new Error('the disk is full');
  };
  await expect(transfers.download(file, target)).rejects.toThrow('the disk is full');
  expect(target.kept).toBe(false);
});
