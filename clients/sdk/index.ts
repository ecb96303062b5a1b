// The SDK's door: what a user interface imports, and what a load generator needs of the layers below the client.
export { RequestError, Unavailable } from '#protocol/errors.ts';
export { Client, type SendOptions } from './client.ts';
export { type Challenge, Connection, openConnection } from './connection.ts';
export type { Safety } from './contacts.ts';
export { type Content, fileContent, readContent, textContent } from './content/content.ts';
export type { FileInfo, ImageInfo, Preview } from './content/file.ts';
export { DEVICE_NAME_MAX_CHARS, isDeviceName } from './content/name.ts';
export type { DeviceInfo } from './devices.ts';
export type { ClientEvent } from './events.ts';
export type { FileOptions, FileProgress, FileSource, FileTarget } from './files/file-source.ts';
export type { GroupInfo, MemberInfo } from './groups/groups.ts';
export type { Http } from './http.ts';
export { withConnection } from './identity.ts';
export type { LinkState } from './link.ts';
export type { SendResult } from './outbox.ts';
export { checkServer, ownDevice, proveDevice } from './own-device.ts';
export { checkPassword } from './password-rule.ts';
export type { Platform } from './platform.ts';
export type { PresenceState } from './presence.ts';
export {
  type Found,
  type GroupRecord,
  type HistoryEntry,
  type Printed,
  ProfileError,
  type ProfileEvent,
} from './profile/profile.ts';
export { Refusal, type RefusalReason } from './refusal.ts';
export { Unreachable } from './servers.ts';
