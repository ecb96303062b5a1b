// The devices that a mailbox is for, as the account log says.
import type { MailboxCommand, MessageItem } from '#protocol/commands.ts';
import type { MailboxState } from './store.ts';

export type AccountChange = Extract<MailboxCommand, { type: 'account' }>;

export class Devices {
  /** Entries of the account log that they come from; 0: there is no such user. */
  #length: number;
  #deleted: boolean;
  #inUse: ReadonlySet<string>;
  /** The length in the store, until its change comes again. */
  #loaded: number;

  constructor(state: MailboxState | undefined) {
    this.#length = state?.length ?? 0;
    this.#loaded = this.#length;
    this.#deleted = state?.deleted ?? false;
    this.#inUse = new Set(state?.devices);
  }

  get inUse(): ReadonlySet<string> {
    return this.#inUse;
  }

  get deleted(): boolean {
    return this.#deleted;
  }

  /** Whether there is such a user. */
  get exist(): boolean {
    return this.#length > 0 && !this.#deleted;
  }

  /** Whether the sender sealed for other devices than those in use, what it sent earlier for the same message (`served`) counted in. */
  isStale(item: MessageItem, served: readonly string[] | undefined): boolean {
    return this.lackSlots(item, served) || Object.keys(item.slots).some((device) => !this.#inUse.has(device));
  }

  /** Whether one of those in use has no slot, neither here nor in what came earlier. The device that sent it needs none. */
  lackSlots({ device: own, slots }: MessageItem, served: readonly string[] | undefined): boolean {
    for (const device of this.#inUse) {
      if (!(device in slots) && !served?.includes(device) && device !== own) return true;
    }
    return false;
  }

  /** Whether the store had just this change when this memory was loaded: its turn may have failed after that write. True once. */
  areLoadedFrom({ length }: AccountChange): boolean {
    if (length !== this.#loaded) return false;
    this.#loaded = 0;
    return true;
  }

  /** Takes a newer state. Returns the devices that are out of use now; undefined: it is not newer. */
  change({ length, devices, deleted }: AccountChange): readonly string[] | undefined {
    const newer = length > this.#length || (length === this.#length && deleted && !this.#deleted);
    if (!newer) return undefined;
    const gone = [...this.#inUse].filter((device) => !devices.includes(device));
    this.#length = length;
    this.#deleted = deleted;
    this.#inUse = new Set(devices);
    return gone;
  }
}
