// What a mailbox remembers of the messages that came lately: thrift, not a promise (clients dedupe for ever, DESIGN section 3).
import type { MessageItem } from '#protocol/commands.ts';

/** Messages remembered by id; the oldest goes. */
const RECENT_MAX = 512;

type Entry = { readonly device: string; readonly served: readonly string[] };

export class Recent {
  /** By message id alone, the shortest of keys; a sender that reuses another's id is only forgotten sooner. */
  readonly #entries = new Map<string, Entry>();
  #latest: Entry | undefined;

  /** The devices that this message was accepted for lately; undefined if it was not. */
  served({ device, id }: MessageItem): readonly string[] | undefined {
    const entry = this.#entries.get(id);
    return entry?.device === device ? entry.served : undefined;
  }

  /** The message was accepted for these devices, too. */
  add({ device, id }: MessageItem, devices: readonly string[]): void {
    const entry = this.#entries.get(id);
    const known = entry?.device === device;
    this.#entries.set(id, this.#entry(device, known ? [...entry.served, ...devices] : devices));
    if (this.#entries.size <= RECENT_MAX) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Messages of one device to the same devices share theirs: what a group writes is remembered in a thousand mailboxes. */
  #entry(device: string, served: readonly string[]): Entry {
    const { device: writer, served: before } = this.#latest ?? {};
    const same = writer === device && before?.length === served.length && served.every((one, at) => one === before[at]);
    if (!same) this.#latest = { device, served };
    return this.#latest as Entry; // set here, if not before
  }
}
