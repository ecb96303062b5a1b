// What every ProfileStorage does. `place` makes a new empty place; storages opened on one place share it, as processes do.
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { compareBytes, toHex } from '#protocol/bytes.ts';
import type { ProfileStorage } from './storage.ts';

export type StoragePlace = { open(): ProfileStorage; remove(): void };

const key = (...bytes: number[]) => Uint8Array.from(bytes);
const short = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });

export function storageContract(newPlace: () => StoragePlace): void {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function place(): { open(): ProfileStorage } {
    const made = newPlace();
    ends.push(() => made.remove());
    return {
      open() {
        const storage = made.open();
        ends.push(() => storage.close());
        return storage;
      },
    };
  }

  test('what one transaction wrote, the next and another storage of the place read', async () => {
    const at = place();
    const storage = at.open();
    await storage.write((tx) => tx.put(1, key(1), key(9)));
    expect(await storage.read((tx) => tx.get(1, key(1)))).toEqual(key(9));
    expect(await at.open().read((tx) => tx.get(1, key(1)))).toEqual(key(9));
    expect(await storage.read((tx) => tx.get(2, key(1)))).toBeUndefined();
  });

  test('a transaction that throws changes nothing', async () => {
    const storage = place().open();
    await storage.write((tx) => tx.put(1, key(1), key(1)));
    const failing = storage.write(async (tx) => {
      await tx.put(1, key(1), key(2));
      await tx.put(1, key(2), key(2));
      await tx.delete(1, key(1));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await storage.read((tx) => tx.range(1, {}))).toEqual([{ key: key(1), value: key(1) }]);
  });

  test('transactions of two storages of one place never overlap', async () => {
    const at = place();
    const storages = [at.open(), at.open()];
    const add = (storage: ProfileStorage) =>
      storage.write(async (tx) => {
        const now = (await tx.get(1, key(1)))?.[0] ?? 0;
        await tx.put(1, key(1), key(now + 1));
      });
    await Promise.all(Array.from({ length: 50 }, (_, i) => add(storages[i % 2] as ProfileStorage))); // two storages
    expect(await storages[0]?.read((tx) => tx.get(1, key(1)))).toEqual(key(50));
  });

  test('ranges, counts and look-ups agree with a sorted list, whatever was written and deleted', async () => {
    const change = fc.record({ key: short, value: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined }) });
    const range = fc.record({ from: short, to: short, reverse: fc.boolean(), limit: fc.nat(5) }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 30 }),
        fc.array(range, { maxLength: 10 }),
        async (changes, ranges) => {
          const made = newPlace();
          const storage = made.open();
          const model = new Map<string, { key: Uint8Array; value: Uint8Array }>();
          await storage.write(async (tx) => {
            for (const { key, value } of changes) {
              if (value === undefined) {
                model.delete(toHex(key));
                await tx.delete(3, key);
              } else {
                model.set(toHex(key), { key, value });
                await tx.put(3, key, value);
              }
            }
          });
          const sorted = [...model.values()].sort((a, b) => compareBytes(a.key, b.key));
          await storage.read(async (tx) => {
            expect(await tx.count(3)).toBe(sorted.length);
            for (const asked of ranges) {
              const { from, to, reverse, limit } = asked;
              let rows = sorted.filter(
                (row) => (!from || compareBytes(row.key, from) >= 0) && (!to || compareBytes(row.key, to) < 0),
              );
              if (reverse) rows = rows.reverse();
              const plain = (await tx.range(3, asked)).map((row) => ({
                key: new Uint8Array(row.key),
                value: new Uint8Array(row.value),
              }));
              expect(plain).toEqual(rows.slice(0, limit ?? rows.length));
            }
          });
          await storage.close();
          made.remove();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a lock has one holder; release and close free it', async () => {
    const at = place();
    const [one, two] = [at.open(), at.open()];
    const held = await one.tryLock('receiver');
    expect(held).toBeDefined();
    expect(await one.tryLock('receiver')).toBeUndefined();
    expect(await two.tryLock('receiver')).toBeUndefined();
    expect(await two.tryLock('printer')).toBeDefined();
    held?.release();
    held?.release();
    const other = await two.tryLock('receiver');
    expect(other).toBeDefined();
    expect(await one.tryLock('receiver')).toBeUndefined();
    await two.close();
    expect(await one.tryLock('receiver')).toBeDefined();
  });

  test('the mark is 0 at first and shared', () => {
    const at = place();
    const [one, two] = [at.open(), at.open()];
    expect(one.readMark()).toBe(0);
    one.writeMark(2 ** 40);
    expect(two.readMark()).toBe(2 ** 40);
  });

  test('a watcher hears of commits by its own and by another storage, until it stops', async () => {
    const at = place();
    const [one, two] = [at.open(), at.open()];
    for (const [value, writer] of [one, two].entries()) {
      const heard = Promise.withResolvers<void>();
      const stop = one.watch(heard.resolve);
      await writer.write((tx) => tx.put(1, key(1), key(value)));
      await heard.promise;
      stop();
    }
  });

  test('after erase nothing is left, and the place can be used anew', async () => {
    const at = place();
    const storage = at.open();
    await storage.write((tx) => tx.put(0, key(0), key(7)));
    storage.writeMark(5);
    await storage.erase({ space: 0, key: key(0) });
    const again = at.open();
    expect(await again.read((tx) => tx.get(0, key(0)))).toBeUndefined();
    expect(again.readMark()).toBe(0);
  });
}
