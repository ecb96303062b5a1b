// The terminal client as a person or a script runs it: a process a command, with a profile of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PseudoTerminal } from './pseudo-terminal.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = ['--import', './node-version.js', 'clients/terminal/main.ts'];
export const PASSWORD = 'lantern quarry biscuit';

export type Result = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout. */
  readonly lines: readonly string[];
  /** The same as what they hold; throws where one is no JSON. */
  readonly records: readonly Line[];
};

/** Any JSON line: tests look at the fields that they expect. */
export type Line = { readonly type: string; readonly [field: string]: unknown };
export type RunOptions = {
  readonly input?: string | Uint8Array;
  /** More input may follow: `Running.type`. */
  readonly staysOpen?: boolean;
  readonly environment?: Record<string, string | undefined>;
  /** A command that becomes this one, as `env` does. */
  readonly under?: readonly [string, ...string[]];
};

/** Those that have not ended. */
const running = new Set<Running>();

/** A command that runs. */
export class Running {
  readonly child: ChildProcess;
  readonly #command: readonly string[];
  readonly lines: string[] = [];
  stderr = '';
  readonly #ended: Promise<number | null>;
  #waiters: (() => void)[] = [];

  constructor(child: ChildProcess, command: readonly string[]) {
    this.child = child;
    this.#command = command;
    running.add(this);
    this.#ended = new Promise((resolve) => {
      child.once('close', (status) => {
        running.delete(this);
        resolve(status);
      });
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    if (child.stdout === null) return;
    createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      this.lines.push(line);
      this.#wake();
    });
  }

  /** What a test that came to no end waits for: the commands that still run, with what they said so far. */
  static unended(): string[] {
    return [...running].map((one) => `${one.#command.join(' ')}\n  ${[...one.lines, one.stderr.trim()].join('\n  ')}`);
  }

  /** Ends those that a test which failed has left. Resolves when none writes to its profile any more. */
  static async endAll(): Promise<void> {
    await Promise.allSettled([...running].map((one) => one.end('SIGKILL')));
  }

  /** Resolves once `ready` holds; asked after each line and each piece of stderr. */
  async until(ready: (running: this) => boolean): Promise<void> {
    while (!ready(this)) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Writes a line to its standard input, where that stays open. */
  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Sends a signal, if one is given, and resolves when the process has ended and all that it wrote has been read. */
  async end(signal?: NodeJS.Signals): Promise<Result> {
    if (signal !== undefined) this.child.kill(signal);
    const status = await this.#ended;
    const { lines, stderr } = this;
    if (/^\s+at .+:\d+/m.test(stderr)) throw new Error(`A stack trace reached the person:\n${stderr}`);
    return {
      ...{ status, lines, stderr, stdout: lines.join('\n') },
      // Any JSON object of the client's has a type; tests compare the rest.
      get records() {
        return lines.map((line) => JSON.parse(line) as Line);
      },
    };
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

/** A profile in a directory, and commands on it. */
export class Terminal {
  readonly directory: string;
  readonly #server: string;

  constructor(directory: string, server: string) {
    this.directory = directory;
    this.#server = server;
  }

  start(command: readonly string[], { environment = {}, input, staysOpen = false, under }: RunOptions = {}): Running {
    const [program, ...words] = [...(under ?? []), process.execPath, ...CLIENT, ...command];
    const child = spawn(program, words, {
      cwd: ROOT,
      env: { ...this.#environment(), PARLEY_PASSWORD: PASSWORD, ...environment },
      stdio: [input === undefined && !staysOpen ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    // A command that ends early does not read the rest.
    child.stdin?.on('error', () => {});
    if (!staysOpen) child.stdin?.end(input);
    else if (input !== undefined) child.stdin?.write(input);
    return new Running(child, command);
  }

  /** The command at a terminal, where its password has to be typed; `before` and `after` are for sh, on the same terminal. */
  atTerminal(command: string, after = '', before = ''): PseudoTerminal {
    const line = `${before} '${process.execPath}' ${CLIENT.join(' ')} ${command}`;
    const env = { ...this.#environment(), SHELL: '/bin/sh' };
    return new PseudoTerminal(after === '' ? line : `${line}; ${after}`, { cwd: ROOT, env });
  }

  run(command: readonly string[], options?: RunOptions): Promise<Result> {
    return this.start(command, options).end();
  }

  #environment(): NodeJS.ProcessEnv {
    // Loading the modules is most of what a command costs: once for all of them.
    const cache = { NODE_COMPILE_CACHE: join(tmpdir(), 'parley-compile-cache') };
    const given = { PARLEY_PROFILE: this.directory, PARLEY_SERVER: this.#server, PARLEY_DEVICE_NAME: 'laptop' };
    return { ...process.env, ...cache, ...given };
  }
}
