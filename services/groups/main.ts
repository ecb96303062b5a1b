// Groups in a process of its own. This file only wires.
import { backboneSettings, openBackbone } from '#runtime/backbone.ts';
import { readSettings } from '#runtime/config.ts';
import { deploymentSettings } from '#runtime/deployment.ts';
import { healthSettings, serveHealth } from '#runtime/health.ts';
import { logSettings } from '#runtime/log.ts';
import { runProcess } from '#runtime/process.ts';
import { MongoGroupStore } from './mongo-store.ts';
import { startGroups } from './service.ts';

await runProcess(async () => {
  const program = { name: 'parley groups', description: 'The groups of a Parley server, over RabbitMQ and MongoDB.' };
  const shape = { ...deploymentSettings, ...backboneSettings, ...healthSettings, ...logSettings };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const backbone = await openBackbone('groups', settings);
  const { bus, log, metrics, mongo } = backbone;
  let working = false;
  const health = await serveHealth(settings, metrics, () => working && backbone.ready);

  const groups = startGroups({ ...backbone, store: new MongoGroupStore(mongo) });
  await bus.start();
  working = true;
  process.stdout.write(`Parley groups works${health ? `, ${health.url}` : ''}\n`);
  log.info({ inbox: bus.inbox }, 'ready');

  return async () => {
    working = false;
    log.info('draining');
    metrics.drains();
    groups.stopSweeps();
    await bus.close();
    await groups.stop();
    await backbone.close();
    health?.stop();
  };
});
