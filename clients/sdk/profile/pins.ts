// What is known of other people's accounts, and of one's own: one record an address, changed in one transaction with its events.
import { appendEvents, type Context } from './context.ts';
import type { PinsPart } from './profile.ts';
import { PINS } from './spaces.ts';

export function pinsPart({ records, places }: Context): PinsPart {
  return {
    get: (address) => records.read((tx) => tx.get(PINS, places.pin(address))),

    list: () =>
      records.read(async (tx) => {
        const pins = (await tx.range(PINS, {})).map(({ value }) => value);
        return pins.sort((a, b) => (a.address < b.address ? -1 : 1));
      }),

    update: (address, change) =>
      records.write(async (tx) => {
        const key = places.pin(address);
        const now = await tx.get(PINS, key);
        const changed = change(now);
        if (changed === undefined) return now;
        tx.put(PINS, key, changed.pin);
        await appendEvents(tx, changed.events ?? []);
        return changed.pin;
      }),
  };
}
