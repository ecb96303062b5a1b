// Delivery in a process of its own. This file only wires.
import { backboneSettings, openBackbone } from '#runtime/backbone.ts';
import { readSettings } from '#runtime/config.ts';
import { deploymentSettings } from '#runtime/deployment.ts';
import { healthSettings, serveHealth } from '#runtime/health.ts';
import { logSettings } from '#runtime/log.ts';
import { runProcess } from '#runtime/process.ts';
import { deliverySettings } from './config.ts';
import { MongoMailboxStore } from './mongo-store.ts';
import { startDelivery } from './service.ts';

await runProcess(async () => {
  const program = {
    name: 'parley delivery',
    description: 'The mailboxes of a Parley server, over RabbitMQ and MongoDB.',
  };
  const shape = { ...deploymentSettings, ...deliverySettings, ...backboneSettings, ...healthSettings, ...logSettings };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const backbone = await openBackbone('delivery', settings);
  const { bus, log, metrics, mongo } = backbone;
  let working = false;
  const health = await serveHealth(settings, metrics, () => working && backbone.ready);

  const delivery = startDelivery({ ...backbone, store: new MongoMailboxStore(mongo) }, settings);
  await bus.start();
  working = true;
  process.stdout.write(`Parley delivery works${health ? `, ${health.url}` : ''}\n`);
  log.info({ inbox: bus.inbox }, 'ready');

  return async () => {
    working = false;
    log.info('draining');
    metrics.drains();
    delivery.stopSweeps();
    await bus.close();
    await delivery.stop();
    await backbone.close();
    health?.stop();
  };
});
