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

/** The path of a device's cursor. A name of a field has neither a dot nor a dollar. */
export function cursorField(device: string): string {
  return `cursors.${encodeURIComponent(device).replaceAll('.', '%2E')}`;
}

/** Cursors by device as an update names them. */
export function toFields(cursors: readonly (readonly [device: string, n: number])[]): Record<string, number> {
  return Object.fromEntries(cursors.map(([device, n]) => [cursorField(device), n]));
}

/** Cursors by device as a head has them. */
export function fromFields(cursors: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(cursors).map(([field, n]) => [decodeURIComponent(field), n]));
}
