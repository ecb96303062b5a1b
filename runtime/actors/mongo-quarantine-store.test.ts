import { pino } from 'pino';
import { expect, test } from 'vitest';
import { openTestDatabase } from '../../test/mongo.fixture.ts';
import { describeOn } from '../../test/services.fixture.ts';
import { MongoQuarantine } from './mongo-quarantine-store.ts';
import { type KeptCommand, quarantineContract } from './quarantine.contract.ts';
import { QUARANTINE_MAX_COMMANDS } from './quarantine-store.ts';

const silent = pino({ level: 'silent' });

describeOn('MONGO', 'on MongoDB', (server) => {
  quarantineContract('the quarantine', async (now) => {
    const database = await openTestDatabase(server);
    return {
      another: async () => new MongoQuarantine(await database.another(), now, silent),
      async kept() {
        const documents = await database.mongo.collection<KeptCommand & { _id: string }>('quarantine').find().toArray();
        return documents.map(({ _id, ...kept }) => kept);
      },
      close: () => database.close(),
    };
  });

  test('the quarantine keeps a frame that nobody can read, byte by byte, once', async () => {
    const database = await openTestDatabase(server);
    const quarantine = new MongoQuarantine(database.mongo, () => 7, silent);
    const content = Buffer.from([0x5b, 0xff, 0x00]);
    await quarantine.keepFrame('parley.mailbox.3', content, 'no JSON');
    await quarantine.keepFrame('parley.mailbox.3', content, 'no JSON, again');
    const kept = await database.mongo.collection('quarantine').find().toArray();
    expect(kept).toMatchObject([
      { at: 7, queue: 'parley.mailbox.3', frame: content.toString('base64'), reason: 'no JSON' },
    ]);
    await database.close();
  });

  test('the quarantine keeps the newest up to its bound', async () => {
    const database = await openTestDatabase(server);
    const collection = database.mongo.collection<{ _id: string; at: number }>('quarantine');
    const full = Array.from({ length: QUARANTINE_MAX_COMMANDS }, (_, at) => ({ _id: String(at), at }));
    await collection.insertMany(full);
    const quarantine = new MongoQuarantine(database.mongo, () => QUARANTINE_MAX_COMMANDS, silent);
    await quarantine.keepFrame('parley.mailbox.3', Buffer.from('['), 'no JSON');
    expect(await collection.countDocuments()).toBe(QUARANTINE_MAX_COMMANDS);
    const [oldest] = await collection.find().sort({ at: 1 }).limit(1).toArray();
    expect(oldest?.at).toBe(1);
    expect(await collection.countDocuments({ at: QUARANTINE_MAX_COMMANDS })).toBe(1);
    await database.close();
  });
});
