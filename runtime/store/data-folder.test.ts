import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../config.ts';
import { StartError } from '../start-error.ts';
import { openData } from './data-folder.ts';

const facts = { domain: 'chat.example.org', partitions: 16 };
const schema = ['CREATE TABLE IF NOT EXISTS thing (id INTEGER PRIMARY KEY)'];

describe('the data folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Why it cannot be used. */
  const refusal = (data: string, other = {}): Promise<unknown> =>
    openData(data, { ...facts, ...other }, schema).then(
      () => undefined,
      (error: unknown) => error,
    );

  test('is made with all above it, for this user alone; each start has a greater epoch', async () => {
    const data = join(folder, 'a', 'b');
    for (const epoch of [1, 2, 3]) {
      const opened = await openData(data, facts, schema);
      expect(opened.epoch).toBe(epoch);
      await opened.database.close();
    }
    expect([join(folder, 'a'), data].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  test.skipIf(!existsSync('/proc'))('where none can be made is refused, and does not hang', async () => {
    const error = await refusal('/proc/nothing/data');
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toMatch(/data folder \/proc\/nothing\/data cannot be used: .*Choose a folder/);
  });

  test('that is a file, or below one, is refused', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const data of [file, join(file, 'data'), join(file, 'data', 'deep')]) {
      const error = await refusal(data);
      expect(error).toBeInstanceOf(StartError);
      expect(String(error)).toMatch(/cannot be used: .*Choose a folder that this user may write with --data\.$/);
    }
  });

  test('with a damaged database is refused', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'parley.db'), 'this is not a database'.repeat(100));
    expect(String(await refusal(join(folder, 'data')))).toMatch(/not a database\. Restore a backup/);
  });

  test('that another process uses is refused', async () => {
    const { database } = await openData(folder, facts, schema);
    expect(String(await refusal(folder))).toMatch(/locked\. Stop the other Parley server that uses it/);
    await database.close();
  });

  describe('of another deployment', () => {
    beforeEach(async () => {
      const { database, claim } = await openData(folder, facts, schema);
      await claim();
      await database.close();
    });

    test('by its domain is a wrong setting, and says which is right', async () => {
      const error = await refusal(folder, { domain: 'example.org' });
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).toMatch(/belongs to the domain chat\.example\.org.*Start with --domain chat\.example\.org/);
      expect(await refusal(folder)).toBeUndefined();
    });

    test('by its partitions is refused', async () => {
      const error = await refusal(folder, { partitions: 32 });
      expect(error).toBeInstanceOf(StartError);
      expect(String(error)).toMatch(/has 16 partitions.*Use the version that made it, or another --data/);
    });

    test('by its version is refused before anything is written to it', async () => {
      const file = join(folder, 'parley.db');
      const other = new DatabaseSync(file);
      other.exec("UPDATE meta SET value = '7' WHERE name = 'schema'; DROP TABLE thing");
      other.close();
      const error = await refusal(folder, { domain: 'example.org', partitions: 32 });
      expect(error).toBeInstanceOf(StartError);
      expect(String(error)).toMatch(/form of version 7.*reads \d+\. Use the version that made it, or another --data/);
      const after = new DatabaseSync(file);
      expect(after.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()).toEqual([{ name: 'meta' }]);
      expect(after.prepare("SELECT value FROM meta WHERE name = 'epoch'").all()).toEqual([{ value: '1' }]);
      after.close();
    });
  });
});
