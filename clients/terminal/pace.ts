// How far a file is, how fast it goes and how long it takes still, in words: by what the last seconds brought, since a connection has good minutes
// and bad ones.
import type { FileProgress } from '../sdk/index.ts';

const WINDOW_MS = 10_000;
/** Before this nothing can be said of the speed. */
const MEASURED_MIN_MS = 1_000;
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;
const STEP = 1_000;

type Sample = { readonly at: number; readonly done: number };

export class Pace {
  readonly #elapsed: () => number;
  #samples: Sample[] = [];
  #progress: FileProgress | undefined;

  /** `elapsed`: ms of a clock that never goes back. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  heard(progress: FileProgress): void {
    const at = this.#elapsed();
    const { done } = progress;
    // What was there of an earlier attempt, and what has to come again, says nothing of the speed.
    if (done < (this.#progress?.done ?? done)) this.#samples = [];
    this.#progress = progress;
    this.#samples.push({ at, done });
    this.#forget(at);
  }

  /** `45 %`; empty before anything is known. */
  get share(): string {
    if (this.#progress === undefined) return '';
    const { done, total } = this.#progress;
    return `${total === 0 ? 100 : Math.floor((done / total) * 100)} %`;
  }

  /** `45 %, 1.2 MB/s, 0:12 left`, or `45 %, waiting`. */
  get text(): string {
    const at = this.#elapsed();
    this.#forget(at);
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (this.#progress === undefined) return 'waiting';
    if (first === undefined || last === undefined) return `${this.share}, waiting`;
    const ms = at - first.at;
    const bytes = last.done - first.done;
    if (ms < MEASURED_MIN_MS || bytes <= 0) return this.share;
    const left = (this.#progress.total - this.#progress.done) / (bytes / ms);
    return `${this.share}, ${sizeText((bytes / ms) * 1_000)}/s, ${durationText(left)} left`;
  }

  #forget(now: number): void {
    this.#samples = this.#samples.filter(({ at }) => now - at <= WINDOW_MS);
  }
}

/** `512 bytes`, `1.2 MB`: of three digits at most. */
export function sizeText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // What is rounded to a thousand is one of the next.
  for (; value >= STEP - 0.5 && unit < UNITS.length - 1; unit++) value /= STEP;
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** `0:12`, `1:02:03`. */
function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const two = (number: number) => String(number).padStart(2, '0');
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}
