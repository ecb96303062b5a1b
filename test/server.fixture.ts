// The server as a process, on data and a port of its own, for tests that must stop it, kill it and start it again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Deployment } from './deployment.fixture.ts';
import { type Ended, type Environment, Listening, runToEnd } from './listening.fixture.ts';
import { testPorts } from './ports.fixture.ts';

const SERVER = join(import.meta.dirname, '../services/server.ts');

/** Runs the server until it ends by itself: for starts that must fail. */
export function runServer(options: readonly string[], environment: Environment = {}): Promise<Ended> {
  return runToEnd([SERVER, ...options], environment);
}

export class ServerProcess implements Deployment {
  readonly folder = mkdtempSync(join(tmpdir(), 'parley-server-'));
  /** Below `folder`, unless given. */
  readonly data: string;
  readonly #options: readonly string[];
  #process!: Listening; // by `start`
  #url = '';

  private constructor(options: readonly string[], data?: string) {
    this.#options = options;
    this.data = data ?? join(this.folder, 'data');
  }

  /** A server on a free port, with these further options. Resolves once it listens. */
  static async start(options: readonly string[] = [], data?: string): Promise<ServerProcess> {
    const server = new ServerProcess(options, data);
    await server.#run(String(await testPorts(1)));
    return server;
  }

  async restart(): Promise<void> {
    await this.#run(new URL(this.#url).port);
  }

  get url(): string {
    return this.#url;
  }

  get urls(): readonly string[] {
    return [this.#url];
  }

  get environment(): Environment {
    return { PARLEY_DATA: this.data };
  }

  get pid(): number {
    return this.#process.pid;
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  get stdout(): string {
    return this.#process.stdout;
  }

  get stderr(): string {
    return this.#process.stderr;
  }

  said(line: RegExp): Promise<void> {
    return this.#process.said(line);
  }

  /** `/healthz` and its like, by their path. */
  http(path: string, init?: RequestInit): Promise<Response> {
    return fetch(new URL(path, this.#url.replace(/^ws/, 'http')), init);
  }

  stop(): Promise<number | null> {
    return this.#process.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#process.end('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #run(port: string): Promise<void> {
    this.#process = await Listening.start([SERVER, '--port', port, '--data', this.data, ...this.#options]);
    this.#url = this.#process.url;
  }
}
