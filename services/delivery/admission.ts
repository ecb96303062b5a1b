// Which messages a mailbox takes: for whom there is somebody, within the quota, and none that overtakes one that was refused
// (DESIGN section 3, Sends).
import type { EntriesItem, MessageItem, NoticeItem } from '#protocol/commands.ts';
import { type ErrorCode, RequestError } from '#protocol/errors.ts';
import { RefusedNumbers } from '#runtime/refused-numbers.ts';
import { entriesBy } from './charges.ts';
import { type MailboxRules, SENDER_QUOTA_SHARE } from './config.ts';
import type { Devices } from './devices.ts';
import { sizeOf } from './item.ts';
import type { Stored } from './stored.ts';

export class Admission {
  readonly #user: string;
  readonly #quotaBytes: number;
  readonly #noticesBytes: number;
  readonly #devices: Devices;
  readonly #stored: Stored;
  readonly #refused = new RefusedNumbers();

  constructor(user: string, rules: MailboxRules, devices: Devices, stored: Stored) {
    this.#user = user;
    this.#quotaBytes = rules.quotaBytes;
    this.#noticesBytes = rules.noticesBytes;
    this.#devices = devices;
    this.#stored = stored;
  }

  /**
   * Why a message is refused; undefined: it is taken. `late`: another device was given it; `perhaps`: it may have been accepted before a
   * crash. `grows`: it is for a device that was not given it. `forGood`: nobody repeats what is refused, so nothing has to wait for it.
   */
  judge(
    item: MessageItem,
    { late, perhaps, forGood }: { readonly late: boolean; readonly perhaps: boolean; readonly forGood: boolean },
    grows: boolean,
  ): ErrorCode | undefined {
    const refusal = this.#whom(item) ?? (perhaps ? undefined : (this.#order(item, late) ?? this.#size(item, grows)));
    // What is refused for good never comes again, and what was accepted once is out of the order: nothing waits for either.
    if (refusal !== undefined && !late && !forGood && new RequestError(refusal).retry) this.#refused.refuse(item);
    else this.#refused.admit(item);
    return refusal;
  }

  /** Whether there is room for what is outside the quota. What one person's entries take of it is bounded, as messages are. */
  hasRoomBeside(item: EntriesItem | NoticeItem): boolean {
    const size = sizeOf(item);
    if (this.#stored.besideBytes + size > this.#noticesBytes) return false;
    if (item.type === 'notice' || item.from === this.#user) return true;
    return this.#stored.bytesOf(entriesBy(item.from)) + size <= this.#noticesBytes * SENDER_QUOTA_SHARE;
  }

  #whom({ from, slots }: MessageItem): ErrorCode | undefined {
    if (!this.#devices.exist) return 'unknown_user';
    const known = Object.keys(slots).some((device) => this.#devices.inUse.has(device));
    return known || from === this.#user ? undefined : 'stale_devices';
  }

  #order(item: MessageItem, late: boolean): ErrorCode | undefined {
    return !late && this.#refused.mustWait(item) ? 'earlier_refused' : undefined;
  }

  /** An id that comes again counts again for each new device: whoever repeats it chooses the bytes. */
  #size(item: MessageItem, grows: boolean): ErrorCode | undefined {
    if (!grows) return undefined;
    const size = sizeOf(item);
    const full = this.#stored.bytes + size > this.#quotaBytes;
    const share = this.#quotaBytes * SENDER_QUOTA_SHARE;
    const greedy = item.from !== this.#user && this.#stored.bytesOf(item.from) + size > share;
    return full || greedy ? 'over_quota' : undefined;
  }
}
