// Uploads under way, on whatever storage.
import { expect, test } from 'vitest';
import { concat } from '#protocol/bytes.ts';
import { random } from './example.fixture.ts';
import type { ProfileOn } from './profile-on.fixture.ts';

const FILE = { place: '/home/al/film.mp4', size: 10_000_000, retention: 1_000 };
const fresh = () => ({ blob: random(32), key: random(32) });

export function uploadingContract({ start }: ProfileOn): void {
  test('an upload is gone on with, also by another process, from what was noted of it in order', async () => {
    const { profile, again } = await start();
    expect(await profile.uploads.resume(FILE, 'a', 1)).toBeUndefined();
    const upload = fresh();
    await profile.uploads.begin(FILE, 'a', upload, 1);
    const parts = [random(64 * 32), random(64 * 32), random(32)];
    for (const [part, hashes] of parts.entries())
      expect(await profile.uploads.note(FILE, 'a', { part, hashes }, 2)).toBe(true);
    await expect(profile.uploads.note(FILE, 'a', { part: 7, hashes: random(32) }, 2)).rejects.toThrow(RangeError);
    const resumed = await (await again()).uploads.resume(FILE, 'b', 3);
    expect(resumed).toEqual({ ...upload, hashes: concat(...parts) });
  });

  test.each([
    ['at another place', { ...FILE, place: '/home/al/film.mp5' }],
    ['of another size', { ...FILE, size: FILE.size + 1 }],
    ['that is to be kept for another time', { ...FILE, retention: 1_001 }],
  ])('a file %s is another upload', async (_what, other) => {
    const { profile } = await start();
    await profile.uploads.begin(FILE, 'a', fresh(), 1);
    expect(await profile.uploads.resume(other, 'a', 1)).toBeUndefined();
  });

  test('who resumes or begins has the upload alone: others can neither note nor forget anything of it', async () => {
    const { profile, again } = await start();
    const other = await again();
    await profile.uploads.begin(FILE, 'a', fresh(), 1);
    await profile.uploads.note(FILE, 'a', { part: 0, hashes: random(64 * 32) }, 1);
    const taken = await other.uploads.resume(FILE, 'b', 1);
    expect(await profile.uploads.note(FILE, 'a', { part: 1, hashes: random(64 * 32) }, 1)).toBe(false);
    await profile.uploads.forget(FILE, 'a');
    expect(await other.uploads.resume(FILE, 'b', 1)).toEqual(taken);
    const begun = fresh();
    await profile.uploads.begin(FILE, 'c', begun, 1);
    expect(await other.uploads.note(FILE, 'b', { part: 1, hashes: random(64 * 32) }, 1)).toBe(false);
    expect(await profile.uploads.resume(FILE, 'c', 1)).toEqual({ ...begun, hashes: new Uint8Array(0) });
  });

  test('what is forgotten is gone, and so is what nobody went on with', async () => {
    const { profile, place } = await start();
    const other = { ...FILE, place: '/another' };
    for (const file of [FILE, other]) {
      await profile.uploads.begin(file, 'a', fresh(), 1);
      await profile.uploads.note(file, 'a', { part: 0, hashes: random(64 * 32) }, 5);
    }
    await profile.uploads.forget(other, 'a');
    expect(await profile.uploads.resume(other, 'a', 1)).toBeUndefined();
    expect(await profile.uploads.forgetAbandoned(5)).toBe(0);
    expect(await profile.uploads.forgetAbandoned(6)).toBe(1);
    expect(await profile.uploads.note(FILE, 'a', { part: 1, hashes: random(64 * 32) }, 7)).toBe(false);
    expect(await profile.uploads.resume(FILE, 'a', 7)).toBeUndefined();
    const storage = place.open();
    expect(await storage.read(async (tx) => [await tx.count(25), await tx.count(26)])).toEqual([0, 0]);
    await storage.close();
  });
}
