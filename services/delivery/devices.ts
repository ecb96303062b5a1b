// The devices that a mailbox is for, as the account log says.
import type { MailboxCommand } from '#protocol/commands.ts';
import type { MailboxState } from './store.ts';

export type AccountChange = Extract<MailboxCommand, { type: 'account' }>;

export class Devices {
  /** Entries of the account log that they come from; 0: there is no such user. */
  #length: number;
  #deleted: boolean;
  #inUse: ReadonlySet<string>;

  constructor(state: MailboxState | undefined) {
    this.#length = state?.length ?? 0;
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

  /** Whether these devices come from just this change, which may have come before. */
  areOf({ length }: AccountChange): boolean {
    return length === this.#length;
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
