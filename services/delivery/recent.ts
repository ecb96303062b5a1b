// What a mailbox remembers of the messages that came lately: thrift, not a promise (clients dedupe for ever, DESIGN section 3).
import type { MessageItem } from '#protocol/commands.ts';

/** Messages remembered by id; the oldest goes. */
const RECENT_MAX = 512;

export class Recent {
  readonly #served = new Map<string, Set<string>>();

  /** Whether this message was accepted lately. */
  knows({ device, id }: MessageItem): boolean {
    return this.#served.has(`${device} ${id}`);
  }

  /** The devices that this message was accepted for; the caller adds to it. */
  served({ device, id }: MessageItem): Set<string> {
    const key = `${device} ${id}`;
    let devices = this.#served.get(key);
    if (!devices) {
      devices = new Set();
      this.#served.set(key, devices);
      const [oldest] = this.#served.size > RECENT_MAX ? this.#served.keys() : [];
      if (oldest !== undefined) this.#served.delete(oldest);
    }
    return devices;
  }
}
