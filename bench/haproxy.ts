// HAProxy in front of gateways and deliveries of this machine, with the product's own configuration: what differs is where it listens, and that
// these stand on ports instead of behind Docker's names.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../services/free-ports.ts';

const CONFIGURATION = new URL('../operating/haproxy/haproxy.cfg', import.meta.url);
/** It is asked this often whether it has found all gateways. */
const LOOK_MS = 50;
const START_MAX_MS = 60_000;
const KILL_AFTER_MS = 5_000;
/** All that is measured comes from this machine, and gateways are told to limit nothing, too. */
const UNLIMITED = 1_000_000;

/** Why it cannot run here; undefined: it can. */
export function missingHaproxy(): string | undefined {
  return spawnSync('haproxy', ['-v']).status === 0 ? undefined : 'there is no haproxy on the PATH';
}

/** Loopback ports of a delivery: where it serves files, and where it says whether it is ready. */
export type DeliveryPorts = { readonly files: number; readonly health: number };
/** Loopback ports: of clients, of its own figures, of each gateway and of each delivery. */
export type Ports = {
  readonly clients: number;
  readonly watch: number;
  readonly gateways: readonly number[];
  readonly deliveries: readonly DeliveryPorts[];
};

/** The product's configuration for these ports. Throws if it has changed so that this no longer fits. */
export function configurationFor({ clients, watch, gateways, deliveries }: Ports, product: string): string {
  const servers = (name: string, checked: string): RegExp =>
    new RegExp(
      `^ *server-template ${name} \\S+ \\S+ resolvers docker resolve-prefer ipv4 init-addr none check ${checked}(.*)$`,
      'm',
    );
  const replacements: readonly (readonly [RegExp, string])[] = [
    [/^resolvers docker\n(?: .*\n)*/m, ''],
    [/^ *bind :8080$/m, `  bind 127.0.0.1:${clients}`],
    [/^ *bind :8404$/m, `  bind 127.0.0.1:${watch}`],
    [servers('gw', ''), gateways.map((port, index) => `  server gw${index + 1} 127.0.0.1:${port} check $1`).join('\n')],
    [
      servers('dl', 'port 9090 '),
      deliveries
        .map(({ files, health }, index) => `  server dl${index + 1} 127.0.0.1:${files} check port ${health} $1`)
        .join('\n'),
    ],
  ];
  return replacements.reduce((text, [from, to]) => {
    if (!from.test(text)) throw new Error(`The configuration of HAProxy has nothing like ${from} any more.`);
    return text.replace(from, to);
  }, product);
}

export class Haproxy {
  /** For clients. */
  readonly url: string;
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.pid = child.pid as number; // it has answered
    this.url = `ws://127.0.0.1:${port}`;
  }

  /** In front of the gateways at these URLs, and of these deliveries, once it has seen all of them ready. `networkConnections`: as many as one network may have. */
  static async start(
    gateways: readonly string[],
    {
      networkConnections = UNLIMITED,
      deliveries = [],
    }: { readonly networkConnections?: number; readonly deliveries?: readonly DeliveryPorts[] } = {},
  ): Promise<Haproxy> {
    const first = await freePorts(2);
    const ports = {
      clients: first,
      watch: first + 1,
      gateways: gateways.map((url) => Number(new URL(url).port)),
      deliveries,
    };
    const folder = mkdtempSync(join(tmpdir(), 'parley-haproxy-'));
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, configurationFor(ports, readFileSync(CONFIGURATION, 'utf8')));
    // One process, in front: its id is the one whose CPU time counts.
    const env = { ...process.env, PARLEY_NETWORK_CONNECTIONS: String(networkConnections) };
    const child = spawn('haproxy', ['-db', '-f', file], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill); // a run that fails leaves none behind
    child.once('exit', () => process.off('exit', kill));
    try {
      await whenAllUp(ports, () => child.exitCode === null && child.signalCode === null);
    } catch (error) {
      kill();
      throw new Error(`HAProxy did not start: ${error instanceof Error ? error.message : error} ${said}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
    return new Haproxy(child, ports.clients);
  }

  /** At once: sessions that it carries end with it. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS);
    await ended;
    clearTimeout(late);
  }
}

async function whenAllUp({ watch, gateways, deliveries }: Ports, lives: () => boolean): Promise<void> {
  const wanted = Object.entries({ gateways, deliveries });
  for (const since = performance.now(); performance.now() - since < START_MAX_MS; await delay(LOOK_MS)) {
    if (!lives()) throw new Error('It has ended.');
    const answer = await fetch(`http://127.0.0.1:${watch}/metrics`).catch(() => undefined); // refused until it listens
    const lines = answer?.ok ? (await answer.text()).split('\n') : [];
    const isUp = ([name, { length }]: (typeof wanted)[number]) =>
      lines.includes(`haproxy_backend_active_servers{proxy="${name}"} ${length}`);
    if (wanted.every(isUp)) return;
  }
  throw new Error('It does not see all that it stands in front of.');
}
