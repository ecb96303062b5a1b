// A server as a process of its own, on data and a port of its own, for tests that must stop it, kill it and start it again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..');
/** A start that must fail has failed by then. */
const START_MAX_MS = 20_000;

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

/** Runs the server until it ends by itself: for starts that must fail. */
export async function runToEnd(options: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = start(options, environment);
  const late = setTimeout(() => child.kill('SIGKILL'), START_MAX_MS); // it started after all
  const ended = collect(child);
  await once(child, 'close');
  clearTimeout(late);
  return { status: child.exitCode, ...ended };
}

export class ServerProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'parley-server-'));
  /** Below `folder`, unless given. */
  readonly data: string;
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;
  #said = { stdout: '', stderr: '' };
  url = '';

  private constructor(options: readonly string[], data?: string) {
    this.#options = options;
    this.data = data ?? join(this.folder, 'data');
  }

  /** A server on any free port, with these further options. Resolves once it listens. */
  static async start(options: readonly string[] = [], data?: string): Promise<ServerProcess> {
    const server = new ServerProcess(options, data);
    await server.#run('0');
    return server;
  }

  /** The same data, port and options again. */
  async restart(): Promise<void> {
    await this.#run(new URL(this.url).port);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get stdout(): string {
    return this.#said.stdout;
  }

  get stderr(): string {
    return this.#said.stderr;
  }

  /** `/healthz` and its like, by their path. */
  http(path: string, init?: RequestInit): Promise<Response> {
    return fetch(new URL(path, this.url.replace(/^ws/, 'http')), init);
  }

  /** Resolves when its log has a line like this. */
  said(line: RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.#child?.stderr?.on('data', () => {
        if (line.test(this.stderr)) resolve();
      });
    });
  }

  /** SIGTERM; the status with which it ended. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #run(port: string): Promise<void> {
    const child = start(['--port', port, '--data', this.data, ...this.#options]);
    this.#child = child;
    this.#said = collect(child);
    const closed = once(child, 'close');
    if (!child.stdout) throw new Error('The server has no stdout.');
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), closed]);
    const url = /^Parley listens on (wss?:\/\/\S+)$/.exec(String(line))?.[1];
    if (url === undefined) throw new Error(`The server did not start: ${line} ${this.stderr}`);
    this.url = url;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    if (this.alive) {
      const closed = once(child, 'close'); // after its last words
      child.kill(signal);
      await closed;
    }
    return child.exitCode;
  }
}

function start(options: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, ['services/server.ts', ...options], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What the process says, while it says it. */
function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  return said;
}
