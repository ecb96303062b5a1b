// A profile that version 1 wrote (its records, as they were stored then) is opened by this one.
import { expect, test } from 'vitest';
import { decodeBase64 } from '#protocol/base64.ts';
import { compareBytes } from '#protocol/bytes.ts';
import { readContent } from '../content/content.ts';
import { bulkNacl } from '../crypto/bulk.nacl.ts';
import { PASSWORD, random } from './example.fixture.ts';
import { MemoryPlace, memoryStorage } from './memory-storage.ts';
import { openProfile } from './open.ts';
import type { Profile } from './profile.ts';
import { HEADER_SPACE, PACKS } from './spaces.ts';
import type { ProfileStorage } from './storage.ts';
import { wasmStretch } from './stretch-wasm.ts';
import version1 from './version-1.fixture.json' with { type: 'json' };

function placeOfVersion1(): MemoryPlace {
  const place = new MemoryPlace();
  for (const [space, rows] of Object.entries(version1)) {
    const decoded = rows.map(([key = '', value = '']) => ({ key: decodeBase64(key), value: decodeBase64(value) }));
    place.spaces.set(Number(space), decoded);
  }
  return place;
}

const open = (storage: ProfileStorage) =>
  openProfile({ storage, random, stretch: wasmStretch, bulk: bulkNacl }, PASSWORD);
async function gulls(profile: Profile, now = 0): Promise<string[]> {
  const found = await profile.history.search({ text: 'MÖWE', limit: 100 }, now);
  return found.map(({ content }) => {
    const read = readContent(content);
    return read.kind === 'text' ? read.text : '';
  });
}

const ALL = [
  'Cy: Möwen, fifth',
  'To Cy: Möwen, fourth, which expires',
  'Bo: Möwen, third, which expires',
  'Cy: Möwen, second',
  'Bo: Möwen, first',
];

test('a profile of version 1 is searchable once it is opened, in the order of time, and again later', async () => {
  const place = placeOfVersion1();
  const before = place.spaces.get(HEADER_SPACE)?.[0]?.value ?? new Uint8Array(0);
  const profile = await open(memoryStorage(place));
  expect(await gulls(profile)).toEqual(ALL);
  await profile.close();
  const after = place.spaces.get(HEADER_SPACE)?.[0]?.value ?? new Uint8Array(0);
  expect(compareBytes(before, after)).not.toBe(0);
  const again = await open(memoryStorage(place));
  expect(await gulls(again)).toEqual(ALL);
  await again.close();
});

test('how far it is is told, from none to all, and nothing where it is done already', async () => {
  const place = placeOfVersion1();
  const told: (readonly [number, number])[] = [];
  const openTold = async () => {
    const upgrading = (done: number, of: number) => void told.push([done, of]);
    const deps = { storage: memoryStorage(place), random, stretch: wasmStretch, bulk: bulkNacl, upgrading };
    await (await openProfile(deps, PASSWORD)).close();
  };
  await openTold();
  const all = told.length - 1;
  expect(all).toBeGreaterThan(4);
  expect(told).toEqual(Array.from({ length: all + 1 }, (_, done) => [done, all]));
  await openTold();
  expect(told).toHaveLength(all + 1);
});

test('what had an expiry in version 1 goes from the packs, too', async () => {
  const profile = await open(memoryStorage(placeOfVersion1()));
  expect(await profile.history.deleteExpired(15_000_000)).toBe(1);
  expect(await gulls(profile)).toEqual(ALL.filter((_, i) => i !== 2));
  expect(await profile.history.deleteExpired(25_000_000)).toBe(1);
  expect(await gulls(profile)).toEqual(ALL.filter((text) => !text.includes('expires')));
  await profile.close();
});

test('two processes that open it at the same time pack it once', async () => {
  const place = placeOfVersion1();
  const profiles = await Promise.all([open(memoryStorage(place)), open(memoryStorage(place))]);
  for (const profile of profiles) expect(await gulls(profile)).toEqual(ALL);
  for (const profile of profiles) await profile.close();
});

test('who dies while it is packed leaves version 1, with nothing half done', async () => {
  const place = placeOfVersion1();
  const storage = memoryStorage(place);
  const dying: ProfileStorage = {
    ...storage,
    write: (work) =>
      storage.write(async (tx) => {
        await work(tx);
        throw new Error('killed');
      }),
  };
  await expect(open(dying)).rejects.toThrow('killed');
  expect(place.spaces.get(PACKS.number) ?? []).toEqual([]);
  const profile = await open(memoryStorage(place));
  expect(await gulls(profile)).toEqual(ALL);
  await profile.close();
});
