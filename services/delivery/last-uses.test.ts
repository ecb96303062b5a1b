// When devices were used last. Devices of al@localhost are a1, a2, …; the sender is b1 of bo@localhost.
import { expect, test } from 'vitest';
import { HOUR_MS } from '#protocol/limits.ts';
import { LAST_USE_PRECISION_MS } from './last-uses.ts';
import { AL, Box } from './mailbox.fixture.ts';

const START = 1_800_000_000_000;
const used = (device: string) => ({ command: { type: 'used', device } }) as const;

/** What the mailbox answers to whom asks for it. */
async function asked(box: Box): Promise<unknown> {
  const command = { type: 'devices.used', reply: { inbox: 'gateway', re: 999 } } as const;
  await box.turn({ command });
  const message = box.answers.get(999);
  return message?.type === 'answer' && 'used' in message.answer ? message.answer.used : message;
}

test('a device that was never used has no time; one that is attached is used now; one that went, until then', async () => {
  const box = await Box.make(['a1', 'a2']);
  expect(await asked(box)).toEqual([]);
  await box.attach('a1', 1);
  box.now += 5 * HOUR_MS;
  expect(await asked(box)).toEqual([{ device: 'a1', at: START + 5 * HOUR_MS }]);
  await box.turn(box.detach('a1', 1));
  box.now += 5 * HOUR_MS;
  expect(await asked(box)).toEqual([{ device: 'a1', at: START + 5 * HOUR_MS }]);
});

test('a session that does not receive counts as well; a device that is not in use does not', async () => {
  const box = await Box.make(['a1']);
  await box.turn(used('a1'), used('a9'));
  expect(await asked(box)).toEqual([{ device: 'a1', at: START }]);
});

test('is known to the next owner: also of a device that stays attached for long, by its acks', async () => {
  const box = await Box.make(['a1']);
  await box.attach('a1', 1);
  box.now += 3 * HOUR_MS;
  await box.turn(box.message(1));
  await box.turn(box.ack('a1', 1, 1));
  await box.crash();
  expect(await asked(box)).toEqual([{ device: 'a1', at: START + 3 * HOUR_MS }]);
});

test('costs a write an hour at most, however often the device comes and goes', async () => {
  const box = await Box.make(['a1']);
  let writes = 0;
  const comeAndGo = async (session: number) => {
    for (const incoming of [box.attaching('a1', session), box.detach('a1', session)]) {
      await box.turn(incoming);
      writes += (box.plan.afterwards?.removals ?? []).filter(({ type }) => type === 'used').length;
    }
  };
  const times = 100;
  for (let session = 1; session <= times; session += 1) {
    await comeAndGo(session);
    box.now += LAST_USE_PRECISION_MS / times;
  }
  expect(writes).toBe(1);
  await comeAndGo(times + 1);
  expect(writes).toBe(2);
});

test('goes with a device that is revoked, for ever', async () => {
  const box = await Box.make(['a1', 'a2']);
  await box.turn(used('a1'), used('a2'));
  await box.turn(box.account(2, ['a2']));
  expect(await asked(box)).toEqual([{ device: 'a2', at: START }]);
  expect((await box.store.load(AL))?.used).toEqual({ a2: START });
});

test('noted by a clock that was years ahead is put right when the clock is', async () => {
  const box = await Box.make(['a1']);
  box.now += 3 * 365 * 24 * HOUR_MS;
  await box.turn(used('a1'));
  box.now = START;
  await box.turn(used('a1'));
  expect(await asked(box)).toEqual([{ device: 'a1', at: START }]);
});
