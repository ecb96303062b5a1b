// Parley in one process: all services on the embedded store. This file only wires.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { ActorHost } from '#runtime/actors/host.ts';
import { quarantineSchema, SqliteQuarantine } from '#runtime/actors/quarantine-store.ts';
import { Journal } from '#runtime/bus/journal.ts';
import { JournalStore, journalSchema } from '#runtime/bus/journal-store.ts';
import { readSettings } from '#runtime/config.ts';
import { logSettings, makeLog } from '#runtime/log.ts';
import { Metrics } from '#runtime/metrics.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { runProcess } from '#runtime/process.ts';
import { LocalSignals } from '#runtime/signals.ts';
import { openData } from '#runtime/store/data-folder.ts';
import { DiskSpace } from '#runtime/store/space.ts';
import { accountActors } from './auth/account.ts';
import { authSettings, readSignUpPolicy } from './auth/config.ts';
import { openOpaque } from './auth/setup.ts';
import { schema as accountSchema, SqliteAccountStore } from './auth/sqlite-store.ts';
import { deliverySettings, mailboxRules } from './delivery/config.ts';
import { Expiry } from './delivery/expiry.ts';
import { mailboxActors, startSweeps } from './delivery/mailboxes.ts';
import { mailboxSchema, SqliteMailboxStore } from './delivery/sqlite-store.ts';
import { gatewaySettings } from './gateway/config.ts';
import { Hub } from './gateway/hub.ts';
import { EVERY_ADDRESS, Listener } from './gateway/listener.ts';

/** How long clients' last requests may take at the end. */
const DRAIN_PATIENCE_MS = 5_000;

const schema = [...journalSchema, ...quarantineSchema, ...accountSchema, ...mailboxSchema];

const shape = {
  ...gatewaySettings,
  data: z.string().min(1).default('./data').describe('the folder for everything that the server keeps'),
  reserveMib: z.coerce.number().min(0).default(64).describe('free disk space below which messages are refused, in MiB'),
  ...authSettings,
  ...deliverySettings,
  ...logSettings,
};

await runProcess(async () => {
  const program = { name: 'parley server', description: 'A Parley server in one process, on an embedded store.' };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const { domain, data } = settings;
  const log = makeLog('parley', settings.logLevel);
  const metrics = new Metrics();
  const now = (): number => Date.now();
  const monotonic = (): number => performance.now();
  const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));

  const { database, epoch } = await openData(data, { domain, partitions: PARTITIONS_DEFAULT }, schema);
  const space = new DiskSpace(data, settings.reserveMib);
  await space.watch();

  const signals = new LocalSignals();
  const bus = new Journal({
    store: new JournalStore(database),
    partitions: PARTITIONS_DEFAULT,
    inbox: `embedded/${epoch}`,
  });
  const shared = { bus, signals, log, now, observer: metrics, quarantine: new SqliteQuarantine(database, now, log) };

  const accounts = new SqliteAccountStore(database);
  const opaque = await openOpaque(accounts, domain, settings.opaqueSetup);
  const { triesPerAccount, triesPerSource } = settings;
  const signUp = readSignUpPolicy(settings);
  const accountType = accountActors({
    store: accounts,
    domain,
    opaque,
    signUp,
    random,
    triesPerAccount,
    triesPerSource,
  });
  const accountHost = new ActorHost({ ...shared, type: accountType });

  const mailboxes = new SqliteMailboxStore(database);
  const expiry = new Expiry(now, monotonic);
  const mailboxHost = new ActorHost({ ...shared, type: mailboxActors(mailboxes, mailboxRules(settings), expiry) });
  const stopSweeps = startSweeps({
    store: mailboxes,
    bus,
    everyMs: settings.sweepEveryMs,
    expiry,
    onSkipped: (movedMs) => log.warn({ movedMs }, 'the clock moved: expired messages are kept until the next sweep'),
    onFailed: (err) => log.error({ err }, 'a sweep failed'),
  });

  metrics.gauge('parley_account_actors', 'Account actors in memory', () => accountHost.active);
  metrics.gauge('parley_mailbox_actors', 'Mailbox actors in memory', () => mailboxHost.active);

  const hub = new Hub({
    bus,
    signals,
    log,
    metrics,
    domain,
    serverKey: opaque.publicKey,
    signUp: settings.signUp,
    rateFactor: settings.rateFactor,
    space,
    random,
    now,
    monotonic,
  });
  const listener = new Listener(hub, settings);
  await bus.recover();
  const url = await listener.listen();
  process.stdout.write(`Parley listens on ${url}\n${whatNext(url, settings)}`);
  log.info({ url, domain, epoch }, 'ready');

  return async () => {
    log.info('draining');
    listener.stop();
    stopSweeps();
    await hub.drain(DRAIN_PATIENCE_MS);
    await listener.goodbye();
    await accountHost.stop();
    await mailboxHost.stop();
    await bus.close();
    await database.close();
    space.stop();
    log.info('stopped');
  };
});

function whatNext(url: string, { host, domain }: { readonly host: string; readonly domain: string }): string {
  const server = url === 'ws://127.0.0.1:7070' ? '' : ` --server ${url}`;
  const next = `Now, in another terminal:\n  npm run -s parley -- signup YOURNAME@${domain}${server}\n`;
  if (!EVERY_ADDRESS.has(host)) return next;
  const elsewhere = new URL(url);
  elsewhere.hostname = domain === 'localhost' ? hostname() : domain;
  return `${next}It listens on every address of this machine. From others: --server ${elsewhere.href.replace(/\/$/, '')}\n`;
}
