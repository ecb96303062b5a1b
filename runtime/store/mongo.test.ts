import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Unavailable } from '#protocol/errors.ts';
import { openCut } from '../../test/cut.fixture.ts';
import { PATIENTLY } from '../../test/patience.fixture.ts';
import { databaseUrl, describeOn, freshName } from '../../test/services.fixture.ts';
import { ConfigError } from '../config.ts';
import { Conflict } from './database.ts';
import { type Keyed, Mongo } from './mongo.ts';
import { attempt } from './mongo-errors.ts';

const log = pino({ level: 'silent' });
type Thing = Keyed & { readonly n: number };

function open(url: string): Mongo {
  const mongo = new Mongo(url, log);
  onTestFinished(() => mongo.close());
  return mongo;
}

describeOn('MONGO', 'the connection to MongoDB', (server) => {
  /** A database of its own, reached over a network that can be cut. */
  async function openBehindCut() {
    const network = await openCut(databaseUrl(server, freshName('parley_test')));
    onTestFinished(() => network.close());
    return { network, mongo: open(network.url) };
  }

  test('uses the database that the URL names', async () => {
    const name = freshName('parley_test');
    const mongo = open(databaseUrl(server, name));
    await mongo.connect();
    onTestFinished(() => mongo.drop());
    expect(mongo.collection('thing').dbName).toBe(name);
    expect(open(server).collection('thing').dbName).toBe('parley');
  });

  test('asks for durable writes and reads from the primary, whatever the URL says', () => {
    const { writeConcern, readPreference } = open(`${server}?w=0&readPreference=secondary`).collection('thing');
    expect(writeConcern).toMatchObject({ w: 'majority', j: true });
    expect(readPreference?.mode).toBe('primary');
  });

  test('refused credentials are a sentence without them', async () => {
    const url = new URL(server);
    [url.username, url.password] = ['al', 'secret'];
    const refused = open(url.href).connect();
    await expect(refused).rejects.toBeInstanceOf(ConfigError);
    await expect(refused).rejects.toThrow('MongoDB refuses the name and password of the setting mongoUrl');
    await expect(refused).rejects.not.toThrow('secret');
  });

  test('a server that is away at the start is waited for, and that it is away can be seen', async () => {
    const { network, mongo } = await openBehindCut();
    await network.cut();
    const connected = mongo.connect();
    await expect(attempt(() => mongo.collection('thing').findOne({ _id: 'x' }))).rejects.toBeInstanceOf(Unavailable);
    expect(mongo.ready).toBe(false);
    await network.mend();
    await connected;
    expect(mongo.ready).toBe(true);
  });

  test('closing ends the wait for a server that is away', async () => {
    const { network, mongo } = await openBehindCut();
    await network.cut();
    const connected = mongo.connect();
    const refused = expect(connected).rejects.toBeInstanceOf(Unavailable);
    await mongo.close();
    await refused;
  });

  test('what is asked while the server is away is Unavailable; when it is back all goes on', async () => {
    const { network, mongo } = await openBehindCut();
    await mongo.connect();
    const things = mongo.collection<Thing>('thing');
    await attempt(() => things.insertOne({ _id: 'one', n: 1 }));
    await network.cut();
    await expect(attempt(() => things.insertOne({ _id: 'two', n: 2 }))).rejects.toBeInstanceOf(Unavailable);
    expect(mongo.ready).toBe(false);
    await network.mend();
    await vi.waitUntil(() => mongo.ready, PATIENTLY);
    onTestFinished(() => mongo.drop());
    expect(await attempt(() => things.findOne({ _id: 'one' }))).toEqual({ _id: 'one', n: 1 });
  });

  test('a server that is frozen is given up, and found again', async () => {
    const { network, mongo } = await openBehindCut();
    await mongo.connect();
    network.freeze();
    await expect(attempt(() => mongo.collection('thing').findOne({ _id: 'x' }))).rejects.toBeInstanceOf(Unavailable);
    await network.mend();
    await vi.waitUntil(() => mongo.ready, PATIENTLY);
    expect(await attempt(() => mongo.collection('thing').findOne({ _id: 'x' }))).toBeNull();
  });

  test('a key that is there already is a conflict; a programmer’s mistake is neither that nor passing', async () => {
    const mongo = open(databaseUrl(server, freshName('parley_test')));
    await mongo.connect();
    onTestFinished(() => mongo.drop());
    const things = mongo.collection<Thing>('thing');
    await attempt(() => things.insertOne({ _id: 'one', n: 1 }));
    await expect(attempt(() => things.insertOne({ _id: 'one', n: 2 }))).rejects.toBeInstanceOf(Conflict);
    const nonsense = attempt(() => things.updateOne({ _id: 'one' }, { n: 3 } as never)); // which has no operator
    await expect(nonsense).rejects.not.toBeInstanceOf(Unavailable);
    await expect(nonsense).rejects.not.toBeInstanceOf(Conflict);
  });
});

test.each([
  'nonsense',
  'http://127.0.0.1:27017',
  'mongodb://',
  'mongodb://al:se:cret@127.0.0.1',
  'mongodb://al:secret/1@127.0.0.1',
  'mongodb://al:secret@127.0.0.1:99999',
  'mongodb://127.0.0.1/?journalised=true',
  '',
])('the URL %j is refused with a sentence that does not quote a password', (url) => {
  const make = () => new Mongo(url, log);
  expect(make).toThrow(ConfigError);
  expect(make).toThrow('The setting mongoUrl is not a MongoDB URL');
  expect(make).not.toThrow(/secret|cret/);
});
