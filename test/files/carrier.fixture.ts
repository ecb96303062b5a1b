// A process that carries a file (sender.fixture.ts, recipient.fixture.ts), as a test or a benchmark sees it from outside.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Line } from './line.ts';

const PROGRAMS = {
  sender: fileURLToPath(new URL('./sender.fixture.ts', import.meta.url)),
  recipient: fileURLToPath(new URL('./recipient.fixture.ts', import.meta.url)),
} as const;

export class Carrier {
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  /** `args`: as the program describes. */
  constructor(role: keyof typeof PROGRAMS, args: readonly string[]) {
    this.#child = spawn(process.execPath, [PROGRAMS[role], ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    process.once('exit', this.#kill); // a run that fails leaves nobody behind
    this.#child.once('exit', () => process.off('exit', this.#kill));
  }

  get pid(): number {
    return this.#child.pid as number; // Node itself can be started
  }

  /** What it says next; undefined once it has ended. */
  async next(): Promise<Line | undefined> {
    const { done, value } = await this.#lines.next();
    return done ? undefined : (JSON.parse(value) as Line); // written by line.ts
  }

  /** Its last word. Throws what it failed with. */
  async done(): Promise<Extract<Line, { type: 'done' }>> {
    for (;;) {
      const line = await this.next();
      if (line?.type === 'done') return line;
      if (line?.type === 'failed') throw new Error(line.message);
      if (line === undefined)
        throw new Error(`${this.#child.spawnargs.slice(1).join(' ')} ended and had nothing to say.`);
    }
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#kill();
    await exited;
  }
}
