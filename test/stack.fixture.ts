// A distributed deployment: `npm run stack` with two of each service, on a database and queues of its own, for tests that must stop it, kill
// it as a whole or a single process of it, and start it again.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { removeQueues } from '#runtime/bus/amqp/removal.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { Mongo } from '#runtime/store/mongo.ts';
import type { Deployment } from './deployment.fixture.ts';
import { type Environment, Listening } from './listening.fixture.ts';
import { testPorts } from './ports.fixture.ts';
import { databaseUrl, freshName, type ServerUrls } from './services.fixture.ts';

const STACK = new URL('../services/stack.ts', import.meta.url).pathname;
const GATEWAY = new URL('../services/gateway/main.ts', import.meta.url).pathname;
/** Options of a stack that its gateways read, each with a value. */
const GATEWAYS_OWN: readonly string[] = ['--rate-factor'];
export const SERVICES = ['gateway', 'delivery', 'groups', 'auth'] as const;
export type Service = (typeof SERVICES)[number];
/** Of each service. */
export const INSTANCES = 2;

/** Between two looks at what announces itself to nobody. */
const LOOK_MS = 100;

/** Whether the process that has its /metrics at this URL owns as many partitions as each of its service should. */
async function hasItsShare(url: string): Promise<boolean> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const owned = [...text.matchAll(/^parley_partitions_owned\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return owned.length > 0 && owned.every((count) => count === PARTITIONS_DEFAULT / INSTANCES);
}

export class StackProcesses implements Deployment {
  readonly #urls: ServerUrls;
  readonly #name = freshName('parley_test');
  readonly #options: readonly string[];
  #stack!: Listening; // by `start`
  #further: Listening | undefined;

  /** That of the first gateway; the ports of the others follow, then those of files. */
  readonly #port: number;

  private constructor(urls: ServerUrls, port: number, options: readonly string[]) {
    this.#urls = urls;
    this.#port = port;
    this.#options = options;
  }

  /** Resolves once both gateways listen. */
  static async start(urls: ServerUrls, options: readonly string[] = []): Promise<StackProcesses> {
    const stack = new StackProcesses(urls, await testPorts(2 * INSTANCES), options);
    await stack.restart();
    return stack;
  }

  async restart(): Promise<void> {
    const counts = SERVICES.flatMap((service) => [`--${service}`, String(INSTANCES)]);
    const ports = ['--port', String(this.#port), '--files-port', String(this.#port + INSTANCES)];
    const args = [STACK, ...ports, ...counts, '--health-port', '0', ...this.#options];
    this.#stack = await Listening.start(args, { environment: this.environment, family: true });
    await this.whole();
    await this.#settled();
  }

  /** One more gateway, which reaches RabbitMQ by this URL; it is not of the stack, and nobody starts it again. Resolves with its door. */
  async furtherGateway(amqpUrl: string): Promise<string> {
    const files = { PARLEY_FILES_PUBLIC_PORTS: String(this.#port + INSTANCES) };
    const environment = { ...this.environment, ...files, PARLEY_AMQP_URL: amqpUrl, PARLEY_PORT: '0' };
    const options = this.#options.flatMap((name, index) =>
      GATEWAYS_OWN.includes(name) ? this.#options.slice(index, index + 2) : [],
    );
    this.#further = await Listening.start([GATEWAY, ...options], { environment });
    return this.#further.url;
  }

  get environment(): Environment {
    return {
      PARLEY_AMQP_URL: this.#urls.AMQP,
      PARLEY_MONGO_URL: this.#database,
      PARLEY_NATS_URL: this.#urls.NATS,
      PARLEY_QUEUE_PREFIX: this.#name,
      // Loading the modules is most of what a start costs: once for all of them.
      NODE_COMPILE_CACHE: join(tmpdir(), 'parley-compile-cache'),
    };
  }

  /** How a program that looks at it from outside is told where it is. */
  get options(): Readonly<Record<string, string>> {
    const { AMQP, NATS } = this.#urls;
    return { '--amqp-url': AMQP, '--mongo-url': this.#database, '--nats-url': NATS, '--queue-prefix': this.#name };
  }

  get #database(): string {
    return databaseUrl(this.#urls.MONGO, this.#name);
  }

  get url(): string {
    return this.#stack.url;
  }

  get urls(): readonly string[] {
    return this.#stack.urls;
  }

  get stderr(): string {
    return this.#stack.stderr;
  }

  said(line: RegExp): Promise<void> {
    return this.#stack.said(line);
  }

  stop(): Promise<number | null> {
    return this.#stack.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await Promise.all([this.#stack.end('SIGKILL'), this.#further?.end('SIGKILL')]);
  }

  /** The processes of a service that have begun to work and have not ended, the oldest first. */
  pidsOf(service: Service): readonly number[] {
    const pids = new Set<number>();
    for (const [, of, pid, what] of this.stderr.matchAll(
      /"service":"(\w+)","pid":(\d+),[^\n]*"msg":"a process (works|ended)/g,
    )) {
      if (of === service && what === 'works') pids.add(Number(pid));
      else pids.delete(Number(pid));
    }
    return [...pids];
  }

  /** Ends a process; resolves when its successor works. */
  async replace(service: Service, signal: 'SIGTERM' | 'SIGKILL', pid = this.#oldest(service)): Promise<void> {
    process.kill(pid, signal);
    await this.#stack.until(() => !this.pidsOf(service).includes(pid));
    await this.whole();
  }

  /** SIGSTOP: it neither works nor ends, until what this returns is called. */
  freeze(service: Service): () => void {
    const pid = this.#oldest(service);
    process.kill(pid, 'SIGSTOP');
    return () => void process.kill(pid, 'SIGCONT');
  }

  /** Resolves once every process of it works. */
  async whole(): Promise<void> {
    await this.#stack.until(() => SERVICES.every((service) => this.pidsOf(service).length === INSTANCES));
  }

  /**
   * Resolves once each process has its share of the partitions. Those that come up first have all of them, and what they hand over ends the sessions that are
   * open by then with 4005: clients come again, and the bare connections of a test do not.
   */
  async #settled(): Promise<void> {
    const urls = [...this.#stack.stdout.matchAll(/^Parley \w+ works, (http:\S+)$/gm)].map(([, url]) => String(url));
    while (!(await Promise.all(urls.map(hasItsShare))).every(Boolean)) await sleep(LOOK_MS);
  }

  async remove(): Promise<void> {
    await this.kill();
    const mongo = new Mongo(this.#database, pino({ level: 'silent' }));
    await mongo.connect();
    await mongo.drop();
    await mongo.close();
    await removeQueues(this.#urls.AMQP, this.#name, PARTITIONS_DEFAULT);
  }

  #oldest(service: Service): number {
    const [pid] = this.pidsOf(service);
    if (pid === undefined) throw new Error(`no ${service} works`);
    return pid;
  }
}
