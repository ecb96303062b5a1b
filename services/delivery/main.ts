// Delivery in a process of its own. This file only wires.
import { backboneSettings, openBackbone } from '#runtime/backbone.ts';
import { readSettings } from '#runtime/config.ts';
import { deploymentSettings } from '#runtime/deployment.ts';
import { doorSettings } from '#runtime/door/settings.ts';
import { healthSettings, serveHealth } from '#runtime/health.ts';
import { logSettings } from '#runtime/log.ts';
import { runProcess } from '#runtime/process.ts';
import { sharedTickets } from '#runtime/tickets.ts';
import { blobSettings, filesDoorSettings } from './blobs/config.ts';
import { FilesListener } from './blobs/listener.ts';
import { MongoBlobStore } from './blobs/mongo-blob-store.ts';
import { startBlobs, TRANSFERS_DRAIN_MS } from './blobs/service.ts';
import { deliverySettings } from './config.ts';
import { MongoMailboxStore } from './mongo-store.ts';
import { startDelivery } from './service.ts';

/** Files do not go to this machine's disk: what MongoDB has no room for, it refuses. */
const SPACE = { low: false, hasRoomFor: () => true };

await runProcess(async () => {
  const program = {
    name: 'parley delivery',
    description: 'The mailboxes and files of a Parley server, over RabbitMQ and MongoDB.',
  };
  const shape = {
    ...deploymentSettings,
    ...deliverySettings,
    ...blobSettings,
    ...filesDoorSettings,
    ...doorSettings,
    ...backboneSettings,
    ...healthSettings,
    ...logSettings,
  };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const backbone = await openBackbone('delivery', settings);
  const { bus, log, meta, metrics, mongo } = backbone;
  let working = false;
  const health = await serveHealth(settings, metrics, () => working && backbone.ready);

  const delivery = startDelivery({ ...backbone, store: new MongoMailboxStore(mongo) }, settings);
  const tickets = await sharedTickets(meta, backbone);
  const blobs = startBlobs({ ...backbone, store: new MongoBlobStore(mongo), tickets, space: SPACE }, settings);
  const files = new FilesListener(blobs, backbone, settings);
  const filesUrl = await files.listen();
  await bus.start();
  files.open();
  working = true;
  process.stdout.write(`Parley delivery works${health ? `, ${health.url}` : ''}\n`);
  log.info({ inbox: bus.inbox, files: filesUrl }, 'ready');

  return async (mayTakeMs) => {
    mayTakeMs(TRANSFERS_DRAIN_MS);
    working = false;
    log.info('draining');
    metrics.drains();
    delivery.stopSweeps();
    blobs.stopSweeps();
    await Promise.all([bus.close(), files.drain()]); // others take the mailboxes over meanwhile
    await delivery.stop();
    await backbone.close();
    health?.stop();
  };
});
