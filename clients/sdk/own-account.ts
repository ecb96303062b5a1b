// The own account on this device: its devices, its password, and what another device changes of either.
import type { Accounts } from './accounts.ts';
import type { Connection } from './connection.ts';
import { type DeviceInfo, fetchLastUses, listDevices, revoke } from './devices.ts';
import { type ClientEvent, trouble } from './events.ts';
import type { OwnDevice } from './own-device.ts';
import { adoptPassword, changePassword } from './password.ts';
import type { Platform } from './platform.ts';
import type { DeviceId, Profile } from './profile/profile.ts';
import { Refusal } from './refusal.ts';

export type OwnAccountDeps = {
  readonly platform: Platform;
  readonly profile: Profile;
  readonly own: OwnDevice;
  readonly accounts: Accounts;
  emit(event: ClientEvent): void;
};

export class OwnAccount {
  readonly #deps: OwnAccountDeps;
  #passwordChanged: boolean;
  #changing = false;

  constructor(deps: OwnAccountDeps, passwordChanged: boolean) {
    this.#deps = deps;
    this.#passwordChanged = passwordChanged;
  }

  get passwordChanged(): boolean {
    return this.#passwordChanged;
  }

  /** Throws Refusal `password_changed` where this profile is under a password that is none any more. */
  mustHavePassword(): void {
    if (!this.#passwordChanged) return;
    throw new Refusal('password_changed', 'The password was changed on another device. Give the new one first.');
  }

  /** As this device knows them; freshly fetched where there is a session. */
  async devices(session: Connection | undefined): Promise<DeviceInfo[]> {
    const { accounts, own } = this.#deps;
    const { address, device } = own;
    const known = session === undefined ? await accounts.known(address) : await accounts.refresh(address, session);
    if (known === undefined) return [];
    const used = session === undefined ? new Map() : await fetchLastUses(session);
    const { deviceNames = {} } = await this.#deps.profile.account.get();
    return listDevices(known.pin, known.state, device, used).map((info) => {
      const name = deviceNames[info.device]?.name;
      return name === undefined ? info : { ...info, name };
    });
  }

  /** Throws what `revoke` of devices.ts throws. */
  async revoke(device: DeviceId, password: string): Promise<void> {
    const { platform, profile, accounts } = this.#deps;
    const { log, state } = await revoke(platform, profile, [device], password);
    await accounts.extendOwn(log, state);
  }

  /** Revokes this device, and keeps nothing of it: the profile is erased next, also where nothing can be written. Throws likewise. */
  async signOut(password: string): Promise<void> {
    const { platform, profile, own } = this.#deps;
    await revoke(platform, profile, [own.device], password);
  }

  /** Throws what `changePassword` of password.ts throws. */
  async changePassword(
    session: Connection,
    passwords: { readonly old: string; readonly fresh: string },
  ): Promise<void> {
    const { platform, profile } = this.#deps;
    this.#changing = true;
    try {
      await changePassword(platform, profile, session, passwords);
      await this.refresh(session);
    } finally {
      this.#changing = false;
    }
  }

  /** Throws what `adoptPassword` of password.ts throws. */
  async adoptPassword(password: string): Promise<void> {
    await adoptPassword(this.#deps.platform, this.#deps.profile, password);
    this.#passwordChanged = false;
  }

  /** Whether the own account log, signed by the identity and verified, says as far as it is known here that this device was revoked. */
  async revocationProved(): Promise<boolean> {
    const { accounts, own } = this.#deps;
    const known = await accounts.known(own.address);
    return known?.state.devices.get(own.device)?.revoked !== undefined;
  }

  /** A session began, or the server says that the log has grown; a device that it revokes leaves. Never throws. */
  async refresh(session: Connection): Promise<void> {
    const { accounts, own, emit } = this.#deps;
    try {
      await accounts.refresh(own.address, session);
      if (await this.revocationProved()) session.revoked();
    } catch (error) {
      // A lost connection is told by the link, and the next session asks again.
      if (session.state === 'ready') emit(trouble(error));
    }
  }

  /** The pinned log has grown: by a password of another device, perhaps. */
  grown(): void {
    if (this.#changing) return;
    const { profile, emit } = this.#deps;
    profile.account.get().then(
      ({ passwordChanged }) => {
        if (passwordChanged && !this.#passwordChanged) emit({ type: 'password_changed' });
        this.#passwordChanged = passwordChanged;
      },
      (error: unknown) => emit(trouble(error)),
    );
  }
}
