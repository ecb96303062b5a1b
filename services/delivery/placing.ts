// Where an item goes that a mailbox takes: to the devices that are live, and into the store for the others (DESIGN section 3).
import type { EntriesItem, NoticeItem } from '#protocol/commands.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import type { Admission } from './admission.ts';
import type { Attachments } from './attachments.ts';
import type { Carried } from './carried.ts';
import type { Devices } from './devices.ts';
import type { Draft } from './draft.ts';
import type { Held } from './held.ts';
import { isDispensable, type MailboxItem, sizeOf } from './item.ts';
import type { Stored } from './stored.ts';

export class Placing {
  readonly #devices: Devices;
  readonly #admission: Admission;
  readonly #attached: Attachments;
  readonly #held: Held;
  readonly #stored: Stored;

  constructor(mailbox: { devices: Devices; admission: Admission; attached: Attachments; held: Held; stored: Stored }) {
    this.#devices = mailbox.devices;
    this.#admission = mailbox.admission;
    this.#attached = mailbox.attached;
    this.#held = mailbox.held;
    this.#stored = mailbox.stored;
  }

  /**
   * What is outside the quota, for every device in use or those that it names. Where its own budget is used up, what can be done without
   * reaches only who is there to take it; all else is kept. Undefined: it is for no device, and settled.
   */
  beside(draft: Draft, item: NoticeItem | EntriesItem, deliveries: readonly Delivery[]): Carried | undefined {
    const { inUse } = this.#devices;
    const named = (item.type === 'notice' ? item.devices : undefined) ?? [...inUse];
    const kept = !isDispensable(item) || this.#admission.hasRoomBeside(item);
    const devices = named.filter((device) => inUse.has(device) && (kept || this.#isPresent(device)));
    if (devices.length > 0) return this.place(draft, item, devices, deliveries);
    for (const delivery of deliveries) draft.settle(delivery);
    return undefined;
  }

  /** Pushed and held in the queue if every device is live; else stored, and pushed to those that are. */
  place(draft: Draft, item: MailboxItem, devices: string[], deliveries: readonly Delivery[]): Carried {
    const targets = devices.map((device) => this.#attached.of(device));
    const carried: Carried = {
      item,
      size: sizeOf(item),
      devices,
      waiting: new Set(devices),
      deliveries,
      since: draft.now,
      stored: undefined,
      taken: false,
    };
    if (this.#held.roomy && targets.every((target) => target?.live && target.roomy)) {
      this.#held.add(carried);
    } else {
      this.#held.store(draft); // first what came first
      this.#stored.add(draft, carried);
    }
    for (const target of targets) {
      if (!target?.live) continue;
      if (target.roomy) {
        draft.push(target, carried);
      } else {
        target.live = false;
        target.sentUpTo = carried.stored ?? this.#stored.next; // stored: only what all have room for is held
      }
    }
    return carried;
  }

  #isPresent(device: string): boolean {
    const attachment = this.#attached.of(device);
    return attachment?.live === true && attachment.roomy;
  }
}
