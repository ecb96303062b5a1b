// Several instances on one broker: who owns what, and what becomes of it when one comes, leaves, dies, freezes or is cut off.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ActorKind } from '#protocol/commands.ts';
import { PATIENTLY } from '../../../test/patience.fixture.ts';
import { describeOn } from '../../../test/services.fixture.ts';
import { partitionOf } from '../../partitions.ts';
import { command, Recorder } from '../bus.contract.ts';
import type { Bus } from '../bus.ts';
import { Deployment, PARTITIONS } from './broker.fixture.ts';
import { FairClock } from './fair-clock.fixture.ts';
import { Instance } from './instance.fixture.ts';

/** DESIGN section 2: in which time partitions move. What the machine keeps everybody waiting does not count (FairClock). */
const SHARE_MAX_MS = 5_000;
/** When several come at once, a partition may have to wait until it may be handed over again. */
const SHARES_MAX_MS = 2 * SHARE_MAX_MS;
const KILLED_MAX_MS = 5_000;
const FROZEN_MAX_MS = 15_000;

type Member = { readonly bus: Bus; readonly recorder: Recorder };

describeOn('AMQP', 'instances on RabbitMQ', (url) => {
  let place: Deployment;
  let clock: FairClock;
  let processes: Instance[];
  beforeEach(async () => {
    place = new Deployment(url);
    processes = [];
    clock = await FairClock.open(url);
  });
  afterEach(async () => {
    for (const one of processes) one.signal('SIGKILL');
    await Promise.all(processes.map((one) => one.ended()));
    await clock.close();
    await place.dispose();
  });

  const join = async (): Promise<Member> => {
    const bus = await place.make();
    const recorder = new Recorder();
    recorder.settling = true;
    bus.consume('mailbox', recorder);
    await bus.start();
    return { bus, recorder };
  };
  const owns = ({ recorder }: Member, count: number) => recorder.when(() => recorder.owned.size === count);
  const spawn = (name: string): Instance => {
    const instance = new Instance(url, place.prefix, name, place.epochs);
    processes.push(instance);
    return instance;
  };
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);

  test('the first owns every partition; the second has its half within 5 s; every partition has one owner', async () => {
    const a = await join();
    await owns(a, PARTITIONS);
    const b = await join();
    const ms = await clock.measure(() => Promise.all([owns(a, PARTITIONS / 2), owns(b, PARTITIONS / 2)]));
    expect(ms).toBeLessThan(SHARE_MAX_MS);
    expect([...a.recorder.owned.keys(), ...b.recorder.owned.keys()].sort((x, y) => x - y)).toEqual(all);
  });

  test('five share as evenly as they can, and one that leaves is replaced', async () => {
    const members: Member[] = [];
    for (let n = 0; n < 5; n += 1) members.push(await join());
    const owned = () => members.flatMap(({ recorder }) => [...recorder.owned.keys()]);
    const even = () =>
      owned().length === PARTITIONS &&
      new Set(owned()).size === PARTITIONS &&
      members.every(({ recorder }) => recorder.owned.size <= Math.ceil(PARTITIONS / members.length));
    const evenly = () => Promise.race(members.map(({ recorder }) => recorder.when(even))); // whoever hears of the last change
    expect(await clock.measure(evenly)).toBeLessThan(SHARES_MAX_MS);
    const [first] = members.splice(0, 1);
    await first?.bus.close();
    expect(await clock.measure(evenly)).toBeLessThan(SHARES_MAX_MS);
  });

  test('under traffic, instances that come and leave lose nothing, repeat nothing that was settled, and keep the order', async () => {
    const members = [await join()];
    const sender = await place.make();
    await sender.start();
    const keys = Array.from({ length: 20 }, (_, n) => `user${n}@localhost`);
    let publishing = true;
    let count = 0;
    const traffic = (async () => {
      // Some before, between and behind all that happens, however fast the broker is.
      for (; publishing || count <= 100; count += 1) await sender.publish(keys.map((key) => command(key, count)));
    })();
    members.push(await join());
    await owns(members[1] as Member, PARTITIONS / 2);
    members.push(await join());
    await (members[2] as Member).recorder.when(() => (members[2] as Member).recorder.owned.size >= 4); // ceil(16 / 3) is 6
    await members[0]?.bus.close();
    await owns(members[1] as Member, PARTITIONS / 2);
    publishing = false;
    await traffic;
    const got = () => members.flatMap(({ recorder }) => recorder.deliveries);
    await Promise.race(members.map(({ recorder }) => recorder.when(() => got().length >= count * keys.length)));
    expect(got()).toHaveLength(count * keys.length);
    for (const { recorder } of members) {
      for (const key of keys) {
        const numbers = recorder.deliveries
          .filter(({ to }) => to.key === key)
          .map(({ to }) => ('length' in to.command ? to.command.length : -1));
        expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));
      }
    }
  });

  test('what the owner settles while it hands over does not come again, what it does not settle comes first', async () => {
    const a = await join();
    a.recorder.settling = false;
    await owns(a, PARTITIONS);
    for (const n of [1, 2, 3, 4]) await a.bus.publish([command('al@localhost', n)]);
    await a.recorder.until(4);
    a.recorder.beforeHandOver = async (partition) => {
      if (partition !== partitionOf('al@localhost', PARTITIONS)) return;
      await a.bus.publish([command('al@localhost', 5)]); // an effect of the last turn
      for (const n of [0, 2]) a.recorder.deliveries[n]?.settle();
    };
    const b = await join();
    b.recorder.settling = false;
    const closed = a.bus.close();
    await b.recorder.until(3);
    await closed;
    expect(b.recorder.lengths).toEqual([2, 4, 5]);
    expect(b.recorder.deliveries.map(({ redelivered }) => redelivered).slice(0, 2)).toEqual([true, true]);
  });

  test('the partitions of a killed process move within 5 s, with what it had not settled', async () => {
    const victim = spawn('victim');
    await victim.when(() => victim.owned.size === PARTITIONS);
    const b = await join();
    await Promise.all([owns(b, PARTITIONS / 2), victim.when(() => victim.owned.size === PARTITIONS / 2)]);
    const ms = await clock.measure(async () => {
      victim.signal('SIGKILL');
      await victim.ended();
      const published = Array.from({ length: 50 }, (_, n) => b.bus.publish([command(`user${n}@localhost`, n)]));
      const all = b.recorder.when(() => b.recorder.deliveries.length >= 50 - victim.settled.length);
      await Promise.all([...published, owns(b, PARTITIONS), all]);
    });
    expect(ms).toBeLessThan(KILLED_MAX_MS);
  });

  test('the partitions of a frozen process move within 15 s; awake again, it gives them up and takes its share anew', async () => {
    const victim = spawn('victim');
    await victim.when(() => victim.owned.size === PARTITIONS);
    const b = await join();
    await Promise.all([owns(b, PARTITIONS / 2), victim.when(() => victim.owned.size === PARTITIONS / 2)]);
    const ms = await clock.measure(async () => {
      victim.signal('SIGSTOP');
      await owns(b, PARTITIONS);
    });
    expect(ms).toBeLessThan(FROZEN_MAX_MS);
    victim.signal('SIGCONT');
    await victim.when(() => victim.owned.size === 0);
    await Promise.all([victim.when(() => victim.owned.size === PARTITIONS / 2), owns(b, PARTITIONS / 2)]);
    expect([...victim.owned, ...b.recorder.owned.keys()].sort((x, y) => x - y)).toEqual(all);
  });

  test('the partitions of one whose network holds every byte move within 15 s', async () => {
    const a = await join();
    const b = await join();
    await Promise.all([owns(a, PARTITIONS / 2), owns(b, PARTITIONS / 2)]);
    const ms = await clock.measure(async () => {
      place.networkOf(a.bus).freeze();
      await owns(b, PARTITIONS);
    });
    expect(ms).toBeLessThan(FROZEN_MAX_MS);
    await owns(a, 0);
    expect(a.bus.awayMs).toBeGreaterThan(0);
  });

  describe('who talks to actors', () => {
    test('reaches the owner wherever it is, also with what it told before there was one', async () => {
      const gateway = await place.make();
      const moves: [ActorKind, number][] = [];
      gateway.onMessage({ message: () => {}, moved: (kind, partition) => moves.push([kind, partition]) });
      await gateway.start();
      const heardOf = (from: number) => new Set(moves.slice(from).map(([, partition]) => partition)).size;
      const a = await join();
      gateway.tell(command('al@localhost', 1)); // it is kept for some seconds, of which a connection may need several
      expect(moves).toEqual([]);
      await a.recorder.when(() => a.recorder.tolds.length === 1);
      gateway.tell(command('al@localhost', 2));
      await a.recorder.when(() => a.recorder.tolds.length === 2);
      // What the gateway hears of owners comes to it on a way of its own, a moment later.
      await vi.waitUntil(() => heardOf(0) === PARTITIONS, PATIENTLY);
      const before = moves.length;
      expect(before).toBe(PARTITIONS);
      const b = await join();
      await a.bus.close();
      await vi.waitUntil(() => heardOf(before) === PARTITIONS, PATIENTLY);
      gateway.tell(command('al@localhost', 3)); // earlier it might be told to the owner before, and lost
      await b.recorder.when(() => b.recorder.tolds.length === 1);
    });

    test('and vanishes, or falls silent: owners are told that its inbox is gone', async () => {
      const a = await join();
      const gateway = await place.make();
      const heard: unknown[] = [];
      gateway.onMessage({ message: (message) => heard.push(message) });
      await gateway.start();
      const { inbox } = gateway;
      a.bus.send(inbox, { type: 'reattach', session: 1 });
      gateway.tell(command('al@localhost', 1));
      await a.recorder.when(() => a.recorder.tolds.length === 1);
      await expect.poll(() => heard).toEqual([{ type: 'reattach', session: 1 }]); // it came on another way than what a was told
      await place.crash(gateway);
      a.bus.send(inbox, { type: 'reattach', session: 2 });
      await a.recorder.when(() => a.recorder.goneInboxes.length > 0);
      const silent = await place.make();
      await silent.start();
      await new Promise<void>((resolve) => {
        silent.onMessage({ message: () => resolve() });
        a.bus.send(silent.inbox, { type: 'reattach', session: 3 });
      });
      place.networkOf(silent).freeze();
      await a.recorder.when(() => a.recorder.goneInboxes.includes(silent.inbox));
    });

    test('has another inbox after it was cut off, and is told so', async () => {
      const gateway = await place.make();
      const renewed = new Promise<void>((resolve) => gateway.onMessage({ message: () => {}, renewed: resolve }));
      await gateway.start();
      const { inbox } = gateway;
      await place.networkOf(gateway).cut();
      await place.networkOf(gateway).mend();
      await renewed;
      expect(gateway.inbox).not.toBe(inbox);
      expect(gateway.awayMs).toBe(0);
    });
  });
});
