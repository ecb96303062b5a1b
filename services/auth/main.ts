// Auth in a process of its own. This file only wires.
import { backboneSettings, openBackbone } from '#runtime/backbone.ts';
import { readSettings } from '#runtime/config.ts';
import { healthSettings, serveHealth } from '#runtime/health.ts';
import { logSettings } from '#runtime/log.ts';
import { runProcess } from '#runtime/process.ts';
import { SERVER_KEY } from '#runtime/store/meta.ts';
import { authSettings } from './config.ts';
import { MongoAccountStore } from './mongo-store.ts';
import { startAuth } from './service.ts';

await runProcess(async () => {
  const program = { name: 'parley auth', description: 'The accounts of a Parley server, over RabbitMQ and MongoDB.' };
  const shape = { ...authSettings, ...backboneSettings, ...healthSettings, ...logSettings };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const backbone = await openBackbone('auth', settings);
  const { bus, log, meta, metrics, mongo, random } = backbone;
  let working = false;
  const health = await serveHealth(settings, metrics, () => working && backbone.ready);

  const auth = await startAuth(
    { ...backbone, store: new MongoAccountStore(mongo, random), domain: settings.domain },
    settings,
  );
  await meta.keepFact(SERVER_KEY, auth.serverKey);
  await bus.start();
  working = true;
  process.stdout.write(`Parley auth works${health ? `, ${health.url}` : ''}\n`);
  log.info({ inbox: bus.inbox }, 'ready');

  return async () => {
    working = false;
    log.info('draining');
    metrics.drains();
    await bus.close();
    await auth.stop();
    await backbone.close();
    health?.stop();
  };
});
