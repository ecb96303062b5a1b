// A delivery in a process of its own, on a real broker and a real store, that writes down what it changes, so that a test can freeze it,
// kill it, and decide afterwards who changed what.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MINUTE_MS } from '#protocol/limits.ts';
import { openBackbone } from '#runtime/backbone.ts';
import { partitionOf } from '#runtime/partitions.ts';
import { MongoMailboxStore } from '../../services/delivery/mongo-store.ts';
import { startDelivery } from '../../services/delivery/service.ts';
import type { MailboxStore, MailboxWrite } from '../../services/delivery/store.ts';
import type { ServerUrls } from '../services.fixture.ts';
import type { Logged, OwnerLog } from './owners.ts';

const QUOTA_MIB = 64;
const SWEEP_EVERY_MS = 3_600_000;

/** The test's end of it. */
export class Owner {
  readonly instance: string;
  readonly #child: ChildProcess;

  /** `hear`: gets what it writes down. */
  constructor(instance: string, urls: ServerUrls, queuePrefix: string, hear: (logged: Logged) => void) {
    this.instance = instance;
    const args = [urls.AMQP, urls.MONGO, urls.NATS, queuePrefix];
    this.#child = fork(fileURLToPath(import.meta.url), args, { execArgv: [] });
    this.#child.on('message', (entry: OwnerLog) => hear({ ...entry, instance }));
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** Where a fence keeps two writers apart, and what is in it; nothing for a write without fence, which bears repetition by anybody. */
function fencedIn(write: MailboxWrite): { readonly at: string; readonly ids: readonly string[] }[] {
  if (write.type === 'account') return [{ at: `account ${write.length}`, ids: [] }];
  if (write.type !== 'append') return [];
  const ids = write.chunk.items.flatMap(({ item }) => (item?.type === 'message' ? [item.id] : []));
  return [{ at: `chunk ${write.chunk.n}`, ids }];
}

async function main(amqpUrl = '', mongoUrl = '', natsUrl = '', queuePrefix = ''): Promise<void> {
  const say = (entry: OwnerLog): void => void process.send?.(entry);
  process.on('disconnect', () => process.exit());
  const common = { domain: 'localhost', signUp: 'open', logLevel: 'silent' } as const;
  const backbone = await openBackbone('owner', { ...common, amqpUrl, mongoUrl, natsUrl, queuePrefix });
  const { bus, meta, mongo } = backbone;
  const take = meta.take.bind(meta);
  meta.take = async (kind, partition) => {
    const epoch = await take(kind, partition);
    say({ type: 'took', partition, epoch });
    return epoch;
  };
  const store = new MongoMailboxStore(mongo);
  const written: MailboxStore = {
    load: (user) => store.load(user),
    read: (...page) => store.read(...page),
    users: (...page) => store.users(...page),
    survey: (each) => store.survey(each),
    async write(key, writes) {
      await store.write(key, writes);
      const partition = partitionOf(key, bus.partitions);
      for (const fenced of writes.flatMap(fencedIn)) say({ type: 'wrote', key, partition, ...fenced });
    },
  };
  const rules = { holdMs: 0, mailboxQuotaMib: QUOTA_MIB, sweepEveryMs: SWEEP_EVERY_MS, countEveryMs: MINUTE_MS };
  startDelivery({ ...backbone, store: written }, rules);
  await bus.start();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(...process.argv.slice(2));
