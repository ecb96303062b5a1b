// What waits for auth stays in the group's queue, which hands out so much at a time: nothing that it waits for may stand behind it there.
import pino from 'pino';
import { expect, test } from 'vitest';
import type { Addressed, GroupCommand } from '#protocol/commands.ts';
import { groupKey } from '#protocol/commands.ts';
import { ActorHost } from '#runtime/actors/host.ts';
import type { Bus, PartitionConsumer } from '#runtime/bus/bus.ts';
import { LocalSignals } from '#runtime/signals.ts';
import { groupActors } from './groups.ts';
import { appended, Chain, GroupWorld, NAME } from './world.fixture.ts';

test('a command that is handed out alone is decided, although it waits for auth', async () => {
  const world = await GroupWorld.open();
  const al = world.person('al');
  const queue: Addressed[] = [];
  let group: PartitionConsumer | undefined;
  let isOut = false;
  const handOut = (): void => {
    const to = isOut ? undefined : queue.shift();
    if (!to) return;
    isOut = true;
    const settle = (): void => {
      isOut = false;
      handOut();
    };
    group?.deliver([{ to, redelivered: true, size: 1, settle }]);
  };
  const carry = (command: Addressed, inQueue: boolean): void => {
    if (command.kind === 'account' && command.command.type === 'log.tell') {
      const { ask } = command.command;
      const answer: GroupCommand = { type: 'account', address: command.key, ask, log: al.log };
      return carry({ kind: 'group', key: groupKey(NAME), command: answer }, inQueue);
    }
    if (command.kind !== 'group') return;
    if (!inQueue) return void group?.told(command);
    queue.push(command);
    handOut();
  };
  const answered = new Promise((resolve) => {
    const bus = {
      inbox: 'here',
      partitions: 1,
      publish: async (commands: readonly Addressed[]) => commands.forEach((command) => void carry(command, true)),
      tell: (command: Addressed) => carry(command, false),
      send: (_: string, message: unknown) => resolve(message),
      consume: (_: string, consumer: PartitionConsumer) => {
        group = consumer;
        consumer.gained(0, 1);
      },
    } as unknown as Bus; // what the host of groups needs of it
    const quarantine = { keep: async () => {} };
    const log = pino({ enabled: false });
    const observer = { turn() {}, repeated() {}, quarantined() {} };
    const type = groupActors(world.store);
    new ActorHost({ type, bus, signals: new LocalSignals(), log, now: () => world.now, observer, quarantine });
  });
  carry({ kind: 'group', key: groupKey(NAME), command: appended(al, [new Chain().create(al)]) }, true);
  expect(await answered).toMatchObject({ type: 'answer', answer: { number: 1 } });
  await world.close();
});
