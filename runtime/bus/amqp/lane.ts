// What waits for one destination, and how it becomes frames, each of one version. At most two are unconfirmed; what comes meanwhile is the next one.
// So an idle lane sends at once and a busy one in few large frames (DESIGN section 2, Batching). Pure.

/** Frames on their way to one destination. With one, the broker would wait for us between two; with more, frames get smaller for nothing. */
export const UNCONFIRMED_FRAMES_MAX = 2;
/** What a frame holds at most; one item always fits. In characters of JSON. */
export const FRAME_MAX_CHARS = 256 * 1024;

export class Lane<T extends { readonly text: string; readonly version: number }> {
  #waiting: T[] = [];
  #waitingChars = 0;
  #unconfirmed = 0;

  add(item: T): void {
    this.#waiting.push(item);
    this.#waitingChars += item.text.length;
  }

  /** The items of the next frame, in order; undefined: nothing waits, or two frames are unconfirmed. */
  take(): readonly T[] | undefined {
    if (this.#waiting.length === 0 || this.#unconfirmed >= UNCONFIRMED_FRAMES_MAX) return undefined;
    let chars = 0;
    let count = 0;
    const version = this.#waiting[0]?.version;
    for (const { text, version: its } of this.#waiting) {
      if (count > 0 && (chars + text.length > FRAME_MAX_CHARS || its !== version)) break;
      chars += text.length;
      count += 1;
    }
    this.#waitingChars -= chars;
    this.#unconfirmed += 1;
    return this.#waiting.splice(0, count);
  }

  /** A frame was confirmed, refused or lost. */
  done(): void {
    this.#unconfirmed -= 1;
  }

  /** Forgets all that waits, and returns it. */
  clear(): readonly T[] {
    this.#waitingChars = 0;
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
