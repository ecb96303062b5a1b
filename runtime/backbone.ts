// What a service of its own process stands on: RabbitMQ for what must survive, MongoDB for what is kept, NATS for what may be lost.
// Each is waited for, at the start and ever after; only a wrong setting ends the process.
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { HostDeps } from './actors/host.ts';
import { MongoQuarantine } from './actors/mongo-quarantine-store.ts';
import { AmqpBus } from './bus/amqp/amqp-bus.ts';
import { MongoSuspects } from './bus/amqp/mongo-suspects-store.ts';
import type { Unreadable } from './bus/bus.ts';
import { measureBus } from './bus/bus-metrics.ts';
import type { Settings } from './config.ts';
import type { deploymentSettings } from './deployment.ts';
import { type logSettings, makeLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { NatsSignals } from './nats-signals.ts';
import { PARTITIONS_DEFAULT } from './partitions.ts';
import { FORM_LOOK_MS, FormWatch } from './store/form-watch.ts';
import { Mongo } from './store/mongo.ts';
import { MongoMetaStore } from './store/mongo-meta-store.ts';
import { refuseWeakPasswords } from './strong-passwords.ts';

export const backboneSettings = {
  amqpUrl: z.string().min(1).describe('RabbitMQ: amqp://name:password@host:5672/vhost'),
  mongoUrl: z.string().min(1).describe('MongoDB: mongodb://name:password@host:27017/database'),
  natsUrl: z.string().min(1).describe('NATS: nats://name:password@host:4222; several separated by commas'),
  queuePrefix: z
    .string()
    .regex(/^[a-z0-9._-]{1,64}$/, 'it must have 1 to 64 of a-z, 0-9, dots, underscores and hyphens')
    .default('parley')
    .describe('how the queues of this deployment begin: deployments that share a virtual host need one each'),
} as const;

export type Backbone = Omit<HostDeps, 'bus'> & {
  readonly bus: AmqpBus;
  readonly metrics: Metrics;
  readonly mongo: Mongo;
  readonly meta: MongoMetaStore;
  readonly random: (bytes: number) => Uint8Array;
  readonly monotonic: () => number;
  /** Whether the bus and the store take what they are given. Signals do not count: messages go on without them. */
  readonly ready: boolean;
  /** Hands over what this instance owns, then lets go. */
  close(): Promise<void>;
};

/**
 * Connects to the store and to the signals; the bus connects when it is started. `name`: the service. Throws ConfigError (a URL, or what a
 * server says to it; the store's domain) or StartError (the store is of another version).
 */
export async function openBackbone(
  name: string,
  settings: Settings<typeof backboneSettings & typeof deploymentSettings & typeof logSettings>,
): Promise<Backbone> {
  const { domain, amqpUrl, mongoUrl, natsUrl, queuePrefix, logLevel } = settings;
  const instance = `${name}-${randomBytes(4).toString('hex')}`;
  const log: Logger = makeLog(instance, logLevel);
  const metrics = new Metrics();
  const mongo = new Mongo(mongoUrl, log);
  const meta = new MongoMetaStore(mongo);
  const now = (): number => Date.now();
  const quarantine = new MongoQuarantine(mongo, now, log);
  const bus = new AmqpBus({
    url: amqpUrl,
    prefix: queuePrefix,
    partitions: PARTITIONS_DEFAULT,
    instance,
    forms: meta.forms,
    epochs: meta,
    suspects: new MongoSuspects(mongo),
    unreadable: counted(quarantine, metrics),
    log,
    jitter: Math.random,
  });
  refuseWeakPasswords({ amqpUrl, mongoUrl, natsUrl });
  const signals = await NatsSignals.open({ url: natsUrl, domain, log });
  await mongo.connect();
  await meta.claim({ domain, partitions: PARTITIONS_DEFAULT });
  const readByAll = (form: number): boolean => bus.readByAll(form);
  const form = new FormWatch({ forms: meta.forms, recorded: meta, readByAll, log });
  const looks = setInterval(() => void form.look(), FORM_LOOK_MS).unref(); // what it throws ends the process
  measureBus(metrics, bus);
  metrics.gauge('parley_bus_frame_version', 'Version of frames written: all services read it', () => bus.frameVersion);
  metrics.gauge('parley_store_form', 'Form of data written: all services read it', () => form.written);
  metrics.gauge('parley_store_ready', '1 if MongoDB takes writes', () => Number(mongo.ready));
  metrics.gauge('parley_signals_ready', '1 if NATS is connected', () => Number(signals.ready));
  metrics.total('parley_signals_dropped_total', 'Signals dropped while NATS was away', () => signals.dropped);
  return {
    bus,
    signals,
    log,
    metrics,
    mongo,
    meta,
    now,
    observer: metrics,
    quarantine,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    monotonic: () => performance.now(),
    get ready() {
      return bus.awayMs === 0 && !bus.blocked && mongo.ready;
    },
    async close() {
      clearInterval(looks);
      await bus.close();
      await signals.close();
      await mongo.close();
      log.info('stopped');
    },
  };
}

/** Counts the frames that are kept, each once it is. */
function counted(quarantine: Unreadable, metrics: Metrics): Unreadable {
  let frames = 0;
  metrics.total('parley_frames_quarantined_total', 'Frames that nobody could read, put aside', () => frames);
  return {
    async keepFrame(queue, content, reason) {
      await quarantine.keepFrame(queue, content, reason);
      frames += 1;
    },
  };
}
