// The real server as a process of its own, so that tests can kill it as a machine would.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');

export class RealServer {
  readonly #directory: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;
  #url = '';
  #log = '';

  private constructor(directory: string, options: readonly string[]) {
    this.#directory = directory;
    this.#options = options;
  }

  /** Starts a server on a fresh data directory and any free port. `options`: further ones of its command line. */
  static async start(...options: string[]): Promise<RealServer> {
    const server = new RealServer(await mkdtemp(join(tmpdir(), 'parley-server-')), options);
    await server.#run('0');
    return server;
  }

  get url(): string {
    return this.#url;
  }

  /** What it has logged, for a failing test. */
  get log(): string {
    return this.#log;
  }

  /** The same data and the same port again. */
  async restart(): Promise<void> {
    await this.#run(new URL(this.#url).port);
  }

  /** kill -9: nothing is finished, nothing is said. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM: it drains and ends by itself. */
  async terminate(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #run(port: string): Promise<void> {
    const command = ['services/server.ts', '--port', port, '--data', join(this.#directory, 'data'), ...this.#options];
    const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      const url = /^Parley listens on (ws:\/\/\S+)$/.exec(line)?.[1];
      if (url === undefined) throw new Error(`The server's first line is "${line}".`);
      this.#url = url;
      child.stdout.resume();
      return;
    }
    throw new Error(`The server ended before it listened: ${this.#log}`);
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}
