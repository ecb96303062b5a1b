import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { profileContract } from '../profile/profile.contract.ts';
import { storageContract } from '../profile/storage.contract.ts';
import { sqliteStorage } from './sqlite-storage.ts';

function newPlace() {
  const parent = mkdtempSync(join(tmpdir(), 'parley-profile-'));
  const directory = join(parent, 'p');
  return {
    open: () => sqliteStorage({ directory, create: true }),
    remove: () => rmSync(parent, { recursive: true, force: true }),
    directory,
  };
}

describe('SQLite storage', () => storageContract(newPlace));
describe('a profile on SQLite', () => profileContract(newPlace));

test('directory and files are for their owner alone', async () => {
  const place = newPlace();
  const storage = place.open();
  await storage.write((tx) => tx.put(1, Uint8Array.of(1), Uint8Array.of(1)));
  await storage.tryLock('printer');
  storage.writeMark(1);
  expect(statSync(place.directory).mode & 0o777).toBe(0o700);
  for (const file of ['profile.db', 'profile.db-wal', 'profile.db-shm', 'printer.lock', 'printed']) {
    expect(statSync(join(place.directory, file)).mode & 0o777).toBe(0o600);
  }
  await storage.close();
  place.remove();
});

test('the mark of what is printed has its room before anything is printed: a disk that fills up cannot make it be printed again', async () => {
  const place = newPlace();
  const storage = place.open();
  expect(storage.readMark()).toBe(0);
  expect(statSync(join(place.directory, 'printed')).size).toBe(8);
  await storage.close();
  place.remove();
});

test('what was overwritten is in no file once it is scrubbed, although another one has the profile open', async () => {
  const place = newPlace();
  const storage = place.open();
  const other = place.open();
  const [key, before] = [Uint8Array.of(1), new Uint8Array(64).fill(0xa7)];
  const isThere = () =>
    readdirSync(place.directory).some((name) =>
      readFileSync(join(place.directory, name)).includes(Buffer.from(before)),
    );
  await storage.write((tx) => tx.put(1, key, before));
  await other.read((tx) => tx.get(1, key));
  await storage.write((tx) => tx.put(1, key, new Uint8Array(64)));
  expect(isThere()).toBe(true);
  await storage.scrub();
  expect(isThere()).toBe(false);
  await Promise.all([storage.close(), other.close()]);
  place.remove();
});
