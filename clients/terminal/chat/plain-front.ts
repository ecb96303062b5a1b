// A chat without a line to edit: standard input by lines, and lines on standard output, with no control of the cursor. For pipes, screen readers
// and terminals that can do no more.
import { createInterface, type Interface } from 'node:readline';
import type { Write } from '../output.ts';
import type { Front, FrontHandlers } from './front.ts';

/** Lines that may wait; a program that writes faster than they are done waits, too. */
const LINES_WAITING_MAX = 64;

export type PlainFrontOptions = {
  readonly input: NodeJS.ReadableStream;
  readonly write: Write;
  /** Questions are asked on the same input. */
  readonly lendsInput: boolean;
};

export class PlainFront implements Front {
  readonly erasesTyped = false;
  readonly columns = undefined;
  readonly #options: PlainFrontOptions;
  #handlers: FrontHandlers | undefined;
  #lines: Interface | undefined;
  #held: string[] = [];
  #questions = 0;
  #waiting = 0;
  #closed = false;

  constructor(options: PlainFrontOptions) {
    this.#options = options;
  }

  get asking(): boolean {
    return this.#questions > 0;
  }

  start(handlers: FrontHandlers): void {
    this.#handlers = handlers;
    this.#open();
  }

  print(text: string): void {
    if (this.asking) this.#held.push(text);
    else this.#options.write(text);
  }

  picture(): void {}

  pictureRoom(): undefined {
    return undefined;
  }

  prompt(): void {}

  putBack(): void {}

  async question<T>(ask: () => Promise<T>): Promise<T> {
    this.#questions++;
    if (this.#options.lendsInput) this.#shut();
    try {
      return await ask();
    } finally {
      this.#questions--;
      if (this.#options.lendsInput && !this.#closed) this.#open();
      for (const text of this.#held.splice(0)) this.print(text);
    }
  }

  fitted(text: string): string {
    return text;
  }

  close(): void {
    this.#closed = true;
    this.#shut();
    for (const text of this.#held.splice(0)) this.#options.write(text);
  }

  #open(): void {
    const lines = createInterface({
      input: this.#options.input,
      terminal: false,
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    this.#lines = lines;
    lines.on('line', (text) => void this.#hear(text));
    lines.on('close', () => {
      if (lines !== this.#lines) return;
      this.#lines = undefined;
      this.#handlers?.end();
    });
    this.#options.input.resume();
  }

  async #hear(text: string): Promise<void> {
    this.#waiting++;
    if (this.#waiting >= LINES_WAITING_MAX) this.#lines?.pause();
    await this.#handlers?.line(text);
    this.#waiting--;
    if (this.#waiting === LINES_WAITING_MAX - 1) this.#lines?.resume();
  }

  #shut(): void {
    const lines = this.#lines;
    this.#lines = undefined;
    lines?.close();
  }
}
