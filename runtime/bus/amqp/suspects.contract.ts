// What every store of suspects does, whatever it stands on.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Suspects } from '../bus.ts';

type SuspectsUnderTest = {
  /** Of this process, or of another on the same store. */
  another(): Suspects;
  close(): Promise<void>;
};

export function suspectsContract(name: string, open: () => Promise<SuspectsUnderTest>): void {
  describe(name, () => {
    let under: SuspectsUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    test('know a command that was noted before, by whomever, and no other', async () => {
      expect(await under.another().note('queue.1 inbox 7 0')).toBe(false);
      expect(await under.another().note('queue.1 inbox 7 0')).toBe(true);
      expect(await under.another().note('queue.1 inbox 7 1')).toBe(false);
    });

    test('forget a command that was decided', async () => {
      await under.another().note('queue.1 inbox 7 0');
      await under.another().clear('queue.1 inbox 7 0');
      expect(await under.another().note('queue.1 inbox 7 0')).toBe(false);
    });

    test('bear that a command is cleared that nobody noted', async () => {
      await under.another().clear('queue.1 inbox 7 0');
    });

    test('noted by two at once are new to one of them', async () => {
      const [a, b] = [under.another(), under.another()];
      const known = await Promise.all([a.note('queue.1 inbox 7 0'), b.note('queue.1 inbox 7 0')]);
      expect(known.toSorted()).toEqual([false, true]);
    });
  });
}
