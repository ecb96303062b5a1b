// What waits for one destination, and how it becomes frames, each of one version. At most two are unconfirmed; what comes meanwhile is the next one.
// So an idle lane sends at once and a busy one in few large frames (DESIGN section 2, Batching). Pure.
import { charsOf, type Encoded, FrameText } from '../frame-text.ts';

/** Frames on their way to one destination. With one, the broker would wait for us between two; with more, frames get smaller for nothing. */
export const UNCONFIRMED_FRAMES_MAX = 2;
/** What a frame holds at most; one item always fits. In characters of JSON. */
export const FRAME_MAX_CHARS = 256 * 1024;

export class Lane<T extends Encoded & { readonly version: number }> {
  #waiting: T[] = [];
  #waitingChars = 0;
  /** What waiting items share, each with how many there are and its characters: it is in memory once. */
  readonly #shared = new Map<string, { items: number; readonly chars: number }>();
  #unconfirmed = 0;

  add(item: T): void {
    this.#waiting.push(item);
    const { text, shared } = item;
    this.#waitingChars += text.length;
    if (!shared) return;
    const known = this.#shared.get(shared.fields);
    if (known) {
      known.items += 1;
      return;
    }
    const chars = charsOf(shared);
    this.#shared.set(shared.fields, { items: 1, chars });
    this.#waitingChars += chars;
  }

  /** The next frame: its items, in order, and its text; undefined: nothing waits, or two frames are unconfirmed. */
  take(): { readonly items: readonly T[]; readonly text: string } | undefined {
    if (this.#waiting.length === 0 || this.#unconfirmed >= UNCONFIRMED_FRAMES_MAX) return undefined;
    const frame = new FrameText();
    const version = this.#waiting[0]?.version;
    let count = 0;
    for (const item of this.#waiting) {
      if (item.version !== version || !frame.add(item, FRAME_MAX_CHARS)) break;
      count += 1;
    }
    this.#unconfirmed += 1;
    const items = this.#waiting.splice(0, count);
    for (const item of items) this.#forget(item);
    return { items, text: frame.toString() };
  }

  #forget({ text, shared }: T): void {
    this.#waitingChars -= text.length;
    const known = shared && this.#shared.get(shared.fields);
    if (!shared || !known) return;
    known.items -= 1;
    if (known.items > 0) return;
    this.#shared.delete(shared.fields);
    this.#waitingChars -= known.chars;
  }

  /** A frame was confirmed, refused or lost. */
  done(): void {
    this.#unconfirmed -= 1;
  }

  /** Forgets all that waits, and returns it. */
  clear(): readonly T[] {
    this.#waitingChars = 0;
    this.#shared.clear();
    return this.#waiting.splice(0);
  }

  /** What waits, in characters. */
  get waitingChars(): number {
    return this.#waitingChars;
  }

  /** Nothing waits and nothing is unconfirmed. */
  get idle(): boolean {
    return this.#waiting.length === 0 && this.#unconfirmed === 0;
  }
}
