// A file under way as a line on standard error, drawn anew while it lasts: also where nothing comes, which is what a person wants to see then.
import type { FileProgress } from '../../sdk/index.ts';
import type { Output } from '../output.ts';
import { Transfer } from './transfer.ts';

const REDRAW_MS = 200;

export class TransferLine {
  readonly #output: Output;
  readonly #transfer: Transfer;
  readonly #timer: NodeJS.Timeout;

  constructor(output: Output, name: string) {
    this.#output = output;
    this.#transfer = new Transfer(name);
    this.#timer = setInterval(() => output.passing(this.#transfer.line(performance.now())), REDRAW_MS).unref();
  }

  heard(progress: FileProgress): void {
    this.#transfer.heard(progress, performance.now());
  }

  /** `12 MB of 34 MB`; nothing where nothing is done yet. */
  get done(): string {
    return this.#transfer.done;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#output.passing('');
  }
}
