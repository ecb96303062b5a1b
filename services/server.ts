// Parley in one process: all services on the embedded store. This file only wires.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { quarantineSchema, SqliteQuarantine } from '#runtime/actors/quarantine-store.ts';
import { measureBus } from '#runtime/bus/bus-metrics.ts';
import { Journal } from '#runtime/bus/journal.ts';
import { JournalStore, journalSchema } from '#runtime/bus/journal-store.ts';
import { readSettings, type Settings } from '#runtime/config.ts';
import { EVERY_ADDRESS } from '#runtime/door/addresses.ts';
import { logSettings, makeLog } from '#runtime/log.ts';
import { Metrics } from '#runtime/metrics.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { runProcess } from '#runtime/process.ts';
import { LocalSignals } from '#runtime/signals.ts';
import { BackupDoor } from '#runtime/store/backup-door.ts';
import { blobsIn, openData } from '#runtime/store/data-folder.ts';
import { dataSettings } from '#runtime/store/data-settings.ts';
import { DiskSpace } from '#runtime/store/space.ts';
import { TICKET_KEY_BYTES, Tickets } from '#runtime/tickets.ts';
import { authSettings } from './auth/config.ts';
import { keepInvitationKey } from './auth/invitation-key.ts';
import { startAuth } from './auth/service.ts';
import { schema as accountSchema, SqliteAccountStore } from './auth/sqlite-store.ts';
import { blobSettings } from './delivery/blobs/config.ts';
import { blobSchema, FileBlobStore } from './delivery/blobs/file-store.ts';
import { startBlobs, TRANSFERS_DRAIN_MS } from './delivery/blobs/service.ts';
import { deliverySettings } from './delivery/config.ts';
import { startDelivery } from './delivery/service.ts';
import { mailboxSchema, SqliteMailboxStore } from './delivery/sqlite-store.ts';
import { drainSettings, gatewaySettings, NOBODY_ELSE } from './gateway/config.ts';
import { startGateway } from './gateway/service.ts';
import { TicketOffice } from './gateway/ticket-office.ts';
import { startGroups } from './groups/service.ts';
import { groupSchema, SqliteGroupStore } from './groups/sqlite-store.ts';

/** A sync of an SSD takes 0.1 to 10 ms, one of a laptop's disk 30. */
const COMMIT_BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2];

const schema = [
  ...journalSchema,
  ...quarantineSchema,
  ...accountSchema,
  ...groupSchema,
  ...mailboxSchema,
  ...blobSchema,
];

const shape = {
  ...gatewaySettings,
  ...drainSettings(NOBODY_ELSE),
  ...dataSettings,
  ...authSettings,
  ...deliverySettings,
  ...blobSettings,
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

  const { database, epoch, claim } = await openData(data, { domain, partitions: PARTITIONS_DEFAULT }, schema);
  const space = new DiskSpace(data, settings.reserveMib);
  await space.watch();

  const signals = new LocalSignals();
  const committed = metrics.durations(
    'parley_journal_commit_seconds',
    'Time of a commit of the journal',
    COMMIT_BUCKETS_S,
  );
  const bus = new Journal({
    store: new JournalStore(database),
    partitions: PARTITIONS_DEFAULT,
    epoch,
    committed: (seconds) => committed.observe(seconds),
  });
  measureBus(metrics, bus);
  metrics.gauge('parley_disk_free_bytes', "Free space on the data folder's disk", () => space.freeBytes);
  metrics.gauge(
    'parley_disk_reserve_bytes',
    'With less than this free, messages are refused',
    () => space.reserveBytes,
  );
  const shared = { bus, signals, log, now, metrics, quarantine: new SqliteQuarantine(database, now, log) };

  const auth = await startAuth(
    {
      ...shared,
      store: new SqliteAccountStore(database),
      domain,
      random,
      keepInvitationKey: () => keepInvitationKey(data, domain),
    },
    settings,
  );
  const delivery = startDelivery({ ...shared, store: new SqliteMailboxStore(database), monotonic }, settings);
  const groups = startGroups({ ...shared, store: new SqliteGroupStore(database) });
  const { serverKey } = auth;
  const tickets = new Tickets(random(TICKET_KEY_BYTES), now); // those of an earlier run ended with it
  const blobStore = new FileBlobStore(database, blobsIn(data));
  const blobs = startBlobs({ store: blobStore, tickets, space, log, metrics, now, monotonic }, settings);
  const gateway = await startGateway(
    { ...shared, serverKey, space, random, monotonic, tickets: new TicketOffice(tickets) },
    settings,
    (request, response) => blobs.handle(request, response),
  );
  await claim();
  await bus.start();
  const backups = new BackupDoor(data, database, log);
  await backups.open();
  gateway.open();
  process.stdout.write(`Parley listens on ${gateway.url}\n${whatNext(gateway.url, settings)}`);
  log.info({ url: gateway.url, domain, epoch }, 'ready');

  return async (mayTakeMs) => {
    mayTakeMs(settings.drainNoticeMs + settings.drainMs + TRANSFERS_DRAIN_MS);
    log.info('draining');
    metrics.drains();
    backups.close();
    delivery.stopSweeps();
    groups.stopSweeps();
    blobs.stopSweeps();
    await Promise.all([gateway.drain(), blobs.drain()]);
    await auth.stop();
    await groups.stop();
    await delivery.stop();
    await bus.close();
    await database.close();
    space.stop();
    log.info('stopped');
  };
});

function whatNext(url: string, settings: Settings<typeof shape>): string {
  const { host, domain, signUp } = settings;
  const server = url === 'ws://127.0.0.1:7070' ? '' : ` --server ${url}`;
  const invited = signUp === 'invitation';
  const given = settings.invitationKey ?? settings.invitationKeyFile; // whoever gave it here gives it there
  const invite = invited ? `  npm run -s invite${given === undefined ? ` -- --data ${settings.data}` : ''}\n` : '';
  const signup = `  npm run -s parley -- signup YOURNAME@${domain}${server}${invited ? ' --invitation CODE' : ''}\n`;
  const next = `Now, in another terminal:\n${invite}${signup}`;
  if (!EVERY_ADDRESS.has(host)) return next;
  const elsewhere = new URL(url);
  elsewhere.hostname = domain === 'localhost' ? hostname() : domain;
  return `${next}It listens on every address of this machine. From others: --server ${elsewhere.href.replace(/\/$/, '')}\n`;
}
