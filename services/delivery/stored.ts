// What the store has of a mailbox, as far as its actor must know to decide: numbers, sizes and cursors, never the items.
// It counts what the turns decided; the host makes it so.
import { KIB } from '#protocol/limits.ts';
import type { Carried } from './carried.ts';
import { chargesOf, Ledger } from './charges.ts';
import type { Draft } from './draft.ts';
import type { MailboxItem } from './item.ts';
import { CHUNK_NUMBERS, type Chunk, type ChunkInfo, type MailboxState } from './store.ts';
import { sweepChunk } from './sweep-chunk.ts';

/** A chunk is one document, read and written as a whole. One item may be larger. */
const CHUNK_BYTES_MAX = 128 * KIB;

export class Stored {
  readonly #user: string;
  readonly #cursors: Map<string, number>;
  readonly #chunks: ChunkInfo[];
  readonly #onChunk: (info: ChunkInfo) => void;
  readonly #ledger = new Ledger();
  #next: number;
  /** Bytes in the chunk that the next item goes into. */
  #filled = 0;

  constructor(user: string, state: MailboxState | undefined) {
    this.#user = user;
    this.#cursors = new Map(Object.entries(state?.cursors ?? {}));
    this.#next = chunkAfter(state?.next ?? 1);
    this.#chunks = [...(state?.chunks ?? [])];
    this.#onChunk = (info) => this.#chunks.push(info);
    for (const { charges } of this.#chunks) this.#ledger.add(charges);
  }

  /** The number of the next item. */
  get next(): number {
    return this.#next;
  }

  /** What counts towards the quota. */
  get bytes(): number {
    return this.#ledger.messages;
  }

  /** What notices and entries take, which do not count towards it. */
  get besideBytes(): number {
    return this.#ledger.beside;
  }

  /** The bytes of one sender's messages, or of the entries by somebody (charges.ts). */
  bytesOf(whom: string): number {
    return this.#ledger.of(whom);
  }

  /** The first number that a device may not have. */
  cursor(device: string): number {
    return this.#cursors.get(device) ?? 1;
  }

  /** Whether there were ever other devices than these: they may have left something behind. */
  outlived(devices: ReadonlySet<string>): boolean {
    return this.#chunks.length > 0 && [...this.#cursors.keys()].some((device) => !devices.has(device));
  }

  /** Whether another device took it earlier, so that the sender has been told. */
  isTaken({ taken, stored, devices }: Carried, except: string): boolean {
    if (taken || stored === undefined) return taken;
    return devices.some((device) => device !== except && this.cursor(device) > stored);
  }

  add(draft: Draft, carried: Carried): void {
    if (this.#filled > 0 && this.#filled + carried.size > CHUNK_BYTES_MAX) this.#beginChunk();
    carried.stored = this.#next;
    this.#next += 1;
    this.#filled = this.#next % CHUNK_NUMBERS === 0 ? 0 : this.#filled + carried.size;
    this.#ledger.add(chargesOf([carried.item]));
    draft.store(carried);
  }

  /** Makes chunks of what the turn added. */
  flush(draft: Draft): void {
    draft.flush(this.#onChunk);
    this.#beginChunk();
  }

  #beginChunk(): void {
    this.#next = chunkAfter(this.#next);
    this.#filled = 0;
  }

  /** Devices that it has not seen begin with what comes from now on; returns their cursors. */
  begin(devices: readonly string[]): Record<string, number> {
    const begin: Record<string, number> = {};
    for (const device of devices) {
      if (this.#cursors.has(device)) continue;
      begin[device] = this.#next;
      this.#cursors.set(device, this.#next);
    }
    return begin;
  }

  /** Raises a cursor; false if it is as high already. */
  raise(draft: Draft, device: string, n: number): boolean {
    if (n <= this.cursor(device)) return false;
    this.#cursors.set(device, n);
    draft.removals.push({ type: 'cursor', device, n });
    return true;
  }

  /** Removes the chunks below the cursors of all these devices. */
  trim(draft: Draft, devices: ReadonlySet<string>): void {
    let lowest = this.#next;
    for (const device of devices) lowest = Math.min(lowest, this.cursor(device));
    for (let chunk = this.#chunks[0]; chunk && chunk.n + chunk.count <= lowest; chunk = this.#chunks[0]) {
      draft.removals.push({ type: 'trim', n: chunk.n });
      this.#ledger.remove(chunk.charges);
      this.#chunks.shift();
    }
  }

  /** Removes from a chunk what expired or is for no device in use, and says so in notices. */
  sweep(draft: Draft, chunk: Chunk, devices: ReadonlySet<string>): void {
    const at = this.#chunks.findIndex(({ n }) => n === chunk.n);
    const info = this.#chunks[at];
    if (!info) return;
    const { notices } = draft;
    const expired = (item: MailboxItem): boolean => draft.expired(item);
    const left = sweepChunk(chunk, { expired, own: this.#user, devices, cursors: this.#cursors, notices });
    if (left === undefined) return;
    this.#ledger.remove(info.charges);
    if (left.length === 0) {
      draft.removals.push({ type: 'remove', n: chunk.n });
      this.#chunks.splice(at, 1);
    } else {
      const charges = chargesOf(left.map(({ item }) => item));
      draft.removals.push({ type: 'replace', chunk: { n: chunk.n, items: left }, charges });
      this.#chunks[at] = { ...info, charges };
      this.#ledger.add(charges);
    }
  }
}

/** The first number of the first chunk that holds none below `number`. */
function chunkAfter(number: number): number {
  return Math.ceil(number / CHUNK_NUMBERS) * CHUNK_NUMBERS;
}
