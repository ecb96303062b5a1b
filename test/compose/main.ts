// `npm run test:compose`: builds the image, runs the tests of the whole stack on it, and takes everything away again, whatever happens. The tests
// run in a process group of their own, so that who interrupts them interrupts also what they have started, and this is left to clean up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryDocker } from './docker.ts';
import { removeProjects } from './removal.ts';
import { newRun, ROOT } from './run.ts';
import { ComposeStack } from './stack.ts';

const VITEST = ['--import', './node-version.js', 'node_modules/vitest/vitest.mjs', 'run'];
const CONFIGURATION = ['--config', 'test/compose/vitest.config.ts'];
/** As shells say that a signal ended a command. */
const SIGNALLED = 128;

const missing = await whatIsMissing();
if (missing !== undefined) {
  process.stderr.write(`The stack is tested with Docker and Compose v2: ${missing}\n`);
  process.exit(1);
}

const folder = await mkdtemp(join(tmpdir(), 'parley-compose-'));
const run = newRun(folder);
let interrupted: NodeJS.Signals | undefined;
let group: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = signal;
    if (group !== undefined) killGroup(group, signal);
  });
}

let status = 1;
try {
  const builder = await ComposeStack.prepare('build', run);
  status = await inGroup('docker', builder.command('build', 'auth'), builder.environment());
  if (status === 0)
    status = await inGroup(process.execPath, [...VITEST, ...CONFIGURATION, ...process.argv.slice(2)], run.environment);
} finally {
  for (const refusal of await removeProjects(`${run.name}-`)) process.stderr.write(`${refusal}\n`);
  await tryDocker(['image', 'rm', '--force', run.image]);
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = status;

/** Docker's own sentence, or one of ours; undefined if all is there. */
async function whatIsMissing(): Promise<string | undefined> {
  const compose = await tryDocker(['compose', 'version', '--short']);
  if (compose.status !== 0) return `\`docker compose version\` fails. Install both (${firstLine(compose.stderr)}).`;
  if (/^v?1\./.test(compose.stdout)) return `this is Compose ${compose.stdout}. Install version 2.`;
  const daemon = await tryDocker(['version', '--format', '{{.Server.Version}}']);
  if (daemon.status === 0) return undefined;
  return `no daemon answers. Start it, or say where it is in DOCKER_HOST (${firstLine(daemon.stderr)}).`;
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.replace(/\.$/, '') ?? '';
}

/** Runs a program as the leader of a group, with the output of this one; its status. */
async function inGroup(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  if (interrupted !== undefined) return SIGNALLED + constants.signals[interrupted];
  const child = spawn(program, args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) return 1;
  group = pid;
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]; // as `close` is documented
  killGroup(pid, 'SIGKILL'); // what it left behind
  group = undefined;
  const by = signal ?? interrupted;
  return by === undefined ? (code ?? 1) : SIGNALLED + constants.signals[by];
}

function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // all of it has ended
  }
}
