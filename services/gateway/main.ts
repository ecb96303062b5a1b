// The gateway in a process of its own. This file only wires.
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '#protocol/errors.ts';
import { backboneSettings, openBackbone } from '#runtime/backbone.ts';
import { readSettings } from '#runtime/config.ts';
import { healthSettings, serveHealth } from '#runtime/health.ts';
import { logSettings } from '#runtime/log.ts';
import { runProcess } from '#runtime/process.ts';
import { SERVER_KEY, type SharedFacts } from '#runtime/store/meta.ts';
import { sharedTickets } from '#runtime/tickets.ts';
import { drainSettings, filesPlace, gatewaySettings } from './config.ts';
import { startGateway } from './service.ts';
import { TicketOffice } from './ticket-office.ts';

const LOOK_MS = 250;
/** Messages do not go to this machine's disk: what RabbitMQ has no room for, it does not confirm. */
const space = { low: false };
/** Others are behind the same balancer, which asks /readyz every second or two and wants to be told twice. */
const AMONG_OTHERS = { noticeMs: 4_000, moveMs: 10_000 };

await runProcess(async () => {
  const program = { name: 'parley gateway', description: "A Parley server's door for clients, over RabbitMQ." };
  const shape = {
    ...gatewaySettings,
    ...filesPlace,
    ...drainSettings(AMONG_OTHERS),
    ...backboneSettings,
    ...healthSettings,
    ...logSettings,
  };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const backbone = await openBackbone('gateway', settings);
  const { bus, log, meta, metrics } = backbone;
  let isReady = (): boolean => false;
  // Beside its door, which shows its metrics to this machine alone.
  const health = await serveHealth(settings, metrics, () => isReady());

  const serverKey = await whenMade(meta);
  const tickets = new TicketOffice(await sharedTickets(meta, backbone), settings.filesPublicPorts);
  const gateway = await startGateway({ ...backbone, serverKey, space, tickets }, settings);
  await bus.start();
  gateway.open();
  isReady = () => gateway.ready;
  process.stdout.write(`Parley listens on ${gateway.url}\n`);
  log.info({ url: gateway.url, domain: settings.domain, inbox: bus.inbox }, 'ready');

  return async (mayTakeMs) => {
    mayTakeMs(settings.drainNoticeMs + settings.drainMs);
    log.info('draining');
    metrics.drains();
    await gateway.drain();
    await backbone.close();
    health?.stop();
  };
});

/** Auth makes it at its first start. */
async function whenMade(facts: SharedFacts): Promise<string> {
  for (;;) {
    const key = await facts.fact(SERVER_KEY).catch((error: unknown) => {
      if (!(error instanceof Unavailable)) throw error; // a store that is away for a moment is waited for
      return undefined;
    });
    if (key !== undefined) return key;
    await sleep(LOOK_MS);
  }
}
