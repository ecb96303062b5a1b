// A whole deployment on one machine, each service in processes of its own, over RabbitMQ, MongoDB and NATS that are there already. Their
// logs are one stream on stderr; a process that dies is started again. This file only runs processes: what they do is in */main.ts.
import { z } from 'zod';
import { backboneSettings } from '#runtime/backbone.ts';
import { readSettings } from '#runtime/config.ts';
import { doorSettings } from '#runtime/door/settings.ts';
import { healthSettings } from '#runtime/health.ts';
import { logSettings, makeLog } from '#runtime/log.ts';
import { DRAIN_MAX_MS, runProcess } from '#runtime/process.ts';
import { authSettings } from './auth/config.ts';
import { blobSettings, filesDoorSettings } from './delivery/blobs/config.ts';
import { deliverySettings } from './delivery/config.ts';
import { freePorts } from './free-ports.ts';
import { drainSettings, filesPlace, gatewaySettings, NOBODY_ELSE } from './gateway/config.ts';
import { Processes } from './processes.ts';

const INSTANCES_MAX = 32;

const instances = (what: string) => z.coerce.number().int().min(1).max(INSTANCES_MAX).default(1).describe(what);
const { port, ...door } = gatewaySettings;
const ends = drainSettings(NOBODY_ELSE); // all gateways end together
const common = { ...backboneSettings, ...logSettings };
const SERVICES = {
  auth: { ...authSettings, ...healthSettings, ...common },
  delivery: {
    domain: door.domain,
    signUp: door.signUp,
    ...deliverySettings,
    ...blobSettings,
    ...filesDoorSettings,
    ...doorSettings,
    ...healthSettings,
    ...common,
  },
  groups: { domain: door.domain, signUp: door.signUp, ...healthSettings, ...common },
  gateway: { ...door, port, ...filesPlace, ...ends, ...common },
} as const;
type Service = keyof typeof SERVICES;

const shape = {
  gateway: instances('how many gateways; they listen on --port and the ports after it, or with 0 on any free ones'),
  auth: instances('how many auth processes'),
  groups: instances('how many groups processes'),
  delivery: instances(
    'how many delivery processes; they listen for files on --files-port and the ports after it, or with 0 on any free ones',
  ),
  ...door,
  port,
  ...ends,
  ...authSettings,
  ...deliverySettings,
  ...blobSettings,
  filesPort: filesDoorSettings.filesPort,
  ...healthSettings,
  ...common,
};

await runProcess(async () => {
  const program = { name: 'parley stack', description: 'All services of a Parley server, each in its own processes.' };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const log = makeLog('stack', settings.logLevel);
  const stack = new Processes(log);
  const started: Promise<string>[] = [];
  const { host, delivery } = settings;
  const filesPort = settings.filesPort || (await freePorts(delivery, host));
  // Each ticket names the next of them, so that one delivery that is down does not take files away.
  const filesPublicPorts = Array.from({ length: delivery }, (_, index) => filesPort + index).join(',');
  for (const service of ['auth', 'groups', 'delivery', 'gateway'] as const) {
    for (let index = 0; index < settings[service]; index += 1) {
      const given: Record<string, unknown> = { ...settings, filesPublicPorts, filesHost: host };
      if (service === 'delivery') given.filesPort = filesPort + index;
      if (service === 'gateway' && settings.port > 0) given.port = settings.port + index;
      if (service !== 'gateway' && settings.healthPort) given.healthPort = settings.healthPort + started.length;
      started.push(stack.run(service, environmentFor(service, given)));
    }
  }
  const lines = await Promise.all(started);
  const urls = lines.flatMap((line) => /^Parley listens on (\S+)$/.exec(line)?.[1] ?? []);
  const healthy = lines.filter((line) => / https?:/.test(line)).map((line) => `${line}\n`);
  process.stdout.write(`Parley listens on ${urls.join(' ')}\n${healthy.join('')}`);
  return (mayTakeMs) => {
    mayTakeMs(settings.drainNoticeMs + settings.drainMs + DRAIN_MAX_MS); // gateways first, then the others
    return stack.stop('gateway');
  };
});

/** The settings of one service, as it reads them: from nothing but these variables. */
function environmentFor(service: Service, settings: Readonly<Record<string, unknown>>): NodeJS.ProcessEnv {
  const own = Object.keys(SERVICES[service]).flatMap((name) => {
    const value = settings[name];
    const variable = `PARLEY_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    return value === undefined ? [] : [[variable, String(value)]];
  });
  const rest = Object.entries(process.env).filter(([name]) => !name.startsWith('PARLEY_'));
  return Object.fromEntries([...rest, ...own]);
}
