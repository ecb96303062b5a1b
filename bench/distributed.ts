// The product as a stack of processes over servers that are there already, on queues and a database of its own.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeQueues } from '#runtime/bus/amqp/removal.ts';
import { makeLog } from '#runtime/log.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { Mongo } from '#runtime/store/mongo.ts';
import { Listening } from '../test/listening.fixture.ts';
import { Haproxy } from './haproxy.ts';
import type { Place } from './place.ts';
import { type StartOptions, Subject, serverOptions } from './subject.ts';
import { childrenOf, cpuUsOf, type Pids } from './usage.ts';

const STACK = fileURLToPath(new URL('../services/stack.ts', import.meta.url));
const VARIABLES = ['PARLEY_TEST_AMQP_URL', 'PARLEY_TEST_MONGO_URL', 'PARLEY_TEST_NATS_URL'] as const;
/** Servers by the name of their `NAME.pid`, where PARLEY_SERVICES_DIR says where those are, and as lines call them. */
const SHARED = { rabbitmq: 'rabbitmq', ferretdb: 'mongo', mongodb: 'mongo', nats: 'nats' } as const;
/** A gateway that was killed is looked for this often until it is ready again. */
const LOOK_MS = 10;
const READY_MAX_MS = 20_000;

/** Why this mode cannot run here; undefined: it can. */
export function missing(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const absent = VARIABLES.find((name) => !environment[name]);
  return absent && `${absent} is not set`;
}

/** Who answers at the store's URL, by its `buildInfo`: figures on a stand-in are not MongoDB's. */
export function nameStore({ version, ferretdbVersion, ferretdb }: Readonly<Record<string, unknown>>): string {
  // FerretDB 1 has the field at the top, later ones in a document.
  const standIn = ferretdbVersion ?? (ferretdb as { readonly version?: unknown } | undefined)?.version;
  return standIn === undefined ? `MongoDB ${version}` : `FerretDB ${standIn}, a stand-in for MongoDB`;
}

export async function makeDistributed(): Promise<Place> {
  const [amqpUrl, server, natsUrl] = VARIABLES.map((name) => process.env[name] ?? '') as [string, string, string];
  const name = `parley_bench_${randomBytes(6).toString('hex')}`;
  const database = new URL(server);
  database.pathname = `/${name}`;
  const mongo = new Mongo(database.href, makeLog('bench', 'silent'));
  await mongo.connect();
  const backbone = ['--amqp-url', amqpUrl, '--mongo-url', database.href, '--nats-url', natsUrl, '--queue-prefix', name];
  let running: Subject | undefined;
  return {
    params: { store: nameStore(await mongo.build()) },
    async start(options: StartOptions) {
      const NODE_OPTIONS = [process.env.NODE_OPTIONS ?? '', ...options.nodeOptions].join(' ').trim();
      const stack = await Listening.start(
        [STACK, ...backbone, '--files-port', '0', '--health-port', '0', ...serverOptions(options)],
        {
          family: true,
          environment: { NODE_OPTIONS },
        },
      );
      const front = options.throughHaproxy ? await Haproxy.start(stack.urls) : undefined;
      const health = stack.stdout.match(/http:\S+/g) ?? [];
      running = new Subject(stack, {
        own: () => servicesOf(stack.pid),
        shared: sharedPids(process.env.PARLEY_SERVICES_DIR),
        metricsUrls: [...stack.urls.map((url) => url.replace(/^ws/, 'http')), ...health],
        ...(front && { front }),
      });
      return running;
    },
    // The stack starts it again, on the same port.
    async crash(subject) {
      for (const pid of subject.own.gateway ?? []) process.kill(pid, 'SIGKILL');
      await Promise.all(subject.urls.map((url) => whenReady(url.replace(/^ws/, 'http'))));
      return subject;
    },
    async remove() {
      await running?.end();
      await mongo.drop();
      await mongo.close();
      await removeQueues(amqpUrl, name, PARTITIONS_DEFAULT);
    },
  };
}

async function whenReady(url: string): Promise<void> {
  for (const since = performance.now(); performance.now() - since < READY_MAX_MS; await delay(LOOK_MS)) {
    const answer = await fetch(new URL('/readyz', url)).catch(() => undefined); // refused until it listens
    if (answer?.ok) return;
  }
  throw new Error(`${url} did not come back.`);
}

/** The processes of a stack, by service. */
function servicesOf(stack: number): Pids {
  const found = childrenOf(stack).flatMap(({ pid, command }) => {
    const service = /services\/(\w+)\/main\.ts/.exec(command)?.[1];
    return service === undefined ? [] : [{ pid, service }];
  });
  const groups = Object.groupBy(found, ({ service }) => service);
  return Object.fromEntries(Object.entries(groups).map(([service, all = []]) => [service, all.map(({ pid }) => pid)]));
}

/** Those of the servers whose process can be seen from here. */
function sharedPids(folder: string | undefined): Pids {
  if (!folder) return {};
  const found = Object.entries(SHARED).flatMap(([file, kind]) => {
    try {
      const pid = Number(readFileSync(join(folder, `${file}.pid`), 'utf8'));
      cpuUsOf(pid);
      return [[kind, [pid]] as const];
    } catch {
      return []; // another machine's, or none of that name
    }
  });
  return Object.fromEntries(found);
}
