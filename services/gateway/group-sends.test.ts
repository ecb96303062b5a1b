// What a gateway does with messages to groups: one command for the group's actor, with the windows and refusals of any send.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ZERO_HASH } from '#protocol/envelope.ts';
import type { Wire } from '../../test/wire.fixture.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';
import { Gateway } from './gateway.fixture.ts';

const al = new WirePerson('al@localhost');
const bo = new WirePerson('bo@localhost');
const GROUP = 'team@localhost';
const KEY = '#team@localhost';

let gateway: Gateway;
let wire: Wire;
beforeEach(async () => {
  gateway = await Gateway.start();
  wire = await gateway.session(al);
});
afterEach(() => gateway.stop());

const message = (seq: number) => {
  const conversation = { kind: 'group', group: new Uint8Array(32).fill(9) } as const;
  return { type: 'send' as const, group: GROUP, ...al.message(bo, { conversation, head: ZERO_HASH, seq }) };
};
/** What the actor of the group was given. */
const given = () =>
  gateway.bus.published.flatMap(({ kind, key, command }) =>
    kind === 'group' && command.type === 'send' ? [{ key, ...command }] : [],
  );

test('a message to a group goes to its actor, whose answer is the client’s', async () => {
  const answer = wire.request(message(1));
  while (given().length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [command] = given();
  expect(command).toMatchObject({ key: KEY, message: { from: al.address, seq: 1 } });
  expect(await gateway.unanswered()).toMatchObject({ asks: 1 });
  gateway.bus.answer(command?.reply.re ?? 0, { receivedAt: 5, number: 7, mh: 'mh' });
  expect(await answer).toMatchObject({ type: 'ok', receivedAt: 5, number: 7, mh: 'mh' });
  expect(await gateway.unanswered()).toEqual({ asks: 0, bytes: 0 });
});

test('a group whose partition is behind takes no messages for now; their recipients’ mailboxes do not matter', async () => {
  gateway.bus.lags.set(KEY, 5_001);
  expect(await wire.refusal(message(1))).toBe('busy');
  gateway.bus.lags.clear();
  gateway.bus.lags.set(bo.address, 5_001);
  expect(await wire.refusal(message(2))).toBe('earlier_refused');
  void wire.request(message(1)).catch(() => {});
  while (given().length === 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a message that a retryable refusal stopped holds back the later ones of that group', async () => {
  const first = wire.request(message(1));
  while (given().length === 0) await new Promise((resolve) => setImmediate(resolve));
  const re = given()[0]?.reply.re ?? 0;
  gateway.hub.asks.settle({ type: 'refusal', re, code: 'busy', message: 'Busy.' });
  expect(await first).toMatchObject({ code: 'busy', retry: true });
  expect(await wire.refusal(message(2))).toBe('earlier_refused');
});
