// A backup of services is read while they write: what it then has of a thing without the other is made good by the restore, or it would cost messages.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { connect } from 'amqplib';
import { BSON, Long } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { HOUR_MS } from '#protocol/limits.ts';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import { removeQueues } from '#runtime/bus/amqp/removal.ts';
import { Topology } from '#runtime/bus/amqp/topology.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { RESTORING } from '#runtime/store/meta.ts';
import type { Keyed, Mongo } from '#runtime/store/mongo.ts';
import { MongoMetaStore } from '#runtime/store/mongo-meta-store.ts';
import { MongoBlobStore } from '../../services/delivery/blobs/mongo-blob-store.ts';
import { MongoMailboxStore } from '../../services/delivery/mongo-store.ts';
import { MongoGroupStore } from '../../services/groups/mongo-store.ts';
import { type Ended, runToEnd } from '../../test/listening.fixture.ts';
import { openTestDatabase, type TestDatabase } from '../../test/mongo.fixture.ts';
import { describeOnAll, freshName } from '../../test/services.fixture.ts';
import { random64, WirePerson } from '../../test/wire-person.fixture.ts';
import { FILES } from './files.ts';

/** Each test starts several programs, on a machine that may be busy with others. */
const PATIENCE_MS = 240_000;
const FACTS = { domain: 'localhost', partitions: PARTITIONS_DEFAULT };
const [AL, BO, CY, TEAM] = ['al@localhost', 'bo@localhost', 'cy@localhost', 'team@localhost'];

/** Two files of the same bytes, one of which is still being uploaded. */
const [PHOTO, BEGUN] = [random64(32), random64(32)];
const CONTENT = randomBytes(PART_BYTES + 70_000);
const EXPIRES = Date.now() + HOUR_MS;

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describeOnAll('a backup of services at work', ({ AMQP, MONGO }) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-backup-'));
  const file = join(folder, 'backup');
  const prefix = freshName('parley_test');
  const cy = new WirePerson(CY);
  let from: TestDatabase;
  let to: TestDatabase;

  const run = (program: string, { url }: Pick<TestDatabase, 'url'>, ...options: string[]): Promise<Ended> =>
    runToEnd([join(import.meta.dirname, '..', program), ...options], {
      PARLEY_MONGO_URL: url,
      PARLEY_AMQP_URL: AMQP,
      PARLEY_QUEUE_PREFIX: prefix,
    });
  const restore = (...options: string[]): Promise<Ended> => run('restore.ts', to, '--from', file, ...options);
  const put = (mongo: Mongo, name: string, document: Keyed & Record<string, unknown>) =>
    mongo.collection(name).insertOne(document);

  beforeAll(async () => {
    from = await openTestDatabase(MONGO);
    const { mongo } = from;
    await new MongoMetaStore(mongo).claim(FACTS);
    await new MongoMetaStore(mongo).take('mailbox', 3);
    const head = { rank: 2, length: 1, devices: ['d'], deleted: false, first: 64 };
    await put(mongo, 'mailbox', { _id: AL, ...head, next: 64, cursors: { d: 700 } });
    await put(mongo, 'mailbox', { _id: BO, ...head, next: 128, cursors: { d: 64 } });
    await put(mongo, 'chunk', { _id: `${BO}/1280`, by: 'x', count: 1, charges: '[]', items: '[]' });
    const groups = new MongoGroupStore(mongo);
    const change = { policy: 'closed', members: 1, deleted: false, listed: false, membership: { [AL]: true } } as const;
    const record = { at: 1, group: 'G', base: 0, marks: [], count: 1 };
    const entries = [{ number: 1, entry: 'E', signature: 'S' }];
    await groups.write(TEAM, [{ ...record, n: 1, first: 0, entries, change }]);
    const missed = { ...record, n: 3, first: 1, entries: [] };
    await put(mongo, 'group_record', { _id: `${TEAM}/3`, next: 4, at: 1, record: JSON.stringify(missed) });
    const log = JSON.stringify([cy.enrolEntry(cy.device)]);
    await put(mongo, 'auth_accounts', {
      _id: CY,
      version: 1,
      status: 'open',
      userIdentifier: '',
      record: '',
      vault: '',
      log,
    });
    await put(mongo, 'later', {
      _id: 'x',
      long: Long.fromNumber(7),
      bytes: Buffer.from([0, 255]),
      date: new Date(9),
      real: 5,
    });
    const blobs = new MongoBlobStore(mongo);
    for (const [blob, stored] of [
      [PHOTO, CONTENT.length],
      [BEGUN, PART_BYTES],
    ] as const) {
      const record = { blob, owner: AL, device: 'd', size: CONTENT.length, expiresAt: EXPIRES };
      await blobs.create({ ...record, stored: 0 });
      for (let offset = 0; offset < stored; offset += PART_BYTES) {
        const part = CONTENT.subarray(offset, offset + PART_BYTES);
        await blobs.append(blob, { offset, bytes: part.length, expiresAt: EXPIRES }, oneOf(part));
      }
    }
    const { status, stderr } = await run('backup.ts', from, '--to', file);
    expect(stderr).toMatch(/^A backup of localhost, distributed, .*\n {2}mailbox 2, .*auth_accounts 1, .*files 2\n/);
    expect(status).toBe(0);
  }, PATIENCE_MS);

  beforeEach(async () => {
    to = await openTestDatabase(MONGO);
    return () => to.close();
  });

  afterAll(async () => {
    await from.close();
    await removeQueues(AMQP, prefix, PARTITIONS_DEFAULT);
    rmSync(folder, { recursive: true });
  });

  test('gives no number again that a cursor has passed, a chunk has, or a client may know', {
    timeout: PATIENCE_MS,
  }, async () => {
    expect(await restore()).toMatchObject({ status: 0, stderr: expect.stringMatching(/^Restored\./) });
    const mailboxes = new MongoMailboxStore(to.mongo);
    expect(await mailboxes.load(AL)).toMatchObject({ next: 704, cursors: { d: 700 }, chunks: [] });
    expect(await mailboxes.load(BO)).toMatchObject({ next: 1_344, chunks: [{ n: 1_280, count: 1 }] });
    const groups = new MongoGroupStore(to.mongo);
    expect((await groups.load(TEAM))?.next).toBe(1_000_002);
    expect(await to.mongo.collection('group_record').findOne({ _id: `${TEAM}/3` })).toBeNull();
    expect((await groups.groupsOf(AL, '', 9)).map(({ name }) => name)).toEqual([TEAM]);
    expect(await new MongoMetaStore(to.mongo).take('mailbox', 3)).toBeGreaterThan(1_000_000);
    await new MongoMetaStore(to.mongo).claim(FACTS); // services start on it
  });

  test('lets every account have a mailbox that knows its devices', { timeout: PATIENCE_MS }, async () => {
    expect(await restore()).toMatchObject({ status: 0 });
    const device = encodeBase64(cy.device.id);
    expect(await new MongoMailboxStore(to.mongo).load(CY)).toMatchObject({
      length: 1,
      devices: [device],
      deleted: false,
    });
  });

  test('has every document byte for byte, of collections too that it does not know', {
    timeout: PATIENCE_MS,
  }, async () => {
    expect(await restore()).toMatchObject({ status: 0 });
    const bytes = async ({ mongo }: TestDatabase) =>
      BSON.serialize((await mongo.collection('later').findOne({ _id: 'x' }, { promoteValues: false })) ?? {});
    expect(await bytes(to)).toEqual(await bytes(from));
  });

  test('has files, whole and begun, and nothing of them without its record', { timeout: PATIENCE_MS }, async () => {
    expect(await restore()).toMatchObject({ status: 0 });
    const blobs = new MongoBlobStore(to.mongo);
    const record = { owner: AL, device: 'd', size: CONTENT.length, expiresAt: EXPIRES };
    expect(await blobs.find(PHOTO)).toMatchObject({ ...record, stored: CONTENT.length });
    expect(await blobs.find(BEGUN)).toMatchObject({ ...record, stored: PART_BYTES });
    expect(await buffer(blobs.read(PHOTO, 0, CONTENT.length))).toEqual(CONTENT);
    expect(await buffer(blobs.read(BEGUN, 0, PART_BYTES))).toEqual(CONTENT.subarray(0, PART_BYTES));
    const rest = CONTENT.subarray(PART_BYTES);
    await blobs.append(BEGUN, { offset: PART_BYTES, bytes: rest.length, expiresAt: EXPIRES }, oneOf(rest));
    expect(await to.mongo.collections()).not.toContain(FILES);
  });

  describe('is restored', { timeout: PATIENCE_MS }, () => {
    test('over nothing, and not without a look at RabbitMQ', async () => {
      await put(to.mongo, 'mailbox', { _id: AL, next: 64 });
      expect(await restore()).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/is not empty, and a restore overwrites nothing/),
      });
      expect(await restore('--amqp-url', 'ampq://x')).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/setting amqpUrl/),
      });
      expect(await restore('--domain', 'b.org')).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/of the domain localhost/),
      });
      expect(await to.mongo.collections()).toEqual(['mailbox']);
    });

    test('from the beginning where a restore was killed; until then no service starts on that', async () => {
      await put(to.mongo, 'meta', { _id: 'schema', value: RESTORING });
      await put(to.mongo, 'mailbox', { _id: BO, next: 6_400 });
      await expect(new MongoMetaStore(to.mongo).claim(FACTS)).rejects.toThrow(
        /restore of this data has not come to its end/,
      );
      expect(await restore()).toMatchObject({ status: 0 });
      expect(await new MongoMailboxStore(to.mongo).load(BO)).toMatchObject({ next: 1_344 });
    });

    test('beside no queue that holds commands of another state', async () => {
      const model = await connect(AMQP);
      const channel = await model.createConfirmChannel();
      const topology = new Topology(prefix, PARTITIONS_DEFAULT);
      const queue = topology.queue('mailbox', 0);
      await topology.declareQueue(channel, queue);
      channel.sendToQueue(queue, Buffer.from('x'));
      await channel.waitForConfirms();
      expect(await restore()).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/RabbitMQ holds 1 messages of another state.*fresh volume/),
      });
      expect(await to.mongo.collections()).toEqual([]);
      await channel.deleteQueue(queue);
      await model.close();
    });
  });
});
