// The processes of a stack: each runs a service's main.ts, and is started again when it dies.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '#runtime/start-error.ts';

const RESTART_AFTER_MS = 500;

export class Processes {
  readonly #warn: (line: object) => void;
  /** With the service that each runs. */
  readonly #children = new Map<ChildProcess, string>();
  #stopping = false;

  constructor(warn: (line: object) => void) {
    this.#warn = warn;
  }

  /** Runs a service until the stack is stopped. Resolves with its first line. Throws StartError if it ends before that: its sentence is out. */
  async run(service: string, env: NodeJS.ProcessEnv): Promise<string> {
    const { line, ended } = this.#spawn(service, env);
    const first = await Promise.race([line, ended.then(() => undefined)]);
    if (first === undefined) {
      await this.stop(service);
      throw new StartError(`The stack ends, because its ${service} did not start: see above.`);
    }
    void this.#keep(service, env, ended);
    return first;
  }

  /** Ends all with SIGTERM, those of the service `first` before the others: what their clients asked for is answered by these. */
  async stop(first: string): Promise<void> {
    this.#stopping = true;
    await this.#end((service) => service === first);
    await this.#end(() => true);
  }

  async #end(which: (service: string) => boolean): Promise<void> {
    const ended = [...this.#children]
      .filter(([, service]) => which(service))
      .map(([child]) => {
        const closed = once(child, 'close');
        child.kill('SIGTERM');
        return closed;
      });
    await Promise.all(ended);
  }

  /** Starts it again whenever it dies, on the same port as at first if it had one of its own. */
  async #keep(service: string, env: NodeJS.ProcessEnv, first: Promise<unknown>): Promise<void> {
    for (let ended = first; ; ) {
      const how = await ended;
      if (this.#stopping) return;
      this.#warn({ service, how, msg: 'a process ended: it is started again' });
      await sleep(RESTART_AFTER_MS);
      if (this.#stopping) return;
      ended = this.#spawn(service, env).ended;
    }
  }

  #spawn(
    service: string,
    env: NodeJS.ProcessEnv,
  ): { readonly line: Promise<string>; readonly ended: Promise<unknown> } {
    const child = spawn(process.execPath, [join(import.meta.dirname, service, 'main.ts')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.set(child, service);
    const line = new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve));
    void line.then((text) => {
      const port = /:(\d+)$/.exec(text)?.[1];
      if (service === 'gateway' && port !== undefined) env.PARLEY_PORT = port;
    });
    const ended = new Promise((resolve) => {
      child.once('close', (status, signal) => {
        this.#children.delete(child);
        resolve(signal ?? status);
      });
    });
    return { line, ended };
  }
}
