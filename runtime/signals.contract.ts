// What every carrier of signals does. They may be lost, so a suite may ask for no more than this: each implementation runs it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SIGNAL_ADDRESSES_MAX, type Signal, type SignalOf } from '#protocol/commands.ts';
import { ADDRESS_MAX_CHARS } from '#protocol/limits.ts';
import type { Signals } from './signals.ts';

/** Instances of one deployment: what one sends, all hear. One process has but one. */
export interface SignalsHarness {
  readonly instances: readonly [Signals, ...Signals[]];
  /** Resolves once all that was sent has been heard, or lost. */
  settled(): Promise<void>;
  dispose(): Promise<void>;
}

const signal = (device: string): SignalOf<'revoked'> => ({
  type: 'revoked',
  address: 'al@localhost',
  device,
  deleted: false,
});

export function signalsContract(name: string, makeHarness: () => Promise<SignalsHarness>): void {
  describe(`the signals ${name}`, () => {
    let harness: SignalsHarness;
    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(() => harness.dispose());

    /** Lets every instance listen, twice; returns what each listener heard. */
    function listen(): readonly Signal[][] {
      return harness.instances.flatMap((instance) =>
        [0, 1].map(() => {
          const heard: Signal[] = [];
          instance.onSignal((one) => heard.push(one));
          return heard;
        }),
      );
    }

    test('every listener of every instance hears what any instance sends, unchanged, the sender too', async () => {
      const listeners = listen();
      for (const [i, instance] of harness.instances.entries()) instance.send(signal(`device ${i}`));
      await harness.settled();
      const sent = harness.instances.map((_, i) => signal(`device ${i}`));
      for (const heard of listeners) expect(new Set(heard)).toEqual(new Set(sent));
    });

    test('every kind of signal is heard as it was sent, at its longest too', async () => {
      const listeners = listen();
      const longest = Array.from({ length: SIGNAL_ADDRESSES_MAX }, () => 'x'.repeat(ADDRESS_MAX_CHARS));
      const [gateway, from, group] = ['0123456789abcdef', 'al@localhost', 'team@localhost'];
      const sent: Signal[] = [
        { ...signal('a1'), deleted: true },
        { type: 'presence', gateway, here: longest, gone: longest },
        { type: 'presence', gateway, here: [], gone: [from] },
        { type: 'presence.ask', gateway, addresses: longest },
        { type: 'typing', from, to: longest },
        { type: 'typing', from, to: ['bo@localhost'], group },
      ];
      for (const one of sent) harness.instances[0].send(one);
      await harness.settled();
      for (const heard of listeners) expect(heard).toEqual(sent);
    });

    test('what one instance sends is heard in its order', async () => {
      const listeners = listen();
      const sent = Array.from({ length: 100 }, (_, n) => signal(`device ${n}`));
      for (const one of sent) harness.instances[0].send(one);
      await harness.settled();
      for (const heard of listeners) expect(heard).toEqual(sent);
    });

    test('what was sent before somebody listens is lost, and sending it harms nobody', async () => {
      harness.instances[0].send(signal('early'));
      await harness.settled();
      const listeners = listen();
      harness.instances[0].send(signal('late'));
      await harness.settled();
      for (const heard of listeners) expect(heard).toEqual([signal('late')]);
    });
  });
}
