// What a mailbox remembers of the messages that came lately: thrift, not a promise (clients dedupe for ever, DESIGN section 3).
import type { MessageItem } from '#protocol/commands.ts';

/** Messages remembered by id; the oldest goes. */
const RECENT_MAX = 512;

type Entry = { readonly device: string; readonly served: string[] };

export class Recent {
  /** By message id alone, the shortest of keys; a sender that reuses another's id is only forgotten sooner. */
  readonly #entries = new Map<string, Entry>();

  /** The devices that this message was accepted for lately; undefined if it was not. */
  served({ device, id }: MessageItem): readonly string[] | undefined {
    const entry = this.#entries.get(id);
    return entry?.device === device ? entry.served : undefined;
  }

  /** The message was accepted for these devices, too. */
  add({ device, id }: MessageItem, devices: readonly string[]): void {
    const entry = this.#entries.get(id);
    if (entry?.device === device) return void entry.served.push(...devices);
    this.#entries.set(id, { device, served: [...devices] });
    if (this.#entries.size <= RECENT_MAX) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
