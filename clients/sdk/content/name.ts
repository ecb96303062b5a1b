// Content of kind 3: what a device is called by its person. Told to the own other devices alone.
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { ByteReader, ByteWriter } from '#protocol/bytes.ts';
import { DEVICE_BYTES } from '#protocol/envelope.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { DeviceId } from '../profile/profile.ts';

/** A device's name for it, and the device. */
export type NamedDevice = { readonly device: DeviceId; readonly name: string };

/** Code points. */
export const DEVICE_NAME_MAX_CHARS = 64;
const UTF8_MAX_BYTES = 4;
/** Controls and the two separators that are line ends to some. Unlike what is printable, the same in every version of Unicode. */
const NOT_IN_NAMES = /[\p{Cc}\u2028\u2029]/u;

/** Whether a device may be called so: 1 to 64 characters on one line, not all of them spaces. */
export function isDeviceName(name: string): boolean {
  const { length } = [...name];
  if (length === 0 || length > DEVICE_NAME_MAX_CHARS) return false;
  return name.isWellFormed() && !NOT_IN_NAMES.test(name) && name.trim() !== '';
}

/** device (32) ‖ LP(name). A name that is none is a ProtocolError. */
export function encodeDeviceName({ device, name }: NamedDevice): Uint8Array {
  check(name);
  return new ByteWriter().raw(decodeBase64(device), DEVICE_BYTES).text(name).finish();
}

/** All that `encodeDeviceName` would not write is a ProtocolError. */
export function decodeDeviceName(bytes: Uint8Array): NamedDevice {
  const reader = new ByteReader(bytes);
  const device = encodeBase64(reader.raw(DEVICE_BYTES));
  const name = reader.text(DEVICE_NAME_MAX_CHARS * UTF8_MAX_BYTES);
  reader.end();
  check(name);
  return { device, name };
}

function check(name: string): void {
  if (!isDeviceName(name)) throw new ProtocolError('This is no name of a device.');
}
