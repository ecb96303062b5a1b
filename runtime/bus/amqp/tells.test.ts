import { expect, test } from 'vitest';
import { command } from '../bus.contract.ts';
import { Tells } from './tells.ts';

test('a tell waits for its owner, in order, but not for ever and not without bound', () => {
  const tells = new Tells();
  tells.keep(command('al', 1), 0);
  tells.keep(command('bo', 2), 5_000);
  tells.keep(command('al', 3), 5_000);
  expect(tells.take(({ key }) => key === 'bo', 6_000)).toEqual([command('bo', 2)]);
  expect(tells.take(() => true, 10_000)).toEqual([command('al', 3)]);
  for (let n = 0; n < 2_000; n += 1) tells.keep(command('al', n), 10_000);
  const kept = tells.take(() => true, 10_000);
  expect(kept).toHaveLength(1_024);
  expect(kept.at(-1)).toEqual(command('al', 1_999));
});
