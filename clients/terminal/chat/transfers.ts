// Files that are on their way while the chat goes on: each a line above what is typed, and nothing of it is lost when it is stopped.
import type { FileOptions } from '../../sdk/index.ts';
import { visible } from '../escape.ts';
import { Ended, EXIT, endOf, OutputClosed } from '../exit.ts';
import type { Output } from '../output.ts';
import { Pace } from '../pace.ts';
import { beginning } from './chat-lines.ts';
import type { Front } from './front.ts';

const TRANSFERS_MAX = 4;
const NAME_MAX_CHARS = 24;
/** How often the lines are drawn anew, and how often a line is printed where nothing can be. */
const DRAW_INTERVAL_MS = 500;
const SAY_INTERVAL_MS = 30_000;

/** `again`: the command that goes on with it. */
export type Transfer = {
  readonly doing: 'sending' | 'saving';
  readonly name: string;
  readonly again: string;
};
export type TransferOptions = Required<FileOptions>;
type Running = Transfer & { readonly pace: Pace; readonly abort: AbortController; ended: Promise<void> };

type TransfersOptions = {
  readonly output: Pick<Output, 'say' | 'note'>;
  readonly front: Pick<Front, 'columns'>;
  /** ms of a clock that never goes back. */
  elapsed(): number;
  /** What stands above what is typed has changed. */
  changed(): void;
};

export class Transfers {
  readonly #options: TransfersOptions;
  readonly #running = new Set<Running>();
  #interval: NodeJS.Timeout | undefined;

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  /** What stands above what is typed: a line each, ended; empty where nothing is on its way. */
  get lines(): string {
    return [...this.#running].map((one) => `${lineOf(one)}\n`).join('');
  }

  /** Begins it and goes on. What it throws is told. Throws Ended where too many are under way. */
  begin(transfer: Transfer, work: (options: TransferOptions) => Promise<void>): void {
    if (this.#running.size >= TRANSFERS_MAX) {
      throw new Ended(EXIT.refused, `${TRANSFERS_MAX} files are on their way: wait for one, or /stop.`);
    }
    const pace = new Pace(this.#options.elapsed);
    const abort = new AbortController();
    const running: Running = { ...transfer, pace, abort, ended: Promise.resolve() };
    this.#running.add(running);
    const onProgress: TransferOptions['onProgress'] = (progress) => pace.heard(progress);
    // Not before its line can stand there.
    running.ended = Promise.resolve()
      .then(() => work({ onProgress, signal: abort.signal }))
      .catch((error: unknown) => this.#tell(running, error))
      .finally(() => this.#end(running));
    const { front } = this.#options;
    const draw = front.columns === undefined ? () => this.#say() : this.#options.changed;
    this.#interval ??= setInterval(draw, front.columns === undefined ? SAY_INTERVAL_MS : DRAW_INTERVAL_MS);
    this.#options.changed();
  }

  /** Stops all, and resolves with how many when each has been told of. */
  async stop(): Promise<number> {
    const running = [...this.#running];
    for (const { abort } of running) abort.abort();
    await this.done();
    return running.length;
  }

  /** Resolves when none is on its way. */
  async done(): Promise<void> {
    await Promise.all([...this.#running].map(({ ended }) => ended));
  }

  #say(): void {
    try {
      for (const one of this.#running) this.#options.output.say(`  ${lineOf(one)}`, 'dim');
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
    }
  }

  #tell({ doing, name, again, pace, abort }: Running, error: unknown): void {
    const { output } = this.#options;
    // Nobody sees it; the chat finds that out by itself.
    if (error instanceof OutputClosed) return;
    const { sentence } = endOf(error);
    if (!abort.signal.aborted) return output.note(sentence.includes(name) ? sentence : `${name}: ${sentence}`);
    const far = pace.share === '' ? 'has not begun' : `was stopped at ${pace.share}`;
    output.note(`${doing === 'sending' ? 'Sending' : 'Saving'} ${name} ${far}. ${again} goes on with it.`);
  }

  #end(running: Running): void {
    this.#running.delete(running);
    if (this.#running.size === 0) {
      clearInterval(this.#interval);
      this.#interval = undefined;
    }
    this.#options.changed();
  }
}

function lineOf({ doing, name, pace }: Running): string {
  return `${doing} ${beginning(visible(name), NAME_MAX_CHARS)}: ${pace.text}`;
}
