// When a person was last seen by others. The mailbox is that of al@localhost; sessions that nobody may see are not told to it at all.
import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '#protocol/limits.ts';
import { AL, Box } from './mailbox.fixture.ts';

const START = 1_800_000_000_000; // on a minute
const SEEN = { command: { type: 'seen' } } as const;

/** What a gateway is told that asks. */
async function asked(box: Box): Promise<unknown> {
  await box.turn({ command: { type: 'seen.ask', inbox: 'gateway' } });
  const tells = box.plan.tells ?? [];
  expect(tells).toMatchObject([{ inbox: 'gateway', message: { type: 'seen', address: AL } }]);
  const [tell] = tells;
  return tell?.message.type === 'seen' ? tell.message.at : tell;
}

test('is unknown at first, then the minute in which it was said last, also to the next owner', async () => {
  const box = await Box.make(['a1']);
  expect(await asked(box)).toBeUndefined();
  box.now += 59_999;
  await box.turn(SEEN);
  expect(await asked(box)).toBe(START);
  box.now += 2 * HOUR_MS;
  await box.turn(SEEN);
  await box.crash();
  expect(await asked(box)).toBe(START + 2 * HOUR_MS);
});

test('is no matter of attached or used devices: those may be unseen', async () => {
  const box = await Box.make(['a1']);
  await box.attach('a1', 1);
  await box.turn(box.detach('a1', 1), { command: { type: 'used', device: 'a1' } });
  expect(await asked(box)).toBeUndefined();
});

test('costs a write a minute at most, however often the person comes and goes', async () => {
  const box = await Box.make(['a1']);
  let writes = 0;
  for (let times = 0; times < 120; times += 1) {
    await box.turn(SEEN);
    writes += (box.plan.afterwards?.removals ?? []).filter(({ type }) => type === 'seen').length;
    box.now += MINUTE_MS / 60;
  }
  expect(writes).toBe(2);
});

test('noted by a clock that was ahead is put right when the clock is', async () => {
  const box = await Box.make(['a1']);
  box.now += 365 * 24 * HOUR_MS;
  await box.turn(SEEN);
  box.now = START;
  await box.turn(SEEN);
  expect(await asked(box)).toBe(START);
});

test('is told of nobody whose account is deleted, nor kept', async () => {
  const box = await Box.make(['a1']);
  await box.turn(SEEN);
  await box.turn(box.account(2, [], true));
  expect(await asked(box)).toBeUndefined();
  await box.turn(SEEN);
  expect((await box.store.load(AL))?.seen).toBeUndefined();
});
