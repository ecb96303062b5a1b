// Which messages a mailbox takes: for whom there is somebody, within the quota, and none that overtakes one that was refused
// (DESIGN section 3, Sends).
import type { MessageItem } from '#protocol/commands.ts';
import { type ErrorCode, RequestError } from '#protocol/errors.ts';
import { RefusedNumbers } from '#runtime/refused-numbers.ts';
import { sizeOf } from './carried.ts';
import { SENDER_QUOTA_SHARE } from './config.ts';
import type { Devices } from './devices.ts';
import type { Stored } from './stored.ts';

export class Admission {
  readonly #user: string;
  readonly #quotaBytes: number;
  readonly #devices: Devices;
  readonly #stored: Stored;
  readonly #refused = new RefusedNumbers();

  constructor(user: string, quotaBytes: number, devices: Devices, stored: Stored) {
    this.#user = user;
    this.#quotaBytes = quotaBytes;
    this.#devices = devices;
    this.#stored = stored;
  }

  /** Why a message is refused; undefined: it is taken. `again`: it may have been before, as far as this mailbox can know. */
  judge(item: MessageItem, again: boolean): ErrorCode | undefined {
    const refusal = this.#refusal(item, again);
    // What is refused for good never comes again: nothing waits for it.
    if (refusal !== undefined && new RequestError(refusal).retry) this.#refused.refuse(item);
    else this.#refused.admit(item);
    return refusal;
  }

  /** What may have been accepted before is not refused for quota or order. */
  #refusal(item: MessageItem, again: boolean): ErrorCode | undefined {
    if (!this.#devices.exist) return 'unknown_user';
    const own = item.from === this.#user;
    if (!own && !Object.keys(item.slots).some((device) => this.#devices.inUse.has(device))) return 'stale_devices';
    if (again) return undefined;
    if (this.#refused.mustWait(item)) return 'earlier_refused';
    const size = sizeOf(item);
    const full = this.#stored.bytes + size > this.#quotaBytes;
    const greedy = !own && this.#stored.bytesOf(item.from) + size > this.#quotaBytes * SENDER_QUOTA_SHARE;
    return full || greedy ? 'over_quota' : undefined;
  }
}
