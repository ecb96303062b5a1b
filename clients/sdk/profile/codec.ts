// How a record becomes bytes before it is encrypted: u32 length ‖ JSON ‖ the byte fields, in order of appearance. JSON alone would carry
// bodies as Base64, a third larger and slower; only this profile reads what it wrote, under its own key, so decoding trusts the shape.
import { ByteReader, ByteWriter, decodeText } from '#protocol/bytes.ts';

/** A byte field in the JSON: an object with this one name, and the length. No record has a field of this name. */
const BYTES_FIELD = '$bytes';
const RECORD_MAX_BYTES = 16 * 1024 * 1024;

/** What records are made of: JSON values and Uint8Arrays. `undefined` fields are left out. */
export function encodeRecord(value: unknown): Uint8Array {
  return writeRecord(new ByteWriter(), value).finish();
}

/** Appends what `encodeRecord` gives. */
export function writeRecord(writer: ByteWriter, value: unknown): ByteWriter {
  const blobs: Uint8Array[] = [];
  writer.text(JSON.stringify(strip(value, blobs)));
  for (const blob of blobs) writer.raw(blob);
  return writer;
}

/** The value that `encodeRecord` was given. Bytes that it did not make are a ProtocolError or SyntaxError. */
export function decodeRecord(bytes: Uint8Array): unknown {
  const reader = new ByteReader(bytes);
  const value: unknown = JSON.parse(decodeText(reader.lp(RECORD_MAX_BYTES)));
  const restored = restore(value, reader);
  reader.end();
  return restored;
}

function strip(value: unknown, blobs: Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    blobs.push(value);
    return { [BYTES_FIELD]: value.length };
  }
  if (Array.isArray(value)) return value.map((item) => strip(item, blobs));
  const stripped: Record<string, unknown> = {};
  // Records are plain objects: no inherited names.
  const fields = value as Record<string, unknown>;
  for (const name in fields) stripped[name] = strip(fields[name], blobs);
  return stripped;
}

function restore(value: unknown, reader: ByteReader): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = restore(value[i], reader);
    return value;
  }
  // An object of JSON.parse: names are strings.
  const fields = value as Record<string, unknown>;
  const length = fields[BYTES_FIELD];
  if (typeof length === 'number') return reader.raw(length).slice();
  for (const name in fields) {
    const field = fields[name];
    if (typeof field === 'object') fields[name] = restore(field, reader);
  }
  return fields;
}
