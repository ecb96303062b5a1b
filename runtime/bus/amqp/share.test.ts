import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shareOf } from './share.ts';

const instances = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 20 });
const partitions = fc.integer({ min: 1, max: 64 });

describe('the share', () => {
  test('gives every partition one owner, and nobody more than ceil(P / n)', () => {
    fc.assert(
      fc.property(instances, partitions, (names, count) => {
        const places = shareOf('mailbox', count, names);
        expect(places).toHaveLength(count);
        for (const name of names) {
          const own = places.filter(({ owner }) => owner === name).length;
          expect(own).toBeLessThanOrEqual(Math.ceil(count / names.length));
        }
        for (const { owner } of places) expect(names).toContain(owner);
      }),
    );
  });

  test('has one standby beside each owner, another instance, as soon as there are two', () => {
    fc.assert(
      fc.property(instances, partitions, (names, count) => {
        for (const { owner, standby } of shareOf('mailbox', count, names)) {
          expect(standby === undefined).toBe(names.length === 1);
          expect(standby).not.toBe(owner);
        }
      }),
    );
  });

  test('is the same whatever the order in which the instances became known', () => {
    fc.assert(
      fc.property(instances, partitions, (names, count) => {
        expect(shareOf('account', count, [...names].reverse())).toEqual(shareOf('account', count, names));
      }),
    );
  });

  test('of nobody is nothing', () => {
    expect(shareOf('mailbox', 16, [])).toEqual([]);
  });
});
