// A profile's records in memory: for load generators and tests. The same contract as on a disk (storage.contract.ts), without surviving anything.
import { compareBytes } from '#protocol/bytes.ts';
import { closed as closedProfile } from './problems.ts';
import type {
  Lock,
  LockName,
  ProfileStorage,
  Range,
  Row,
  SpaceNumber,
  StorageReader,
  StorageWriter,
} from './storage.ts';

/** What a directory is on a disk: several storages may be opened on one place. */
export class MemoryPlace {
  readonly spaces = new Map<SpaceNumber, Row[]>();
  readonly held = new Set<LockName>();
  readonly watchers = new Set<() => void>();
  mark = 0;
  /** The end of the last transaction: they run one after the other. */
  last: Promise<unknown> = Promise.resolve();
}

export function memoryStorage(place = new MemoryPlace()): ProfileStorage {
  const locks = new Set<Lock>();
  const watching = new Set<() => void>();
  let closed = false;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(closedProfile());
    const result = place.last.then(work);
    // Whoever asked hears of the failure; the next in turn does not.
    place.last = result.catch(() => undefined);
    return result;
  }

  async function close(): Promise<void> {
    closed = true;
    for (const stop of [...watching]) stop();
    for (const lock of [...locks]) lock.release();
    await place.last;
  }

  return {
    read: (work) => inTurn(() => work(new MemoryTransaction(place))),

    async write(work) {
      const result = await inTurn(async () => {
        const tx = new MemoryTransaction(place);
        try {
          return await work(tx);
        } catch (error) {
          tx.undo();
          throw error;
        }
      });
      for (const changed of [...place.watchers]) changed();
      return result;
    },

    async tryLock(name) {
      if (place.held.has(name)) return undefined;
      place.held.add(name);
      const lock: Lock = {
        release() {
          if (locks.delete(lock)) place.held.delete(name);
        },
      };
      locks.add(lock);
      return lock;
    },

    readMark: () => place.mark,
    writeMark(mark) {
      place.mark = mark;
    },

    watch(changed) {
      const watcher = () => changed();
      const stop = () => {
        place.watchers.delete(watcher);
        watching.delete(stop);
      };
      place.watchers.add(watcher);
      watching.add(stop);
      return stop;
    },

    async scrub() {},
    close,
    async erase() {
      await close();
      place.spaces.clear();
      place.mark = 0;
    },
  };
}

class MemoryTransaction implements StorageWriter, StorageReader {
  readonly #place: MemoryPlace;
  readonly #undo: (() => void)[] = [];

  constructor(place: MemoryPlace) {
    this.#place = place;
  }

  async get(space: SpaceNumber, key: Uint8Array): Promise<Uint8Array | undefined> {
    const rows = this.#rows(space);
    const row = rows[position(rows, key)];
    return row !== undefined && compareBytes(row.key, key) === 0 ? row.value : undefined;
  }

  async range(space: SpaceNumber, { from, to, reverse, limit }: Range): Promise<Row[]> {
    const rows = this.#rows(space);
    const start = from === undefined ? 0 : position(rows, from);
    const end = to === undefined ? rows.length : Math.max(start, position(rows, to));
    const most = limit ?? rows.length;
    if (reverse) return rows.slice(Math.max(start, end - most), end).reverse();
    return rows.slice(start, Math.min(end, start + most));
  }

  async count(space: SpaceNumber): Promise<number> {
    return this.#rows(space).length;
  }

  async put(space: SpaceNumber, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#replace(space, key, { key: key.slice(), value: value.slice() });
  }

  async delete(space: SpaceNumber, key: Uint8Array): Promise<void> {
    this.#replace(space, key, undefined);
  }

  undo(): void {
    for (const undo of this.#undo.reverse()) undo();
  }

  #replace(space: SpaceNumber, key: Uint8Array, row: Row | undefined): void {
    const rows = this.#rows(space);
    const at = position(rows, key);
    const found = rows[at];
    const before = found !== undefined && compareBytes(found.key, key) === 0 ? found : undefined;
    rows.splice(at, before ? 1 : 0, ...(row ? [row] : []));
    // Undone in reverse order, so the place is the same then.
    this.#undo.push(() => rows.splice(at, row ? 1 : 0, ...(before ? [before] : [])));
  }

  #rows(space: SpaceNumber): Row[] {
    const rows = this.#place.spaces.get(space) ?? [];
    this.#place.spaces.set(space, rows);
    return rows;
  }
}

/** Where this key is or would be. */
function position(rows: readonly Row[], key: Uint8Array): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && compareBytes(row.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
