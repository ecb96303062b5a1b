// The processes of a stack: each runs a service's main.ts, and is started again when it dies.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ConfigError } from '#runtime/config.ts';
import { WRONG_SETTING } from '#runtime/process.ts';
import { StartError } from '#runtime/start-error.ts';

const RESTART_AFTER_MS = 500;

/** Of a child: what it said first, and how it ended (status or signal). */
type Spawned = {
  readonly pid: number | undefined;
  readonly line: Promise<string>;
  readonly ended: Promise<unknown>;
};

export class Processes {
  readonly #log: Logger;
  /** With the service that each runs. */
  readonly #children = new Map<ChildProcess, string>();
  #stopping = false;

  constructor(log: Logger) {
    this.#log = log;
    // However the stack ends, its processes do not outlive it: nobody else knows of them.
    process.once('exit', () => {
      for (const child of this.#children.keys()) child.kill('SIGKILL');
    });
  }

  /**
   * Runs a service until the stack is stopped. Resolves with its first line. Throws if it ends before that, with its sentence out: ConfigError
   * for a wrong setting, StartError for anything else.
   */
  async run(service: string, env: NodeJS.ProcessEnv): Promise<string> {
    const child = this.#spawn(service, env);
    const first = await Promise.race([child.line.then((line) => ({ line })), child.ended.then((how) => ({ how }))]);
    if ('how' in first) {
      await this.stop(service);
      const sentence = `The stack ends, because its ${service} did not start: see above.`;
      throw first.how === WRONG_SETTING ? new ConfigError(sentence) : new StartError(sentence);
    }
    void this.#keep(service, env, child);
    return first.line;
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
  async #keep(service: string, env: NodeJS.ProcessEnv, first: Spawned): Promise<void> {
    for (let { pid, ended } = first; ; { pid, ended } = this.#spawn(service, env)) {
      const how = await ended;
      if (this.#stopping) return;
      this.#log.warn({ service, pid, how, msg: 'a process ended: it is started again' });
      await sleep(RESTART_AFTER_MS);
      if (this.#stopping) return;
    }
  }

  #spawn(service: string, env: NodeJS.ProcessEnv): Spawned {
    const child = spawn(process.execPath, [join(import.meta.dirname, service, 'main.ts')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.set(child, service);
    const { pid } = child;
    const line = new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve));
    void line.then((text) => {
      this.#log.info({ service, pid, msg: 'a process works' });
      const port = /:(\d+)$/.exec(text)?.[1];
      if (service === 'gateway' && port !== undefined) env.PARLEY_PORT = port;
    });
    const ended = new Promise((resolve) => {
      child.once('close', (status, signal) => {
        this.#children.delete(child);
        resolve(signal ?? status);
      });
    });
    return { pid, line, ended };
  }
}
