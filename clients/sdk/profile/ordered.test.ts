// Whatever comes first at a device, all devices of a group show the same order.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeText } from '#protocol/bytes.ts';
import { exampleChain, exampleMessage } from './example.fixture.ts';
import { MemoryPlace, memoryStorage } from './memory-storage.ts';
import type { Profile, Received } from './profile.ts';
import { profileOn } from './profile-on.fixture.ts';

const TEAM = '#team@example.org';
const { start } = profileOn(() => {
  const place = new MemoryPlace();
  return { open: () => memoryStorage(place), remove: () => {} };
});

/** What happens at one device, in its own order: an own message is written, its number is heard, or others' messages come. */
type Step = { readonly write: number } | { readonly heard: number } | { readonly comes: number };

/** `author`: of number i + 1. `keys`: where each step falls at each device. */
const talk = fc
  .array(fc.nat(2), { minLength: 1, maxLength: 14 })
  .chain((authors) =>
    fc.record({ authors: fc.constant(authors), keys: fc.array(fc.nat(999), { minLength: 90, maxLength: 90 }) }),
  );

/** The steps of a device: what it wrote in the order of writing, the answers behind it, the others' in any order at all (late slots). */
function stepsOf(me: number, authors: readonly number[], keys: readonly number[]): Step[] {
  let key = me * 30;
  let written = 0;
  const steps = authors.flatMap((author, at): { readonly when: number; readonly step: Step }[] => {
    const [a = 0, b = 0] = [keys[key++], keys[key++]];
    if (author !== me) return [{ when: a, step: { comes: at } }];
    written = Math.max(written, Math.min(a, b));
    return [
      { when: written, step: { write: at } },
      { when: Math.max(a, b, written), step: { heard: at } },
    ];
  });
  return steps.sort((a, b) => a.when - b.when).map(({ step }) => step);
}

async function order(profile: Profile): Promise<(number | undefined)[]> {
  return (await profile.history.before(TEAM, 100)).map((line) => line.order);
}

test('all devices of a group show its messages in one order, whatever came first where', async () => {
  await fc.assert(
    fc.asyncProperty(talk, async ({ authors, keys }) => {
      const chains = [0, 1, 2].map((author) => {
        const orders = authors.flatMap((one, at) => (one === author ? [at + 1] : []));
        const from = `p${author}@example.org`;
        return exampleChain(orders.length, { from, conversation: TEAM, epoch: 1, joined: 0 }).map(
          (message, at): Received => ({ ...message, order: orders[at] ?? 0 }),
        );
      });
      const messageOf = (at: number) => chains[authors[at] ?? 0]?.find((message) => message.order === at + 1);
      for (const me of [0, 1, 2]) {
        const { profile } = await start();
        const queued = new Map<number, { readonly number: number; readonly mh: Uint8Array }>();
        for (const step of stepsOf(me, authors, keys)) {
          if ('comes' in step) {
            const message = messageOf(step.comes);
            if (message !== undefined) await profile.receiving.commitReceived({ messages: [message] });
          } else if ('write' in step) {
            const [item] = await profile.sending.enqueue([
              exampleMessage({ conversation: TEAM, group: 'team@example.org', content: encodeText('x') }),
            ]);
            if (item !== undefined) queued.set(step.write, item);
          } else {
            const { number, mh } = queued.get(step.heard) ?? { number: 0, mh: new Uint8Array(32) };
            await profile.sending.accepted([number], 1, [], [{ number, order: step.heard + 1, mh }]);
          }
          const now = await order(profile);
          // Numbers rise, and what waits for its own stands behind them, at every moment.
          const numbers = now.filter((one) => one !== undefined);
          expect(now).toEqual([...numbers.toSorted((a, b) => a - b), ...now.filter((one) => one === undefined)]);
        }
        expect(await order(profile)).toEqual(authors.map((_, at) => at + 1));
      }
    }),
    { numRuns: 25 },
  );
});
