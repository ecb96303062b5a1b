// Of services in processes of their own: RabbitMQ, MongoDB and NATS as the services reach them, and the services as they speak over these.
import { SILENCE_MAX_MS } from '#runtime/bus/amqp/members.ts';
import { SERVER_KEY } from '#runtime/store/meta.ts';
import { lookAtMongo } from '#runtime/store/mongo-look.ts';
import { servedFindings } from './certificate.ts';
import { doorFindings } from './door.ts';
import type { Check } from './examination.ts';
import { about, type Finding } from './finding.ts';
import { mongoFindings } from './mongodb.ts';
import { natsFindings } from './nats.ts';
import { nodeFindings } from './node.ts';
import { serverKeyOf } from './opaque-setup.ts';
import { rabbitFindings } from './rabbitmq.ts';
import { passwordFindings } from './secrets.ts';
import type { DoctorSettings } from './settings.ts';

export function distributedChecks(settings: DoctorSettings, now: () => number): readonly Check[] {
  const { amqpUrl, mongoUrl, natsUrl, server, domain, queuePrefix, timeoutMs } = settings;
  const mongo = mongoUrl === undefined ? undefined : lookAtMongo(mongoUrl, timeoutMs, now);
  mongo?.catch(() => {}); // told by its own check
  const check = (name: string, run: Check['run'], maxMs = 2 * timeoutMs): Check => ({ name, maxMs, run });
  return [
    check('version', async () => nodeFindings()),
    check('settings', async () => passwordFindings({ amqpUrl, mongoUrl, natsUrl })),
    check('mongodb', async () =>
      mongoUrl === undefined || mongo === undefined ? [missing('mongoUrl')] : mongoFindings(mongoUrl, mongo, settings),
    ),
    check(
      'rabbitmq',
      async () => (amqpUrl === undefined ? [missing('amqpUrl')] : rabbitFindings(amqpUrl, queuePrefix, timeoutMs)),
      2 * timeoutMs + SILENCE_MAX_MS,
    ),
    check('nats', async () => (natsUrl === undefined ? [missing('natsUrl')] : natsFindings(natsUrl, timeoutMs))),
    check('door', async () => {
      if (server === undefined) return [];
      const kept = await mongo?.then(({ facts }) => facts.get(`fact ${SERVER_KEY}`)).catch(() => undefined);
      const serverKey = (await serverKeyOf(settings)) ?? kept;
      return doorFindings(
        server,
        { domain, serverKey },
        'Start the gateways, and what stands in front of them.',
        timeoutMs,
        now,
      );
    }),
    check('certificate', async () => (server?.startsWith('wss:') ? servedFindings(server, timeoutMs, now()) : [])),
  ];
}

function missing(setting: string): Finding {
  return about('settings').problem(
    `The setting ${setting} is missing: no service starts.`,
    'Give it as to the services.',
  );
}
