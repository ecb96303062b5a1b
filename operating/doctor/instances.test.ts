// What follows from what the services say of themselves.
import { expect, test } from 'vitest';
import { ACTOR_KINDS, type ActorKind } from '#protocol/commands.ts';
import type { Alive } from '#runtime/bus/amqp/wire.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { instanceFindings, SERVICE_OF } from './instances.ts';

const ALL = Array.from({ length: PARTITIONS_DEFAULT }, (_, partition) => partition);

function alive(instance: string, kind?: ActorKind, partitions = ALL): Alive {
  const holds = kind ? partitions.map((partition): [ActorKind, number, number] => [kind, partition, 1]) : [];
  return { instance, inbox: instance, takes: kind ? [kind] : [], holds, forms: [1], reads: [1, 2], lags: [] };
}
const whole = [alive('gateway-1'), ...ACTOR_KINDS.map((kind) => alive(`${SERVICE_OF[kind]}-1`, kind))];
const without = (service: string): Alive[] => whole.filter(({ instance }) => !instance.startsWith(service));
const found = (heard: readonly Alive[] | undefined) =>
  instanceFindings(heard).map(({ level, says }) => `${level}: ${says}`);

test('one of each is well', () => {
  expect(found(whole)).toEqual(['ok: Running: 1 gateway, 1 auth, 1 groups, 1 delivery.']);
});

test('nobody, or one that is missing, is a problem', () => {
  expect(found(undefined)).toEqual(['problem: No service is running.']);
  expect(found([])).toEqual(['problem: No service is running.']);
  expect(found(without('groups'))).toEqual(['problem: Running: 1 gateway, 1 auth, 0 groups, 1 delivery.']);
});

test('partitions without an owner are a problem, shared ones are not', () => {
  const shared = [
    ...without('delivery'),
    alive('delivery-1', 'mailbox', ALL.slice(0, 8)),
    alive('delivery-2', 'mailbox', ALL.slice(8)),
  ];
  expect(found(shared)).toEqual(['ok: Running: 1 gateway, 1 auth, 1 groups, 2 delivery.']);
  expect(found(shared.slice(0, -1))).toContain('problem: 8 partitions of delivery (of 16) have no owner.');
});

test('one that is far behind, and versions that differ, are warnings', () => {
  const [gateway, ...services] = whole;
  const slow: Alive = { ...alive('delivery-2', 'mailbox'), lags: [['mailbox', 3, 7_000]], reads: [1, 2, 3] };
  expect(found([...(gateway ? [gateway] : []), ...services, slow])).toEqual([
    'ok: Running: 1 gateway, 1 auth, 1 groups, 2 delivery.',
    expect.stringMatching(/^warning: delivery is 7 s behind/),
    expect.stringMatching(/^warning: .* different versions: .*delivery-2 read 1 and 2 and 3/),
  ]);
});
