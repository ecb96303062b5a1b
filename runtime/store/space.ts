// How much room the data directory's disk has. Below a reserve new messages are refused while acks, which free room, still work:
// a disk that is really full could not even delete (DESIGN section 2, Embedded).
import { statfs } from 'node:fs/promises';
import { MIB } from '#protocol/limits.ts';

/** How often the disk is asked. */
const LOOK_EVERY_MS = 1_000;

export class DiskSpace {
  readonly #folder: string;
  readonly reserveBytes: number;
  #freeBytes: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, reserveMib: number) {
    this.#folder = folder;
    this.reserveBytes = reserveMib * MIB;
  }

  /** True while less than the reserve is free. */
  get low(): boolean {
    return this.#freeBytes !== undefined && this.#freeBytes < this.reserveBytes;
  }

  /** Whether so many bytes more would leave the reserve free. */
  hasRoomFor(bytes: number): boolean {
    return this.#freeBytes === undefined || this.#freeBytes - bytes >= this.reserveBytes;
  }

  /** As it was seen last; undefined: the disk does not say. */
  get freeBytes(): number | undefined {
    return this.#freeBytes;
  }

  /** Looks now and from then on. */
  async watch(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const found = await statfs(this.#folder).catch(() => undefined);
    if (found) this.#freeBytes = found.bavail * found.bsize;
  }
}
