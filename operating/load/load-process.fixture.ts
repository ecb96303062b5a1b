// The load tester as a process that writes JSON lines, for tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(import.meta.dirname, '../load.ts');

/** What a line may hold: see progress.ts. */
export type LoadLine = {
  readonly phase?: string;
  readonly said?: string;
  readonly delivered?: number;
  readonly connected?: number;
  readonly verdict?: { readonly kept: boolean; readonly rateReached: boolean };
};

export class LoadProcess {
  readonly lines: LoadLine[] = [];
  stderr = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #isClosed = false;
  #look: () => void = () => {};

  constructor(options: readonly string[]) {
    const child = spawn(process.execPath, [PROGRAM, '--json', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#closed = once(child, 'close').then(() => {
      this.#isClosed = true; // all that it said is read
      this.#look();
    });
    createInterface(child.stdout).on('line', (line) => {
      this.lines.push(JSON.parse(line) as LoadLine); // its own lines
      this.#look();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** Resolves with the first line like this. Throws if it ends before. */
  async line(like: (line: LoadLine) => boolean): Promise<LoadLine> {
    for (;;) {
      const found = this.lines.find(like);
      if (found !== undefined) return found;
      if (this.#isClosed) throw new Error(`It ended: ${this.stderr} ${JSON.stringify(this.lines)}`);
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Whatever it does, it is gone then. */
  async kill(): Promise<void> {
    if (!this.#isClosed) this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** Resolves with its status. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }
}
