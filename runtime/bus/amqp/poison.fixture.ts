// A process that owns mailboxes as a service does, on a real broker and a real store, and that one command kills. Run as a program it
// answers every message but that one; started by a test, it is started again whenever it dies, as whoever runs services does.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { Addressed } from '#protocol/commands.ts';
import { ActorHost } from '../../actors/host.ts';
import { MongoQuarantine } from '../../actors/mongo-quarantine-store.ts';
import { LocalSignals } from '../../signals.ts';
import { Mongo } from '../../store/mongo.ts';
import { MongoMetaStore } from '../../store/mongo-meta-store.ts';
import { AmqpBus } from './amqp-bus.ts';
import { PARTITIONS } from './broker.fixture.ts';
import { MongoSuspects } from './mongo-suspects-store.ts';

/** The id of the message that no process survives. */
export const POISON = 'poison';

/** A message with this id, answered under this number. */
export function message(key: string, id: string, reply: { inbox: string; re: number }): Addressed {
  const item = { id, from: 'bo@localhost', device: 'b1', conversation: 'c', seq: 1, header: 'h', body: 'b' };
  return {
    kind: 'mailbox',
    key,
    command: { type: 'deliver', item: { type: 'message', ...item, slots: {}, receivedAt: 1, expiresAt: 2 }, reply },
  };
}

/** The test's end of it. */
export class Mortal {
  starts = 0;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #ended = false;

  constructor(amqpUrl: string, prefix: string, mongoUrl: string) {
    this.#args = [amqpUrl, prefix, mongoUrl];
    void this.#run();
  }

  async end(): Promise<void> {
    this.#ended = true;
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      this.starts += 1;
      this.#child = fork(fileURLToPath(import.meta.url), [...this.#args, `mortal${this.starts}`], { execArgv: [] });
      await once(this.#child, 'exit');
    }
  }
}

async function main(url = '', prefix = '', mongoUrl = '', instance = ''): Promise<void> {
  process.on('disconnect', () => process.exit());
  const log = pino({ level: 'silent' });
  const mongo = new Mongo(mongoUrl, log);
  await mongo.connect();
  const epochs = new MongoMetaStore(mongo);
  const suspects = new MongoSuspects(mongo);
  const quarantine = new MongoQuarantine(mongo, Date.now, log);
  const bus = new AmqpBus({
    url,
    prefix,
    instance,
    partitions: PARTITIONS,
    forms: [1],
    epochs,
    suspects,
    unreadable: quarantine,
    log,
    jitter: Math.random,
  });
  new ActorHost<'mailbox', never>({
    type: {
      kind: 'mailbox',
      activate: async () => ({
        idle: true,
        turn(batch) {
          const tells = [];
          const settled = [];
          for (const one of batch) {
            if (!('command' in one) || one.command.type !== 'deliver' || !one.command.reply) continue;
            if (one.command.item.id === POISON) process.exit(1);
            const { inbox, re } = one.command.reply;
            tells.push({ inbox, message: { type: 'answer' as const, re, answer: { receivedAt: 1 } } });
            if (one.delivery) settled.push(one.delivery);
          }
          return { tells, settled };
        },
      }),
      write: async () => {},
    },
    bus,
    signals: new LocalSignals(),
    log,
    now: Date.now,
    observer: { turn() {}, repeated() {}, quarantined() {} },
    quarantine,
  });
  await bus.start();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(...process.argv.slice(2));
