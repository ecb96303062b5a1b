// What every BlobStore does, whatever it stands on. The fences are the point: two requests may bring the same part, only one may count.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProtocolError, Unavailable } from '#protocol/errors.ts';
import { DAY_MS, MIB } from '#protocol/limits.ts';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import { Conflict } from '#runtime/store/database.ts';
import type { BlobRecord, BlobStore } from './store.ts';

export type BlobStoreUnderTest = {
  readonly store: BlobStore;
  /** The same blobs, as another process finds them. */
  reopen(): Promise<BlobStore>;
  /** How many parts there are contents of, counted or not. */
  contents(): Promise<number>;
  close(): Promise<void>;
};

const AL = 'al@localhost';
const BO = 'bo@localhost';
const NOW = Date.now();
const LATER = NOW + DAY_MS;
/** When what was left behind is old enough. */
const MUCH_LATER = NOW + DAY_MS / 2;

export function newBlob(given: Partial<BlobRecord> = {}): BlobRecord {
  const blob = randomBytes(32).toString('base64');
  return { blob, owner: AL, device: 'a1', size: 1_000, stored: 0, expiresAt: LATER, ...given };
}

/** A body of these bytes, in pieces as a network brings them. */
export async function* bodyOf(bytes: Uint8Array, pieceBytes = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

export async function readAll(store: BlobStore, blob: string, from: number, to: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.read(blob, from, to)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** A body that brings `bytes` and then waits for `go`. */
async function* waiting(bytes: Uint8Array, reached: () => void, go: Promise<void>): AsyncGenerator<Uint8Array> {
  yield bytes;
  reached();
  await go;
}

export function blobStoreContract(name: string, open: () => Promise<BlobStoreUnderTest>): void {
  describe(name, () => {
    let under: BlobStoreUnderTest;
    let store: BlobStore;
    beforeEach(async () => {
      under = await open();
      store = under.store;
    });
    afterEach(() => under.close());

    const append = (blob: string, offset: number, bytes: Uint8Array, expiresAt = LATER, at = store): Promise<void> =>
      at.append(blob, { offset, bytes: bytes.length, expiresAt }, bodyOf(bytes));

    /** A blob of AL's with these parts. */
    async function stored(parts: readonly Uint8Array[], given: Partial<BlobRecord> = {}): Promise<BlobRecord> {
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      const record = newBlob({ size, ...given });
      await store.create(record);
      let offset = 0;
      for (const part of parts) {
        await append(record.blob, offset, part, record.expiresAt);
        offset += part.length;
      }
      return { ...record, stored: offset };
    }

    test('knows a blob once it was created, and for every process; the first of a name stays', async () => {
      const record = newBlob({ size: 5 * MIB });
      expect(await store.find(record.blob)).toBeUndefined();
      expect(await store.create(record)).toBe(true);
      expect(await store.create({ ...record, owner: BO, device: 'b1', size: 7 })).toBe(false);
      expect(await store.find(record.blob)).toEqual(record);
      expect(await (await under.reopen()).find(record.blob)).toEqual(record);
    });

    test('a blob grows by parts of any size, and any range of it is read back, in every process', async () => {
      const parts = [PART_BYTES, PART_BYTES, 1, 4_112].map((bytes) => randomBytes(bytes));
      const whole = Buffer.concat(parts);
      const record = await stored(parts);
      const { blob } = record;
      const again = await under.reopen();
      expect(await again.find(blob)).toEqual(record);
      expect((await readAll(again, blob, 0, whole.length)).equals(whole)).toBe(true);
      const ranges = [
        [0, 1],
        [PART_BYTES - 3, PART_BYTES + 3],
        [MIB - 1, MIB + 1],
        [2 * PART_BYTES, 2 * PART_BYTES + 2],
        [100, whole.length - 100],
        [whole.length - 1, whole.length],
        [7, 7],
      ] as const;
      for (const [from, to] of ranges) {
        expect((await readAll(store, blob, from, to)).equals(whole.subarray(from, to))).toBe(true);
      }
    });

    test('appending moves the time at which it expires', async () => {
      const record = await stored([randomBytes(10)], { size: 20 });
      await append(record.blob, 10, randomBytes(10), LATER + 5);
      expect(await store.find(record.blob)).toEqual({ ...record, stored: 20, expiresAt: LATER + 5 });
    });

    test('a part counts only after what is there: elsewhere, twice, or of an unknown blob it is a Conflict, and leaves nothing', async () => {
      const first = randomBytes(100);
      const { blob } = await stored([first]);
      for (const offset of [0, 50, 101]) {
        await expect(append(blob, offset, randomBytes(100))).rejects.toBeInstanceOf(Conflict);
      }
      await expect(append(newBlob().blob, 0, first)).rejects.toBeInstanceOf(Conflict);
      expect((await readAll(store, blob, 0, 100)).equals(first)).toBe(true);
      expect(await under.contents()).toBe(1);
    });

    test('of two that bring the same part at once, one wins whole; nothing of the other stays', async () => {
      const record = newBlob();
      await store.create(record);
      const other = await under.reopen();
      const bodies = [0, 1, 2, 3].map((n) => randomBytes(2 * MIB + n));
      const outcomes = await Promise.allSettled(
        bodies.map((bytes, n) => append(record.blob, 0, bytes, LATER, n % 2 === 0 ? store : other)),
      );
      const won = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [bodies[n] as Buffer] : []));
      expect(won).toHaveLength(1);
      const winner = won[0] as Buffer;
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Conflict);
      }
      expect(await store.find(record.blob)).toMatchObject({ stored: winner.length });
      expect((await readAll(store, record.blob, 0, winner.length)).equals(winner)).toBe(true);
      expect(await under.contents()).toBe(1);
    });

    test('a part that others overtook while its body came in is a Conflict', async () => {
      const record = newBlob();
      await store.create(record);
      const slow = randomBytes(200);
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const { promise: gone, resolve: go } = Promise.withResolvers<void>();
      const late = store.append(record.blob, { offset: 0, bytes: 200, expiresAt: LATER }, waiting(slow, reach, gone));
      await reached;
      const quick = randomBytes(300);
      await append(record.blob, 0, quick);
      go();
      await expect(late).rejects.toBeInstanceOf(Conflict);
      expect((await readAll(store, record.blob, 0, 300)).equals(quick)).toBe(true);
    });

    test('a body that breaks off, or has another length than was said, stores nothing', async () => {
      const { blob } = await stored([randomBytes(100)], { size: 5 * MIB });
      const cut = new Error('the connection is cut');
      const breaksOff = async function* () {
        yield randomBytes(3 * MIB);
        throw cut;
      };
      const part = { offset: 100, bytes: 4 * MIB, expiresAt: LATER };
      await expect(store.append(blob, part, breaksOff())).rejects.toBe(cut);
      for (const bytes of [4 * MIB - 1, 4 * MIB + 1]) {
        await expect(store.append(blob, part, bodyOf(randomBytes(bytes)))).rejects.toBeInstanceOf(ProtocolError);
      }
      expect(await store.find(blob)).toMatchObject({ stored: 100 });
      expect(await under.contents()).toBe(1);
      await append(blob, 100, randomBytes(4 * MIB));
      expect(await store.find(blob)).toMatchObject({ stored: 100 + 4 * MIB });
    });

    test('what is not stored cannot be read', async () => {
      const { blob } = await stored([randomBytes(100)], { size: 200 });
      await expect(readAll(store, blob, 0, 101)).rejects.toBeInstanceOf(Unavailable);
      await expect(readAll(store, blob, 150, 160)).rejects.toBeInstanceOf(Unavailable);
      await expect(readAll(store, newBlob().blob, 0, 1)).rejects.toBeInstanceOf(Unavailable);
    });

    test('who stops reading in the middle leaves nothing open', async () => {
      const { blob } = await stored([randomBytes(PART_BYTES)]);
      for await (const piece of store.read(blob, 0, PART_BYTES)) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      await store.remove(blob);
      expect(await under.contents()).toBe(0);
    });

    test('blobs take as much as they will have once they are whole, each owner their own', async () => {
      expect(await store.usage()).toEqual({ blobs: 0, bytes: 0 });
      await stored([randomBytes(10)], { size: 16 * 1024 * MIB });
      await stored([], { size: 5 });
      await stored([], { size: 7, owner: BO });
      expect(await store.usage(AL)).toEqual({ blobs: 2, bytes: 16 * 1024 * MIB + 5 });
      expect(await store.usage(BO)).toEqual({ blobs: 1, bytes: 7 });
      expect(await store.usage('cy@localhost')).toEqual({ blobs: 0, bytes: 0 });
      expect(await store.usage()).toEqual({ blobs: 3, bytes: 16 * 1024 * MIB + 12 });
    });

    test('a blob is removed with all of its content, and others stay', async () => {
      const kept = randomBytes(100);
      const { blob: other } = await stored([kept]);
      const { blob } = await stored([randomBytes(2 * MIB), randomBytes(100)]);
      expect(await under.contents()).toBe(3);
      await store.remove(blob);
      await store.remove(blob);
      expect(await store.find(blob)).toBeUndefined();
      expect(await under.contents()).toBe(1);
      await expect(readAll(store, blob, 0, 1)).rejects.toBeInstanceOf(Unavailable);
      expect((await readAll(store, other, 0, 100)).equals(kept)).toBe(true);
    });

    test('a part of a blob that is removed while its body comes in is a Conflict, and leaves nothing', async () => {
      const record = newBlob();
      await store.create(record);
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const { promise: gone, resolve: go } = Promise.withResolvers<void>();
      const body = waiting(randomBytes(200), reach, gone);
      const late = store.append(record.blob, { offset: 0, bytes: 200, expiresAt: LATER }, body);
      await reached;
      await (await under.reopen()).remove(record.blob);
      go();
      await expect(late).rejects.toBeInstanceOf(Conflict);
      expect(await store.find(record.blob)).toBeUndefined();
      expect(await under.contents()).toBe(0);
    });

    test('a sweep removes what has expired, so many at a time, and nothing else', async () => {
      const expired = [];
      for (let n = 0; n < 3; n += 1) expired.push(await stored([randomBytes(10)], { expiresAt: NOW + n }));
      const record = await stored([randomBytes(10)], { expiresAt: NOW + 3 });
      expect(await store.sweep(NOW + 3, 2)).toBe(2);
      expect(await store.sweep(NOW + 3, 2)).toBe(1);
      expect(await store.sweep(NOW + 3, 2)).toBe(0);
      for (const { blob } of expired) expect(await store.find(blob)).toBeUndefined();
      expect(await store.find(record.blob)).toEqual(record);
      expect(await under.contents()).toBe(1);
    });

    test('a sweep leaves alone what is being stored', async () => {
      const record = newBlob();
      await store.create(record);
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const { promise: gone, resolve: go } = Promise.withResolvers<void>();
      const bytes = randomBytes(200);
      const under = store.append(record.blob, { offset: 0, bytes: 200, expiresAt: LATER }, waiting(bytes, reach, gone));
      await reached;
      await store.sweep(NOW, 10);
      go();
      await under;
      expect((await readAll(store, record.blob, 0, 200)).equals(bytes)).toBe(true);
      await store.sweep(MUCH_LATER, 10);
      expect((await readAll(store, record.blob, 0, 200)).equals(bytes)).toBe(true);
    });
  });
}
