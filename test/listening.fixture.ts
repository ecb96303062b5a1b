// A program of Node that listens, as a process of its own: for tests that stop, kill and restart servers, and for benchmarks that
// measure them from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A start that says nothing until then has failed. */
const START_MAX_MS = 20_000;

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };
export type Environment = Readonly<Record<string, string | undefined>>;

export class Listening {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #said: Said;

  private constructor(child: ChildProcess, said: Said, url: string) {
    this.#child = child;
    this.#said = said;
    this.url = url;
  }

  /** Runs Node with these arguments. Resolves with the first line, which ends with its address; throws if it ends before. */
  static async start(args: readonly string[]): Promise<Listening> {
    const { child, said, closed } = run(args, {});
    const line = await Promise.race([said.firstLine, closed.then(() => '')]);
    const url = /^\S.* (wss?:\/\/\S+)$/.exec(line)?.[1];
    if (url !== undefined) return new Listening(child, said, url);
    child.kill('SIGKILL');
    await closed;
    throw new Error(`${args.join(' ')} did not start: ${line} ${said.stderr}`);
  }

  get pid(): number {
    return this.#child.pid as number; // it has printed its first line
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get stdout(): string {
    return this.#said.stdout;
  }

  get stderr(): string {
    return this.#said.stderr;
  }

  /** Resolves when its stderr has something like this. */
  said(text: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (text.test(this.stderr)) resolve();
      };
      this.#child.stderr?.on('data', look);
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it with this signal; the status with which it ended, null if the signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.alive) {
      const closed = once(this.#child, 'close'); // after its last words
      this.#child.kill(signal);
      await closed;
    }
    return this.#child.exitCode;
  }
}

/** Runs Node with these arguments until it ends by itself: for starts that must fail. */
export async function runToEnd(args: readonly string[], environment: Environment): Promise<Ended> {
  const { child, said, closed } = run(args, environment);
  await closed;
  return { status: child.exitCode, stdout: said.stdout, stderr: said.stderr };
}

type Said = { stdout: string; stderr: string; readonly firstLine: Promise<string> };

function run(
  args: readonly string[],
  environment: Environment,
): { readonly child: ChildProcess; readonly said: Said; readonly closed: Promise<unknown> } {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const killed = (): boolean => child.kill('SIGKILL');
  process.once('exit', killed); // a run that fails leaves no server behind
  child.once('exit', () => process.off('exit', killed));
  const late = setTimeout(killed, START_MAX_MS);
  const firstLine = new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve));
  void firstLine.then(() => clearTimeout(late));
  const said = { stdout: '', stderr: '', firstLine };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  const closed = once(child, 'close').then(() => clearTimeout(late));
  return { child, said, closed };
}
