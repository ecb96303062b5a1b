// Docker and its Compose on this machine, asked by their own commands.
import { execFile } from 'node:child_process';
import { z } from 'zod';
import { about, type Finding } from './finding.ts';

/** As docs/OPERATING.md says: from this one on it knows all that compose.yaml and its overlays use (`!reset`, `!override`). */
const OLDEST_COMPOSE = [2, 24] as const;
const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

const it = about('docker');

export type Container = {
  readonly service: string;
  readonly name: string;
  readonly status: string;
  readonly health: string | undefined;
  readonly restarts: number;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
};

type Said = { readonly status: number | string; readonly stdout: string; readonly stderr: string };

const inspected = z.array(
  z.object({
    Name: z.string(),
    RestartCount: z.number(),
    State: z.object({
      Status: z.string(),
      ExitCode: z.number(),
      OOMKilled: z.boolean(),
      Health: z.object({ Status: z.string() }).nullish(),
    }),
    Config: z.object({ Labels: z.record(z.string(), z.string()) }),
  }),
);

export class Docker {
  readonly #compose: readonly string[];
  readonly #timeoutMs: number;

  constructor({
    stackEnv,
    project,
    timeoutMs,
  }: { readonly stackEnv: string; readonly project?: string | undefined; readonly timeoutMs: number }) {
    this.#compose = ['compose', '--env-file', stackEnv, ...(project === undefined ? [] : ['-p', project])];
    this.#timeoutMs = timeoutMs;
  }

  /** Whether the stack could be run here at all. */
  async findings(): Promise<readonly Finding[]> {
    const [engine, compose, configuration] = await Promise.all([
      this.#run(['version', '--format', '{{.Server.Version}}']),
      this.#run(['compose', 'version', '--short']),
      this.#run([...this.#compose, 'config', '--quiet']),
    ]);
    if (engine.status === 'ENOENT')
      return [
        it.problem(
          'There is no docker command here.',
          'Install Docker and Compose v2 (https://docs.docker.com/engine/install/).',
        ),
      ];
    if (engine.status !== 0) {
      const todo = 'Start it (systemctl start docker), and let this user use it (group docker).';
      return [it.problem(`Docker does not answer: ${sentenceOf(engine)}.`, todo)];
    }
    if (compose.status !== 0)
      return [
        it.problem('Docker has no Compose v2.', 'Install its plugin docker-compose-v2 (docker compose version).'),
      ];
    const version = compose.stdout.trim().replace(/^v/, '');
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const [oldestMajor, oldestMinor] = OLDEST_COMPOSE;
    const says = `Docker ${engine.stdout.trim()}, Compose ${version}.`;
    const isOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
    const first = isOld
      ? it.problem(`${says} The stack needs Compose ${OLDEST_COMPOSE.join('.')}.`, 'Upgrade it.')
      : it.ok(says);
    if (configuration.status === 0) return [first];
    return [
      first,
      it.problem(
        `The stack cannot be read: ${sentenceOf(configuration)}.`,
        'Correct .env (npm run env adds what is missing) or compose.yaml.',
      ),
    ];
  }

  /** The containers of the stack, also those that ended; undefined if Docker does not say. */
  async containers(): Promise<readonly Container[] | undefined> {
    const listed = await this.#run([...this.#compose, 'ps', '--all', '--quiet']);
    if (listed.status !== 0) return undefined;
    const ids = listed.stdout.split('\n').filter((line) => line !== '');
    if (ids.length === 0) return [];
    const { stdout } = await this.#run(['inspect', ...ids]);
    const { data } = inspected.safeParse(parseJson(stdout));
    return data?.map(({ Name, RestartCount, State, Config }) => ({
      service: Config.Labels['com.docker.compose.service'] ?? '',
      name: Name.replace(/^\//, ''),
      status: State.Status,
      health: State.Health?.Status,
      restarts: RestartCount,
      exitCode: State.ExitCode,
      outOfMemory: State.OOMKilled,
    }));
  }

  /** The folder where Docker keeps images and volumes, if it is on this machine. */
  async root(): Promise<string | undefined> {
    const { status, stdout } = await this.#run(['info', '--format', '{{.DockerRootDir}}']);
    return status === 0 ? stdout.trim() : undefined;
  }

  /** Runs a program of ours in a running container of that service. */
  exec(service: string, args: readonly string[], maxMs: number): Promise<Said> {
    return this.#run([...this.#compose, 'exec', '-T', service, 'node', ...args], maxMs);
  }

  #run(args: readonly string[], maxMs = this.#timeoutMs): Promise<Said> {
    return new Promise((resolve) => {
      const options = { timeout: maxMs, maxBuffer: OUTPUT_MAX_BYTES };
      execFile('docker', args, options, (error, stdout, stderr) => {
        if (error?.killed)
          return resolve({ status: 'ETIMEDOUT', stdout, stderr: `no answer within ${maxMs / 1_000} s` });
        resolve({ status: error ? (error.code ?? 1) : 0, stdout, stderr });
      });
    });
  }
}

/** What it said, as a person would quote it: the line that names the error, or else the first. */
export function sentenceOf({ stderr, stdout }: Said): string {
  const lines = `${stderr}\n${stdout}`.split('\n').map((line) => line.trim());
  const line = lines.find((one) => /^\w*Error\b/i.test(one)) ?? lines.find((one) => one !== '');
  return (line ?? 'it says nothing').replace(/\.$/, '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no answer, for the schema
  }
}
