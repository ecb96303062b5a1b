// Slots for devices that this one had not seen when it sent: so that a person's new device has what was written just before it came
// (DESIGN section 5, Late slots). Only the sending device makes them, and only for the same identity.
import { encodeBase64 } from '#protocol/base64.ts';
import { decodeHeader } from '#protocol/envelope.ts';
import { memberOf } from '#protocol/group-state.ts';
import { LATE_SLOT_MAX_MS } from '#protocol/limits.ts';
import { type Accounts, devicesForSending } from './accounts.ts';
import type { Connection } from './connection.ts';
import { sealLateSlots } from './crypto/seal.ts';
import { wasMember } from './groups/log.ts';
import type { OwnDevice } from './own-device.ts';
import type { Known } from './pins.ts';
import type { Clock } from './platform.ts';
import type { LateMessage, OutboxItem, Pin, Profile, SealedItem } from './profile/profile.ts';
import { isFinal } from './refusal.ts';
import { sendFields } from './send-fields.ts';
import { slotRecipients, slotText } from './slots.ts';

const PAGE_MESSAGES = 64;
/** A device that was first seen so long ago has what it may have. */
const RECENT_MS = 2 * LATE_SLOT_MAX_MS;

export type LateSlotsDeps = {
  readonly own: OwnDevice;
  readonly profile: Profile;
  readonly accounts: Accounts;
  readonly clock: Clock;
};

export class LateSlots {
  readonly #deps: LateSlotsDeps;
  #running: Promise<void> = Promise.resolve();
  readonly #wanted = new Set<string>();

  constructor(deps: LateSlotsDeps) {
    this.#deps = deps;
  }

  /** Makes what is missing for this address, after what is under way. What fails for a lost connection is made at the next one. */
  want(address: string, connection: Connection): void {
    this.#next(`slots ${address}`, () => this.#make(address, connection));
  }

  /** As `want`, once the log is fetched of which a server said that it has changed. The pin remembers what was said until it is done. */
  catchUp(address: string, connection: Connection): void {
    this.#next(`log ${address}`, () => this.#catchUp(address, connection));
  }

  /**
   * At a session's start: for everybody whose log a server said to have changed, and of whom a device was seen lately, later than the first. Devices
   * that were pinned together with the person are in every message to that person: looking for what they lack would read all that was sent, once
   * for each contact.
   */
  async resume(connection: Connection): Promise<void> {
    const since = this.#deps.clock.now() - RECENT_MS;
    for (const pin of await this.#deps.profile.pins.list()) {
      const { address, firstSeen } = pin;
      if (isStale(pin)) this.catchUp(address, connection);
      const seen = Object.values(firstSeen);
      const first = Math.min(...seen);
      if (seen.some((at) => at > since && at !== first)) this.want(address, connection);
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    for (let seen: Promise<void> | undefined; seen !== this.#running; ) {
      seen = this.#running;
      await seen;
    }
  }

  /**
   * A message that nobody's device could take any more, with slots for the recipient's devices of now. It was never accepted, so the 24 h do
   * not count. Undefined: there are no further devices, or the person must decide first.
   */
  async readdress(item: OutboxItem, connection: Connection): Promise<SealedItem | undefined> {
    try {
      const known = await this.#deps.accounts.refresh(item.conversation, connection);
      const had = new Set(item.slots.map(({ device }) => device));
      const slots = this.#slots(item, known, (device) => !had.has(device));
      const mine = item.slots.filter(({ to }) => to !== item.conversation);
      return slots.length === 0 ? undefined : { ...item, slots: [...slots, ...mine] };
    } catch (error) {
      if (isFinal(error)) return undefined;
      throw error;
    }
  }

  #next(name: string, work: () => Promise<void>): void {
    if (this.#wanted.has(name)) return;
    this.#wanted.add(name);
    this.#running = this.#running.then(async () => {
      this.#wanted.delete(name);
      await work().catch(() => {});
    });
  }

  async #catchUp(address: string, connection: Connection): Promise<void> {
    const { profile, accounts } = this.#deps;
    const pin = await profile.pins.get(address);
    if (pin?.stale === undefined || !isStale(pin)) return;
    const { said } = pin.stale;
    try {
      await accounts.refresh(address, connection);
    } catch (error) {
      // There is no log of theirs any more.
      if (!isFinal(error)) throw error;
    }
    await this.#make(address, connection);
    await profile.pins.update(address, (now) => {
      if (now?.stale === undefined || now.stale.done >= said) return undefined;
      return { pin: { ...now, stale: { ...now.stale, done: said } } };
    });
  }

  async #make(address: string, connection: Connection): Promise<void> {
    const { profile, accounts, clock } = this.#deps;
    const known = await accounts.known(address);
    if (known === undefined) return;
    const oldest = Math.min(
      clock.now(),
      ...Object.values(known.pin.firstSeen).filter((seen) => seen > clock.now() - RECENT_MS),
    );
    for (let after = 0; ; ) {
      const page = await profile.sending.lateCandidates(address, oldest - LATE_SLOT_MAX_MS, after, PAGE_MESSAGES);
      for (const message of page) await this.#complete(message, known, connection);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_MESSAGES) return;
      after = last.number;
    }
  }

  async #complete(message: LateMessage, known: Known, connection: Connection): Promise<void> {
    const { profile } = this.#deps;
    const { pin } = known;
    if (!(await this.#isTheirs(message, known))) return;
    const slots = this.#slots(message, known, (device) => {
      const seen = pin.firstSeen[device];
      return !message.slotted.includes(device) && seen !== undefined && seen - message.sentAt <= LATE_SLOT_MAX_MS;
    });
    if (slots.length === 0) return;
    try {
      await connection.send(sendFields(message, slots, undefined));
    } catch (error) {
      // Of this message alone: the others are for that device all the same.
      if (isFinal(error)) return;
      throw error;
    }
    await profile.sending.slotted(
      message.id,
      slots.map(({ device }) => device),
    );
  }

  /**
   * Whether a message is this person's, under this identity: of a group, by its log, where they must have been a member then, and be one still;
   * between two, because it went to a device of theirs.
   */
  async #isTheirs(message: LateMessage, { pin, state }: Known): Promise<boolean> {
    const { own, profile } = this.#deps;
    if (message.group === undefined) {
      return pin.address === own.address || message.slotted.some((device) => state.devices.has(device));
    }
    const record = await profile.groups.get(message.conversation);
    if (record === undefined || record.forked !== undefined || memberOf(record.state, pin) === undefined) return false;
    const { epoch, head } = decodeHeader(message.header);
    const kept = await profile.groups.entry(record.id, epoch);
    return wasMember(record, kept, { index: epoch, head }, pin);
  }

  #slots(message: SealedItem | LateMessage, known: Known, wanted: (device: string) => boolean): SealedItem['slots'] {
    const { own } = this.#deps;
    const devices = devicesForSending(known).filter(({ id }) => {
      const device = encodeBase64(id);
      return device !== own.device && wanted(device);
    });
    const kept = { header: message.header, body: message.body, messageKey: message.k };
    return sealLateSlots(kept, decodeHeader(message.header), own.sealing, slotRecipients(known, devices)).map(slotText);
  }
}

function isStale({ stale }: Pin): boolean {
  return stale !== undefined && stale.said > stale.done;
}
