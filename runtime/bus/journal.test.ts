import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RequestError } from '#protocol/errors.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../store/sqlite.ts';
import { type BusHarness, busContract, command, Recorder } from './bus.contract.ts';
import { Journal } from './journal.ts';
import { JournalStore, journalSchema } from './journal-store.ts';

async function makeHarness(): Promise<BusHarness> {
  const root = mkdtempSync(join(tmpdir(), 'parley-'));
  let starts = 0;
  let file = join(root, 'a.db');
  const open: Database[] = [];
  return {
    async start() {
      for (const database of open.splice(0)) await database.close();
      const database = await openDatabase({ file, schema: journalSchema });
      starts += 1;
      const bus = new Journal({ store: new JournalStore(database), partitions: 16, inbox: `test/${starts}` });
      open.push(database);
      return bus;
    },
    async crash() {
      // The files as they are on disk this moment are what a crash leaves.
      const copy = join(root, `b${starts}.db`);
      for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
      file = copy;
    },
    async dispose() {
      for (const database of open) await database.close();
      rmSync(root, { recursive: true });
    },
  };
}

busContract('embedded', makeHarness);

describe('the journal', () => {
  test('refuses a publish that the disk has no room for, and goes on afterwards', async () => {
    let full = true;
    const stored: string[] = [];
    const store = {
      async change(added: readonly { body: string }[]) {
        if (full) throw new RequestError('no_space');
        stored.push(...added.map(({ body }) => body));
      },
      page: async () => [],
    } as unknown as JournalStore; // an injected ENOSPC: the two methods that the journal uses
    const bus = new Journal({ store, partitions: 1, inbox: 'x' });
    const recorder = new Recorder();
    bus.consume('mailbox', recorder);
    await expect(bus.publish([command('al@localhost', 1)])).rejects.toMatchObject({ code: 'no_space' });
    full = false;
    await bus.publish([command('al@localhost', 2)]);
    await recorder.until(1);
    expect(stored).toHaveLength(1);
  });
});
