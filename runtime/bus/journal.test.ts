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
    async make() {
      for (const database of open.splice(0)) await database.close();
      const database = await openDatabase({ file, schema: journalSchema });
      starts += 1;
      const bus = new Journal({ store: new JournalStore(database), partitions: 16, epoch: starts });
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

/** A disk that the test fills and holds: what the journal wrote to it, in the order of the commits. */
class Disk {
  readonly rows = new Map<number, string>();
  full = false;
  commits = 0;
  #gate: Promise<void> | undefined;
  #watchers: (() => void)[] = [];

  /** Holds the next commits until the returned function is called. */
  hold(): () => void {
    let open = () => {};
    this.#gate = new Promise((resolve) => {
      open = () => {
        this.#gate = undefined;
        resolve();
      };
    });
    return open;
  }

  async begun(count: number): Promise<void> {
    while (this.commits < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async change(added: readonly { id: number; body: string }[], removed: readonly number[]): Promise<void> {
    this.commits += 1;
    for (const wake of this.#watchers.splice(0)) wake();
    await this.#gate;
    if (this.full && added.length > 0) throw new RequestError('no_space');
    for (const id of removed) this.rows.delete(id);
    for (const { id, body } of added) this.rows.set(id, body);
  }

  page = async () => [];
}

describe('what is relayed', () => {
  const start = () => {
    const disk = new Disk();
    const store = disk as unknown as JournalStore; // the two methods that the journal uses
    const bus = new Journal({ store, partitions: 1, epoch: 1 });
    const recorder = new Recorder();
    bus.consume('mailbox', recorder);
    return { disk, bus, recorder };
  };

  test('never meets the disk if it is settled soon', async () => {
    const { disk, bus, recorder } = start();
    const relayed = bus.relay([command('al@localhost', 1), command('bo@localhost', 2)]);
    for (const delivery of recorder.deliveries) delivery.settle();
    await relayed;
    await bus.close();
    expect(disk.commits).toBe(0);
  });

  test('is written for what of it is not settled', async () => {
    const { disk, bus, recorder } = start();
    const relayed = bus.relay([command('al@localhost', 1), command('bo@localhost', 2)]);
    recorder.deliveries[0]?.settle();
    await relayed;
    expect([...disk.rows.values()]).toEqual([JSON.stringify([command('bo@localhost', 2)])]);
    recorder.deliveries[1]?.settle();
    await disk.begun(2);
    expect(disk.rows.size).toBe(0);
  });

  test('is written by close, unless it is settled', async () => {
    const { disk, bus, recorder } = start();
    const relayed = bus.relay([command('al@localhost', 1)]);
    void bus.relay([command('al@localhost', 2)]);
    recorder.deliveries[1]?.settle();
    await bus.close();
    await relayed;
    expect([...disk.rows.values()]).toEqual([JSON.stringify([command('al@localhost', 1)])]);
  });

  test('and settled while its row is being written: the row is removed', async () => {
    const { disk, bus, recorder } = start();
    const open = disk.hold();
    const relayed = bus.relay([command('al@localhost', 1)]);
    await disk.begun(1);
    recorder.deliveries[0]?.settle();
    open();
    await relayed;
    expect(disk.rows.size).toBe(1);
    await disk.begun(2);
    await bus.close();
    expect(disk.rows.size).toBe(0);
  });

  test('waits for a disk that is full, is handed out once, and is written when there is room', async () => {
    const { disk, bus, recorder } = start();
    disk.full = true;
    const relayed = bus.relay([command('al@localhost', 1), command('al@localhost', 2)]);
    const settled = bus.relay([command('al@localhost', 3)]);
    await disk.begun(1);
    recorder.deliveries[2]?.settle();
    await settled; // that needs no room
    recorder.deliveries[0]?.settle();
    disk.full = false;
    await relayed;
    expect(recorder.deliveries).toHaveLength(3);
    expect([...disk.rows.values()]).toEqual([JSON.stringify([command('al@localhost', 2)])]);
    recorder.deliveries[1]?.settle();
    await disk.begun(disk.commits + 1);
    expect(disk.rows.size).toBe(0);
  });

  test('and has no room does not hold up the removal of what is settled', async () => {
    const { disk, bus, recorder } = start();
    await bus.publish([command('al@localhost', 1)]);
    disk.full = true;
    void bus.relay([command('al@localhost', 2)]);
    recorder.deliveries[0]?.settle();
    await disk.begun(3); // the row, relay and removal in vain, the removal alone
    await bus.close();
    expect(disk.rows.size).toBe(0);
  });
});

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
    const bus = new Journal({ store, partitions: 1, epoch: 1 });
    const recorder = new Recorder();
    bus.consume('mailbox', recorder);
    await expect(bus.publish([command('al@localhost', 1)])).rejects.toMatchObject({ code: 'no_space' });
    full = false;
    await bus.publish([command('al@localhost', 2)]);
    await recorder.until(1);
    expect(stored).toHaveLength(1);
  });
});
