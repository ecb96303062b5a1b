// The stack as an operator has it: this repository's compose.yaml, unchanged, with a project name, a settings file and a port of its own.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { docker, dockerLines, type Output, tryDocker, until } from './docker.ts';
import { ROOT, type Run } from './run.ts';

/** What is Parley's own, and scaled. */
export const SERVICES = ['gateway', 'auth', 'groups', 'delivery'] as const;
export type Service = (typeof SERVICES)[number];
export type Part = Service | 'haproxy' | 'rabbitmq' | 'mongo' | 'nats';
export type Counts = Partial<Record<Service, number>>;
export type Settings = Readonly<Record<string, string>>;

/** Of what `docker inspect` says of a container, what is used here. */
export type Container = {
  readonly Id: string;
  readonly Name: string;
  readonly RestartCount: number;
  readonly State: { readonly Pid: number; readonly Status: string; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
  };
};

export class ComposeStack {
  readonly project: string;
  readonly port: number;
  readonly settingsFile: string;
  readonly #run: Run;

  private constructor(run: Run, project: string, port: number, settingsFile: string) {
    this.#run = run;
    this.project = project;
    this.port = port;
    this.settingsFile = settingsFile;
  }

  /** Has `npm run env` write its settings; nothing runs yet. `name`: among the stacks of the run. */
  static async prepare(name: string, run: Run): Promise<ComposeStack> {
    const port = await freePort();
    const file = join(run.folder, `${name}.env`);
    await promisify(execFile)('npm', ['run', '-s', 'env', '--', '--file', file, '--port', String(port)], { cwd: ROOT });
    return new ComposeStack(run, `${run.name}-${name}`, port, file);
  }

  /** Where clients connect, written as people are told to. */
  get url(): string {
    return `ws://localhost:${this.port}`;
  }

  /** What `npm run env` wrote. */
  get settings(): Settings {
    return parseEnv(readFileSync(this.settingsFile, 'utf8')) as Settings; // each line of such a file has a value
  }

  /** The arguments of docker for a command of Compose. */
  command(...words: readonly string[]): string[] {
    return [
      'compose',
      '--project-name',
      this.project,
      '--env-file',
      this.settingsFile,
      '--file',
      'compose.yaml',
      ...words,
    ];
  }

  /** The environment for them: what it sets counts before the file, so nothing of this machine's may be in it. */
  environment(changes: Settings = {}): NodeJS.ProcessEnv {
    const names = new Set(Object.keys(this.settings));
    const others = Object.entries(this.#run.environment).filter(
      ([name]) => !names.has(name) && name !== 'COMPOSE_PROFILES',
    );
    return { ...Object.fromEntries(others), PARLEY_VERSION: this.#run.version, ...changes };
  }

  /** Runs a command of Compose; throws what it says where it fails. */
  compose(...words: readonly string[]): Promise<string> {
    return docker(this.command(...words), { cwd: ROOT, environment: this.environment() });
  }

  /** The same with other settings, where it may fail. */
  tryCompose(words: readonly string[], changes: Settings = {}): Promise<Output> {
    return tryDocker(this.command(...words), { cwd: ROOT, environment: this.environment(changes) });
  }

  /** As operators bring it up, and scale it. */
  async up(counts: Counts = {}): Promise<void> {
    const scale = Object.entries(counts).flatMap(([service, count]) => ['--scale', `${service}=${count}`]);
    await this.compose('up', '--detach', '--wait', ...scale);
  }

  /** Takes it down; its volumes stay. */
  async down(): Promise<void> {
    await this.compose('down');
  }

  /** The containers of a part, or all; also those that have ended. By number. */
  async containers(part?: Part): Promise<Container[]> {
    const project = ['--filter', `label=com.docker.compose.project=${this.project}`];
    const service = part === undefined ? [] : ['--filter', `label=com.docker.compose.service=${part}`];
    const ids = await dockerLines(['ps', '--all', '--quiet', ...project, ...service]);
    if (ids.length === 0) return [];
    const found: Container[] = JSON.parse(await docker(['inspect', ...ids]));
    return found.sort((a, b) => a.Name.localeCompare(b.Name));
  }

  /** Resolves once every container runs, and is healthy if it can tell. */
  whole(): Promise<void> {
    return until(async () => (await this.containers()).every(works));
  }

  /** Runs JavaScript in a container of Parley's image, as a module; what it prints. */
  inside(container: Container, program: string): Promise<string> {
    return docker(['exec', container.Id, 'node', '--input-type=module', '--eval', program]);
  }

  /** The value of a metric without labels, as Prometheus would read it. */
  async metric(container: Container, name: string): Promise<number> {
    const text = await this.inside(
      container,
      "console.log(await (await fetch('http://127.0.0.1:9090/metrics')).text())",
    );
    const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
    if (value === undefined) throw new Error(`${container.Name} has no metric ${name}`);
    return Number(value);
  }

  /** Open connections at each gateway that runs. */
  async connections(): Promise<number[]> {
    const gateways = (await this.containers('gateway')).filter(works);
    return Promise.all(gateways.map((gateway) => this.metric(gateway, 'parley_connections')));
  }

  /**
   * kill -9 of the program in a container, as a crash or the kernel would: `docker kill` counts as an operator's wish, after which nothing is
   * started again. Resolves when Docker has started it again and it works.
   */
  async crash(container: Container): Promise<void> {
    const { State, RestartCount } = container;
    const program = `process.kill(${State.Pid}, 'SIGKILL')`;
    // The process is one of the daemon's machine, which need not be this one: a container may be let to see it.
    const seeingAll = ['--rm', '--pid=host', '--user=0', '--network=none'];
    await docker(['run', ...seeingAll, this.#run.image, '--eval', program]);
    await until(async () => {
      const [now]: [Container] = JSON.parse(await docker(['inspect', container.Id]));
      return now.RestartCount > RestartCount && works(now);
    });
  }
}

export function works({ State }: Container): boolean {
  return State.Status === 'running' && (State.Health === undefined || State.Health.Status === 'healthy');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // a port, never a pipe
      server.close(() => resolve(port));
    });
  });
}
