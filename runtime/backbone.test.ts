// What a service stands on: settings that cannot be are said at the start; servers that are away or full make it not ready, for as long as they are.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Cut, openCut } from '../test/cut.fixture.ts';
import { openTestDatabase, type TestDatabase } from '../test/mongo.fixture.ts';
import { PATIENTLY } from '../test/patience.fixture.ts';
import { describeOnAll, freshName } from '../test/services.fixture.ts';
import { type Backbone, openBackbone } from './backbone.ts';
import { removeQueues } from './bus/amqp/removal.ts';
import { ConfigError } from './config.ts';
import { PARTITIONS_DEFAULT } from './partitions.ts';

const common = { domain: 'localhost', signUp: 'open', logLevel: 'silent', queuePrefix: 'parley-test' } as const;
const nowhere = {
  amqpUrl: 'amqp://127.0.0.1:1',
  mongoUrl: 'mongodb://127.0.0.1:1',
  natsUrl: 'nats://127.0.0.1:1',
} as const;

describe('the URL of a server', () => {
  test.each([
    ['amqpUrl', 'rabbitmq'],
    ['amqpUrl', 'http://al:secret@127.0.0.1:5672'],
    ['amqpUrl', 'amqp://al:secret@:5672'],
    ['amqpUrl', 'amqp://al:secret%@127.0.0.1'],
    ['mongoUrl', 'mongo'],
    ['mongoUrl', 'http://al:secret@127.0.0.1:27017'],
    ['mongoUrl', 'mongodb://al:secret@'],
    ['mongoUrl', 'mongodb://al:secret@127.0.0.1/?nothing=1'],
    ['natsUrl', 'nats'],
    ['natsUrl', 'http://al:secret@127.0.0.1:4222'],
    ['natsUrl', 'nats://al:secret@127.0.0.1:4222,http://127.0.0.1'],
    ['natsUrl', 'nats://al:secret%@127.0.0.1'],
    ['amqpUrl', 'amqp://al:secret@rabbitmq:5672'],
    ['mongoUrl', 'mongodb://al:secret@mongo:27017'],
    ['natsUrl', 'nats://al:secret@nats:4222'],
  ])('%s that is %s stops the start with a sentence that names it and no secret', async (name, url) => {
    const refusal = await openBackbone('test', { ...common, ...nowhere, [name]: url }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConfigError);
    expect(String(refusal)).toContain(`setting ${name} `);
    expect(String(refusal)).not.toContain('secret');
  });
});

/** Connection.Blocked and Connection.Unblocked of AMQP 0-9-1, as RabbitMQ sends them when an alarm begins and ends. */
function blockedFrame(reason: string): Uint8Array {
  return methodFrame(60, Buffer.from([reason.length, ...Buffer.from(reason)]));
}
const unblockedFrame = (): Uint8Array => methodFrame(61, Buffer.alloc(0));

function methodFrame(method: number, parameters: Buffer): Uint8Array {
  const payload = Buffer.concat([Buffer.from([0, 10, 0, method]), parameters]);
  return Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, payload.length]), payload, Buffer.from([0xce])]);
}

describeOnAll('a service is ready', (urls) => {
  const queuePrefix = freshName('parley-test');
  let database: TestDatabase;
  let networks: Readonly<Record<'amqp' | 'mongo' | 'nats', Cut>>;
  let backbone: Backbone;

  beforeEach(async () => {
    database = await openTestDatabase(urls.MONGO);
    networks = {
      amqp: await openCut(urls.AMQP),
      mongo: await openCut(database.url),
      nats: await openCut(urls.NATS),
    };
    const { amqp, mongo, nats } = networks;
    const at = { amqpUrl: amqp.url, mongoUrl: mongo.url, natsUrl: nats.url };
    backbone = await openBackbone('test', { ...common, ...at, queuePrefix });
    await backbone.bus.start();
  });
  afterEach(async () => {
    await backbone.close();
    await Promise.all(Object.values(networks).map((network) => network.close()));
    await database.close();
    await removeQueues(urls.AMQP, queuePrefix, PARTITIONS_DEFAULT);
  });

  const until = (ready: boolean) => vi.waitUntil(() => backbone.ready === ready, PATIENTLY);

  test.each(['amqp', 'mongo'] as const)('not while %s is away, and again when it is back', async (server) => {
    await until(true);
    await networks[server].cut();
    await until(false);
    await networks[server].mend();
    await until(true);
  });

  test('not while RabbitMQ is short of memory or disk: it is connected, and takes nothing', async () => {
    networks.amqp.say(blockedFrame('low on memory'));
    await vi.waitUntil(() => backbone.bus.blocked, PATIENTLY);
    expect([backbone.ready, backbone.bus.awayMs]).toEqual([false, 0]);
    networks.amqp.say(unblockedFrame());
    await until(true);
  });

  test('for one domain only: who comes with another is refused with a sentence', async () => {
    const [amqpUrl, mongoUrl, natsUrl] = [urls.AMQP, database.url, urls.NATS];
    const other = openBackbone('other', { ...common, amqpUrl, mongoUrl, natsUrl, queuePrefix, domain: 'example.org' });
    await expect(other).rejects.toThrow(ConfigError);
    await expect(other).rejects.toThrow('domain localhost');
  });

  test('also while NATS is away: messages go on without it', async () => {
    await networks.nats.cut();
    await vi.waitUntil(async () => (await backbone.metrics.text()).includes('parley_signals_ready 0'), PATIENTLY);
    await until(true);
  });
});
