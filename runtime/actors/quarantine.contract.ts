// What every quarantine does, whatever it stands on.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Addressed } from '#protocol/commands.ts';
import type { Quarantine } from './turns.ts';

/** A command as an operator finds it; `command` is JSON. */
export type KeptCommand = {
  readonly at: number;
  readonly kind: string;
  readonly key: string;
  readonly command: string;
  readonly reason: string;
};

type QuarantineUnderTest = {
  /** Of this process, or of another on the same store. */
  another(): Promise<Quarantine>;
  kept(): Promise<readonly KeptCommand[]>;
  close(): Promise<void>;
};

/** `open` makes an empty quarantine whose clock says `now`. */
export function quarantineContract(name: string, open: (now: () => number) => Promise<QuarantineUnderTest>): void {
  const poison = (user: string): Addressed => ({ kind: 'mailbox', key: user, command: { type: 'sweep' } });
  const text = JSON.stringify({ type: 'sweep' });

  describe(name, () => {
    let now: number;
    let under: QuarantineUnderTest;
    beforeEach(async () => {
      now = 1_800_000_000_000;
      under = await open(() => now);
    });
    afterEach(() => under.close());

    test('keeps commands with their actor, time and reason', async () => {
      const quarantine = await under.another();
      await quarantine.keep(poison('al@localhost'), 'TypeError: no');
      now += 1;
      await quarantine.keep(poison('$bo.x@localhost'), 'RangeError: "quoted"');
      const kept = (await under.kept()).toSorted((a, b) => a.at - b.at);
      expect(kept).toEqual([
        { at: now - 1, kind: 'mailbox', key: 'al@localhost', command: text, reason: 'TypeError: no' },
        { at: now, kind: 'mailbox', key: '$bo.x@localhost', command: text, reason: 'RangeError: "quoted"' },
      ]);
    });

    test('keeps a command once that is brought again after a crash, as it was first brought', async () => {
      await (await under.another()).keep(poison('al@localhost'), 'first');
      now += 1;
      await (await under.another()).keep(poison('al@localhost'), 'second');
      expect(await under.kept()).toMatchObject([{ at: now - 1, reason: 'first' }]);
    });
  });
}
