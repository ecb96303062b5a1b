// A program of Node that listens, as a process of its own: for tests that stop, kill and restart servers, and for benchmarks that
// measure them from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A start that says nothing until then has failed. */
const START_MAX_MS = 60_000;
/** A family starts several processes and declares their queues. */
const FAMILY_START_MAX_MS = 240_000;
/** A program that is to end by itself, and has neither said anything nor ended until then, hangs. */
const END_MAX_MS = 180_000;

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };
export type Environment = Readonly<Record<string, string | undefined>>;

export class Listening {
  readonly url: string;
  /** All its addresses, `url` the first of them. */
  readonly urls: readonly string[];
  readonly #child: ChildProcess;
  readonly #said: Said;
  readonly #closed: Promise<unknown>;
  readonly #kill: () => void;
  #hasClosed = false;

  private constructor({ child, said, closed, kill }: Run, url: string, urls: readonly string[]) {
    this.#child = child;
    this.#said = said;
    this.#closed = closed.then(() => {
      this.#hasClosed = true;
    });
    this.#kill = kill;
    this.url = url;
    this.urls = urls;
  }

  /**
   * Runs Node with these arguments. Resolves with the first line, which ends with its address or addresses; throws if it ends before.
   * `family`: it runs further processes, which a SIGKILL kills with it.
   */
  static async start(
    args: readonly string[],
    { family = false, environment = {} }: { readonly family?: boolean; readonly environment?: Environment } = {},
  ): Promise<Listening> {
    const running = run(args, environment, family ? FAMILY_START_MAX_MS : START_MAX_MS, family);
    const { said, closed, kill } = running;
    const line = await Promise.race([said.firstLine, closed.then(() => '')]);
    const urls = line.split(' ').filter((word) => /^wss?:\/\//.test(word));
    const [url] = urls;
    if (url !== undefined) return new Listening(running, url, urls);
    kill();
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
    return this.until(() => text.test(this.stderr));
  }

  /** Resolves once `ready` holds; asked after each piece of stderr. */
  until(ready: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!ready()) return;
        this.#child.stderr?.off('data', look);
        resolve();
      };
      this.#child.stderr?.on('data', look);
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it with this signal, unless it has ended; the status with which it ended, null if a signal ended it. All that it said has come by then. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (!this.#hasClosed) {
      if (signal === 'SIGKILL') this.#kill();
      else this.#child.kill(signal);
    }
    await this.#closed;
    return this.#child.exitCode;
  }
}

/** Runs Node with these arguments until it ends by itself: for starts that must fail. */
export async function runToEnd(args: readonly string[], environment: Environment): Promise<Ended> {
  const { child, said, closed } = run(args, environment, END_MAX_MS);
  await closed;
  return { status: child.exitCode, stdout: said.stdout, stderr: said.stderr };
}

type Said = { stdout: string; stderr: string; readonly firstLine: Promise<string> };

type Run = {
  readonly child: ChildProcess;
  readonly said: Said;
  readonly closed: Promise<unknown>;
  /** SIGKILL, to its family too. */
  readonly kill: () => void;
};

/** `silentMs`: when it is killed if it has neither said anything nor ended. */
function run(args: readonly string[], environment: Environment, silentMs: number, family = false): Run {
  const env = { ...process.env, ...environment };
  // Detached, it leads a process group of its own.
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: family });
  const kill = (): void => {
    try {
      if (family && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    } catch {
      // the whole family has ended by itself
    }
  };
  process.once('exit', kill); // a run that fails leaves no server behind
  child.once('exit', () => process.off('exit', kill));
  const late = setTimeout(kill, silentMs);
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
  return { child, said, closed, kill };
}
