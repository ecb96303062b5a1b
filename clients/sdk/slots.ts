// Slots between what sealing makes of them and what a profile keeps.
import type { LogDevice } from '#protocol/account-log.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import type { SealedSlot, SlotRecipient } from './crypto/seal.ts';
import type { Known } from './pins.ts';
import type { SealedItem } from './profile/profile.ts';

/** A slot with its device's id as text. */
export function slotText({ to, device, slot }: SealedSlot): SealedItem['slots'][number] {
  return { to, device: encodeBase64(device), slot };
}

/** Devices of one person, as slots name them. */
export function slotRecipients({ pin, state }: Known, devices: readonly LogDevice[]): SlotRecipient[] {
  return devices.map(({ id, x25519 }) => ({ address: pin.address, identity: state.identity, device: id, x25519 }));
}
