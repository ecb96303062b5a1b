// How far a file is, at what rate, and how long it still takes: from what is told of its progress, by a clock that is passed in.
import type { FileProgress } from '../../sdk/index.ts';
import { secondsText, sizeText } from './size-text.ts';

/** The rate is that of the last so long: what is sent in parts comes in steps, and a line may become faster. */
const WINDOW_MS = 10_000;
/** Before that there is nothing to say about a rate. */
const RATE_FROM_MS = 1_000;

type Sample = { readonly done: number; readonly at: number };

export class Transfer {
  readonly #name: string;
  #samples: Sample[] = [];
  #last: FileProgress | undefined;

  /** `name`: of the file, as its line begins. */
  constructor(name: string) {
    this.#name = name;
  }

  /** `now`: ms of any clock that only goes forward. */
  heard(progress: FileProgress, now: number): void {
    // Begun anew: what was before says nothing.
    if (progress.done < (this.#last?.done ?? 0)) this.#samples = [];
    this.#last = progress;
    this.#samples.push({ done: progress.done, at: now });
    // The first one that is kept is as old as the window or just older.
    const begin = this.#samples.findLastIndex(({ at }) => at <= now - WINDOW_MS);
    if (begin > 0) this.#samples.splice(0, begin);
  }

  /** `12 MB of 34 MB`; nothing where nothing is done yet. */
  get done(): string {
    if (this.#last === undefined) return '';
    return `${sizeText(this.#last.done)} of ${sizeText(this.#last.total)}`;
  }

  /** `holiday.jpg: 12 MB of 34 MB (35%), 5.6 MB/s, 4 s left`, as far as it is known. */
  line(now: number): string {
    if (this.#last === undefined) return `${this.#name}: waiting`;
    const { done, total } = this.#last;
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    const rate = this.#rate(now);
    const begin = `${this.#name}: ${this.done} (${percent}%)`;
    if (rate === undefined || done >= total) return begin;
    if (rate === 0) return `${begin}, waiting`;
    return `${begin}, ${sizeText(Math.round(rate))}/s, ${secondsText((total - done) / rate)} left`;
  }

  /** Bytes a second; undefined as long as it is too early. */
  #rate(now: number): number | undefined {
    const [first] = this.#samples;
    if (first === undefined || now - first.at < RATE_FROM_MS) return undefined;
    return (1_000 * ((this.#last?.done ?? 0) - first.done)) / (now - first.at);
  }
}
