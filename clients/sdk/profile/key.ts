// The profile key: 32 random bytes, stored only wrapped by Argon2id of the password (DESIGN section 4). The header that holds it is the one record
// that is not encrypted; it says nothing but how to unwrap. Its checksum tells a damaged header from a wrong password.
import { ByteReader, ByteWriter, encodeText, equalBytes } from '#protocol/bytes.ts';
import { sha512 } from '#protocol/hash.ts';
import { openSecretbox, secretbox } from '../crypto/nacl.ts';
import type { Random } from '../platform.ts';
import { decodeRecord, encodeRecord } from './codec.ts';
import { damaged, foreign, unknownVersion, wrongPassword } from './problems.ts';

/** Raised with every change of what is stored and how; upgrade.ts makes 1 (texts were not searchable) to 2. */
const SCHEMA_VERSION = 2;
const SCHEMA_VERSION_MIN = 1;
const FORMAT = 'parley profile';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 24;
const CHECKSUM_BYTES = 16;
/** A header that asks for more than this is not ours: opening it must not exhaust the machine. */
const MEMORY_MAX_KIB = 1_048_576;
const PASSES_MAX = 64;
const LANES_MAX = 64;

/** What one try of a password costs: Argon2id's parameters. */
export type StretchCost = { readonly memoryKiB: number; readonly passes: number; readonly lanes: number };
/** As OPAQUE's (DESIGN section 4): 64 MiB, 3 passes, 4 lanes. */
export const STRETCH_COST: StretchCost = { memoryKiB: 65_536, passes: 3, lanes: 4 };
/** Argon2id (version 19) of these bytes: 32 bytes. */
export type Stretch = (password: Uint8Array, salt: Uint8Array, cost: StretchCost) => Promise<Uint8Array>;

type Header = {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly cost: StretchCost;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly wrapped: Uint8Array;
};

export function newProfileKey(random: Random): Uint8Array {
  return random(KEY_BYTES);
}

/** The header's bytes: the key wrapped under this password (NFC). */
export async function wrapKey(
  key: Uint8Array,
  password: string,
  cost: StretchCost,
  stretch: Stretch,
  random: Random,
): Promise<Uint8Array> {
  const salt = random(SALT_BYTES);
  const nonce = random(NONCE_BYTES);
  const stretched = await stretch(encodeText(password.normalize('NFC')), salt, cost);
  const wrapped = secretbox(key, nonce, stretched);
  stretched.fill(0);
  return writeHeader({ format: FORMAT, version: SCHEMA_VERSION, cost, salt, nonce, wrapped });
}

/** The profile key of a header; ProfileError (wrong_password, corrupt, foreign, unknown_version) otherwise. */
export async function unwrapKey(headerBytes: Uint8Array, password: string, stretch: Stretch): Promise<Uint8Array> {
  const { cost, salt, nonce, wrapped } = readHeader(headerBytes);
  const stretched = await stretch(encodeText(password.normalize('NFC')), salt, cost);
  const key = openSecretbox(wrapped, nonce, stretched);
  stretched.fill(0);
  if (key === undefined) throw wrongPassword();
  return key;
}

/** What the next wrapping costs: what this one does. */
export function costOf(headerBytes: Uint8Array): StretchCost {
  return readHeader(headerBytes).cost;
}

/** Whether what is stored is as this version writes it. */
export function isCurrent(headerBytes: Uint8Array): boolean {
  return readHeader(headerBytes).version === SCHEMA_VERSION;
}

/** The same header for what is stored as this version writes it. */
export function current(headerBytes: Uint8Array): Uint8Array {
  return writeHeader({ ...readHeader(headerBytes), version: SCHEMA_VERSION });
}

function writeHeader(header: Header): Uint8Array {
  const bytes = encodeRecord(header);
  return new ByteWriter(256).raw(checksum(bytes)).raw(bytes).finish();
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length <= CHECKSUM_BYTES) throw damaged('its header is too short');
  const reader = new ByteReader(bytes);
  const sum = reader.raw(CHECKSUM_BYTES);
  const content = reader.rest();
  if (!equalBytes(sum, checksum(content))) throw damaged('its header changed');
  // The checksum holds, so some version of this file wrote it; format and version decide whether the fields are those of Header.
  const header = decodeRecord(content) as Header;
  if (header.format !== FORMAT) throw foreign('This');
  if (!(header.version >= SCHEMA_VERSION_MIN && header.version <= SCHEMA_VERSION))
    throw unknownVersion(header.version, SCHEMA_VERSION);
  const { memoryKiB, passes, lanes } = header.cost;
  if (memoryKiB > MEMORY_MAX_KIB || passes > PASSES_MAX || lanes > LANES_MAX)
    throw damaged('its header asks for too much');
  return header;
}

function checksum(bytes: Uint8Array): Uint8Array {
  return sha512(bytes).subarray(0, CHECKSUM_BYTES);
}
