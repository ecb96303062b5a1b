import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, Sent } from './sent.ts';

test('nothing waits where nothing is on its way', () => {
  const sent = new Sent();
  let called = false;
  sent.after(() => (called = true));
  expect(called).toBe(true);
});

test('each that waits is called once, in order, as soon as all that was sent before it has arrived', () => {
  const step = fc.oneof(fc.constant('send'), fc.constant('wait'), fc.nat({ max: 9 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const sent = new Sent();
      const underWay = new Map<number, Batch>();
      const waiting: { readonly name: number; readonly before: readonly number[] }[] = [];
      const called: number[] = [];
      let names = 0;
      const check = (): void => {
        // Who waits behind somebody else is not called before them.
        const free = waiting.findIndex(({ before }) => before.some((one) => underWay.has(one)));
        const due = waiting.slice(0, free < 0 ? waiting.length : free).map(({ name }) => name);
        expect(called).toEqual(due);
      };
      for (const one of steps) {
        names += 1;
        if (one === 'send') underWay.set(names, sent.add());
        else if (one === 'wait') {
          const name = names;
          waiting.push({ name, before: [...underWay.keys()] });
          sent.after(() => called.push(name));
        } else {
          const chosen = [...underWay][(one as number) % Math.max(1, underWay.size)];
          if (!chosen) continue;
          underWay.delete(chosen[0]);
          sent.arrived(chosen[1]);
        }
        check();
      }
      sent.clear();
      expect(called).toEqual(waiting.map(({ name }) => name));
    }),
  );
});
