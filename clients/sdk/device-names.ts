// Names of the own devices: each tells its own to the others by a hidden message of the conversation with oneself (content-name.ts), and again
// to those that come later. Nobody else gets it, and a device is believed only about itself.
import { activeDevices } from '#protocol/account-log.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import type { Accounts } from './accounts.ts';
import { nameContent } from './content/content.ts';
import { DEVICE_NAME_MAX_CHARS, isDeviceName, type NamedDevice } from './content/name.ts';
import { type ClientEvent, trouble } from './events.ts';
import type { Outbox } from './outbox.ts';
import type { OwnDevice } from './own-device.ts';
import type { DeviceId, Profile } from './profile/profile.ts';
import { Refusal } from './refusal.ts';

export type DeviceNamesDeps = {
  readonly own: OwnDevice;
  readonly profile: Profile;
  readonly accounts: Accounts;
  readonly outbox: Outbox;
  emit(event: ClientEvent): void;
};

export class DeviceNames {
  readonly #deps: DeviceNamesDeps;
  #telling: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: DeviceNamesDeps) {
    this.#deps = deps;
  }

  /** Calls this device so, and queues what tells the others. Throws Refusal `bad_text`. */
  async rename(name: string): Promise<void> {
    if (!isDeviceName(name)) {
      const rule = `1 to ${DEVICE_NAME_MAX_CHARS} characters on one line`;
      throw new Refusal('bad_text', `This is no name for a device: it takes ${rule}.`);
    }
    await this.#deps.profile.account.nameThisDevice(name);
    await this.tell();
  }

  /** Queues the name for own devices that were not told yet, if there are any. Never throws: the next session tries again. */
  tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tell()).catch((error: unknown) => this.#deps.emit(trouble(error)));
    return this.#telling;
  }

  /** Nothing is begun any more; resolves when nothing is under way. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#telling;
  }

  async #tell(): Promise<void> {
    if (this.#stopped) return;
    const { own, profile, accounts, outbox } = this.#deps;
    const { deviceNames = {}, nameTold = [] } = await profile.account.get();
    const name = deviceNames[own.device]?.name;
    const known = await accounts.known(own.address);
    if (name === undefined || known === undefined) return;
    const others = activeDevices(known.state)
      .map(({ id }) => encodeBase64(id))
      .filter((device) => device !== own.device);
    if (others.every((device) => nameTold.includes(device))) return;
    const content = nameContent({ device: own.device, name });
    const [result] = await outbox.send([own.address], [{ content }], unneeded);
    // An own log that has changed its identity: nobody is told before the person has decided.
    if (result !== undefined && 'ids' in result) await profile.account.toldName(others);
  }
}

/** The own log is known. */
function unneeded(): Promise<never> {
  return Promise.reject(new Refusal('no_device', 'There is nobody to tell.'));
}

/** A name as it came: in message `seq` by `device` of `from`. */
export type NameTold = {
  readonly conversation: string;
  readonly from: string;
  readonly device: DeviceId;
  readonly seq: number;
  readonly name: NamedDevice;
};

/** Remembers what own devices say of themselves. What anybody else says, or of another device, changes nothing. */
export async function takeNames(told: readonly NameTold[], own: OwnDevice, profile: Profile): Promise<void> {
  for (const { conversation, from, device, seq, name: named } of told) {
    const isOwn = from === own.address && conversation === own.address && named.device === device;
    if (isOwn) await profile.account.nameDevice(device, named.name, seq);
  }
}
