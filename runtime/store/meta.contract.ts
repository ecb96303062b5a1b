// What every store keeps about itself, whatever it stands on.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StartError } from '../start-error.ts';
import type { PartitionEpochs, StoreMeta } from './meta.ts';

type Meta = StoreMeta & PartitionEpochs;
type MetaUnderTest = {
  /** Another instance on the same store, as another process would have it where the store can be shared. */
  another(forms?: readonly number[]): Meta;
  /** Makes the store look as if another version had made it. */
  pretendVersion(version: string): Promise<void>;
  close(): Promise<void>;
};

const FACTS = { domain: 'example.org', partitions: 16 };

export function metaContract(name: string, open: () => Promise<MetaUnderTest>): void {
  describe(name, () => {
    let under: MetaUnderTest;
    let meta: Meta;
    beforeEach(async () => {
      under = await open();
      meta = under.another();
    });
    afterEach(() => under.close());

    test('records domain and partitions at first start and refuses others ever after, saying which it has', async () => {
      await meta.claim(FACTS);
      await under.another().claim(FACTS);
      await expect(under.another().claim({ ...FACTS, domain: 'other.org' })).rejects.toThrow(
        'The data belongs to the domain example.org, not other.org.',
      );
      const more = under.another().claim({ ...FACTS, partitions: 32 });
      await expect(more).rejects.toBeInstanceOf(StartError);
      await expect(more).rejects.toThrow('The data has 16 partitions; this version of Parley uses 32.');
    });

    test('lets one of two first starts win that disagree', async () => {
      const domains = ['one.org', 'two.org'];
      const starts = await Promise.allSettled(domains.map((domain) => under.another().claim({ ...FACTS, domain })));
      expect(starts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    });

    test('takes data of its own form and of the one before, and refuses all others, saying which it reads and what to do', async () => {
      await under.another([7, 8]).claim(FACTS);
      await under.another([7, 8]).claim(FACTS);
      await under.another([8, 9]).claim(FACTS);
      for (const [version, advice] of [
        ['6', 'Start the version of Parley before this one on it first, or another '],
        ['9', 'Use the version that made it, or another '],
        ['a later one', 'Use the version that made it, or another '],
      ] as const) {
        await under.pretendVersion(version);
        const refused = under.another([7, 8]).claim(FACTS);
        await expect(refused).rejects.toBeInstanceOf(StartError);
        await expect(refused).rejects.toThrow(
          `The data has the form of version ${version}; this version of Parley reads 7 and 8. ${advice}`,
        );
      }
    });

    test('gives every taker of a partition a greater epoch, also those who take it at once', async () => {
      const epochs = [await meta.take('mailbox', 3), await under.another().take('mailbox', 3)];
      const atOnce = await Promise.all(Array.from({ length: 10 }, () => under.another().take('mailbox', 3)));
      expect([...epochs, ...atOnce.toSorted((a, b) => a - b)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    });

    test('counts each partition of each kind by itself', async () => {
      await meta.take('mailbox', 1);
      expect(await meta.take('mailbox', 11)).toBe(1);
      expect(await meta.take('account', 1)).toBe(1);
      expect(await meta.take('mailbox', 1)).toBe(2);
    });
  });
}
