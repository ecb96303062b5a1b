// Two deliveries on one store, of which one stands still in the middle of its turns, goes on when the other has long taken over, and one is killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Addressed } from '#protocol/commands.ts';
import { Unavailable } from '#protocol/errors.ts';
import { type Backbone, openBackbone } from '#runtime/backbone.ts';
import { removeQueues } from '#runtime/bus/amqp/removal.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { MongoMailboxStore } from '../../services/delivery/mongo-store.ts';
import { openTestDatabase, type TestDatabase } from '../mongo.fixture.ts';
import { describeOnAll, freshName, type ServerUrls } from '../services.fixture.ts';
import { Owner } from './owner.fixture.ts';
import { contestedOf, doubleChangesOf, type Logged } from './owners.ts';

describe('who decides whether two owners changed the store', () => {
  const took = (instance: string, epoch: number): Logged => ({ type: 'took', instance, partition: 3, epoch });
  const wrote = (instance: string, at: string, ...ids: string[]): Logged => ({
    type: 'wrote',
    instance,
    key: 'al',
    partition: 3,
    at,
    ids,
  });

  test('says nothing of owners that follow each other, or overlap and are kept apart by the store', () => {
    const log = [took('a', 1), wrote('a', 'chunk 64'), took('b', 2), wrote('b', 'chunk 192'), wrote('a', 'chunk 128')];
    expect(doubleChangesOf(log)).toEqual([]);
    expect(contestedOf(log)).toEqual(['al']);
  });

  test('nor of a turn that the next owner ran again, to the same end', () => {
    const log = [took('a', 1), wrote('a', 'chunk 64', 'm1'), took('b', 2), wrote('b', 'chunk 64', 'm1')];
    expect(doubleChangesOf(log)).toEqual([]);
  });

  test.each([
    [
      'a chunk that both wrote',
      [took('a', 1), wrote('a', 'chunk 64', 'm1'), took('b', 2), wrote('b', 'chunk 64', 'm2')],
    ],
    ['an account that both wrote', [took('a', 1), wrote('a', 'account 1'), took('b', 2), wrote('b', 'account 1')]],
    ['an epoch that was given twice', [took('a', 1), took('b', 1)]],
    ['an epoch that does not rise', [took('a', 2), took('a', 1)]],
    ['a change by who never had the partition', [wrote('a', 'chunk 64')]],
  ])('finds what is wrong: %s', (_, log) => {
    expect(doubleChangesOf(log)).toHaveLength(1);
  });
});

const USERS = Array.from({ length: 12 }, (_, n) => `user${n}@localhost`);
const DEVICE = 'device';
const DAY_MS = 86_400_000;
/** Between two messages to everybody: as fast as the broker takes them, the store would be behind for minutes. */
const PACE_MS = 40;
const BURST = 100;
/** Measured, 25 s on a busy machine: RabbitMQ gives up whom it does not hear of in its own time. */
const TEST_MAX_MS = 300_000;
/** Pages of a mailbox that are read at once. */
const PAGE_CHUNKS = 1_000;

describeOnAll('deliveries on one store', (urls) => {
  const queuePrefix = freshName('parley-test');
  let database: TestDatabase;
  let at: ServerUrls;
  let sender: Backbone;
  let owners: Owner[];
  let log: Logged[];
  let written: Set<string>;
  let wake = (): void => {};

  beforeEach(async () => {
    database = await openTestDatabase(urls.MONGO);
    at = { ...urls, MONGO: database.url };
    owners = [];
    log = [];
    written = new Set();
    const settings = { domain: 'localhost', signUp: 'open', logLevel: 'silent', queuePrefix } as const;
    sender = await openBackbone('sender', { ...settings, amqpUrl: at.AMQP, mongoUrl: at.MONGO, natsUrl: at.NATS });
    await sender.bus.start();
  });
  afterEach(async () => {
    await Promise.all(owners.map((owner) => owner.kill()));
    await sender.close();
    await database.close();
    await removeQueues(urls.AMQP, queuePrefix, PARTITIONS_DEFAULT);
  });

  const join = (instance: string): Owner => {
    const owner = new Owner(instance, at, queuePrefix, (logged) => {
      log.push(logged);
      if (logged.type === 'wrote') for (const id of logged.ids) written.add(id);
      wake();
    });
    owners.push(owner);
    return owner;
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise<void>((resolve) => (wake = resolve));
  };
  /** How many users' mailboxes this instance changed since the log had so many entries. */
  const changedBy = (instance: string, since: number): number =>
    new Set(log.slice(since).flatMap((one) => (one.type === 'wrote' && one.instance === instance ? [one.key] : [])))
      .size;

  function message(key: string, n: number): Addressed {
    const from = { from: 'bo@localhost', device: 'b1', conversation: 'c', seq: n, header: 'h', body: 'b' };
    const times = { receivedAt: Date.now(), expiresAt: Date.now() + DAY_MS };
    const item = { type: 'message' as const, id: `${key} ${n}`, ...from, slots: { [DEVICE]: 's' }, ...times };
    return { kind: 'mailbox', key, command: { type: 'deliver', item, reply: { inbox: sender.bus.inbox, re: n } } };
  }

  async function published(commands: readonly Addressed[]): Promise<void> {
    for (;;) {
      try {
        return await sender.bus.publish(commands);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
      }
    }
  }

  async function storedFor(user: string): Promise<Set<string>> {
    const store = new MongoMailboxStore(database.mongo);
    const state = await store.load(user);
    const chunks = await store.read(user, 0, state?.next ?? 0, PAGE_CHUNKS);
    return new Set(
      chunks.flatMap(({ items }) => items.flatMap(({ item }) => (item?.type === 'message' ? [item.id] : []))),
    );
  }

  test(
    'never both change it, whoever stands still, goes on or dies, and lose nothing',
    async () => {
      const account = { type: 'account', length: 1, devices: [DEVICE], deleted: false } as const;
      await published(USERS.map((key) => ({ kind: 'mailbox', key, command: account })));
      const frozen = join('frozen');
      await until(() => changedBy('frozen', 0) === USERS.length);
      let count = 0;
      const everybody = (): Addressed[] => {
        count += 1;
        return USERS.map((key) => message(key, count));
      };
      let writing = true;
      const traffic = (async () => {
        for (; writing; await sleep(PACE_MS)) await published(everybody());
      })();
      await until(() => log.length > 10 * USERS.length);
      // In the middle of its turns, with more before it: awake again, it goes on from memory that is old.
      const burst = Array.from({ length: BURST }, () => published(everybody()));
      const before = log.length;
      await until(() => log.length > before + USERS.length);
      frozen.signal('SIGSTOP');
      await Promise.all(burst);
      const other = join('other');
      await until(() => changedBy('other', 0) === USERS.length);
      frozen.signal('SIGCONT');
      const since = log.length;
      await until(() => changedBy('frozen', since) > 0); // it has its share again
      await other.kill();
      const dead = log.length;
      await until(() => changedBy('frozen', dead) === USERS.length);
      writing = false;
      await traffic;
      await until(() => written.size === count * USERS.length);
      for (const user of USERS) {
        const wanted = new Set(Array.from({ length: count }, (_, n) => `${user} ${n + 1}`));
        expect(await storedFor(user)).toEqual(wanted);
      }
      expect(contestedOf(log)).toHaveLength(USERS.length);
      expect(doubleChangesOf(log)).toEqual([]);
    },
    TEST_MAX_MS,
  );
});
