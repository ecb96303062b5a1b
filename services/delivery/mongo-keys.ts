// How the documents of mailboxes are named: the keys of chunks, and devices as names of fields.

export function chunkKey(user: string, n: number): string {
  return `${user}/${n}`;
}

/** The user of a chunk's key. */
export function userOf(chunk: string): string {
  return chunk.slice(0, chunk.lastIndexOf('/'));
}

/** A key beyond those of a user's chunks, and before those of the next user: 0 is the character after the slash. */
export function lastOf(user: string): string {
  return `${user}0`;
}

/** A device as the name of a field, which has neither a dot nor a dollar. */
function deviceField(device: string): string {
  return encodeURIComponent(device).replaceAll('.', '%2E');
}

/** The path of a device's cursor. */
export function cursorField(device: string): string {
  return `cursors.${deviceField(device)}`;
}

/** The path of the time when a device was used last. */
export function usedField(device: string): string {
  return `used.${deviceField(device)}`;
}

/** Numbers by device as a head has them. */
export function toFields(byDevice: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(byDevice).map(([device, n]) => [deviceField(device), n]));
}

/** Numbers by device out of a head. */
export function fromFields(fields: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(fields).map(([field, n]) => [decodeURIComponent(field), n]));
}
