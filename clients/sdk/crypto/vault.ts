// The vault: the account's identity seed, sealed under what only the password yields, kept by the server as an opaque blob so
// that a second device needs the password alone (DESIGN section 4).
import { ByteReader, ByteWriter, concat } from '#protocol/bytes.ts';
import { NONCE_BYTES, type Position, readPosition, writePosition } from '#protocol/envelope.ts';
import { CryptoError, ProtocolError } from '#protocol/errors.ts';
import { S } from '#protocol/hash.ts';
import { ADDRESS_MAX_CHARS } from '#protocol/limits.ts';
import { openSecretbox, secretbox } from './nacl.ts';

const SEED_BYTES = 32;

export interface VaultContent {
  readonly identitySeed: Uint8Array;
  /** Of the account log before the entry that was written with this vault: an older log than this is a rolled-back one. */
  readonly position: Position;
}

function vaultKey(exportKey: Uint8Array, address: string): Uint8Array {
  return S('vault', exportKey, lpAddress(address));
}

function lpAddress(address: string): Uint8Array {
  return new ByteWriter(4 + 3 * address.length).text(address).finish();
}

/**
 * n ‖ secretbox(LP(address) ‖ identity seed ‖ u64 index ‖ head, n, S("vault", export key ‖ LP(address))).
 * `exportKey`: OPAQUE's, as bytes. `nonce`: 24 random bytes, new for every write.
 */
export function sealVault(
  address: string,
  exportKey: Uint8Array,
  content: VaultContent,
  nonce: Uint8Array,
): Uint8Array {
  if (nonce.length !== NONCE_BYTES) throw new ProtocolError('A vault needs a nonce of 24 bytes.');
  const writer = new ByteWriter(384).text(address).raw(content.identitySeed, SEED_BYTES);
  writePosition(writer, content.position);
  return concat(nonce, secretbox(writer.finish(), nonce, vaultKey(exportKey, address)));
}

/** Inverse of `sealVault`. Another key, another address or changed bytes are a CryptoError at step `body`. Fields are copies. */
export function openVault(address: string, exportKey: Uint8Array, vault: Uint8Array): VaultContent {
  const refuse = () => new CryptoError('body', 'The vault does not open with this password.');
  if (vault.length <= NONCE_BYTES) throw refuse();
  const plain = openSecretbox(
    vault.subarray(NONCE_BYTES),
    vault.subarray(0, NONCE_BYTES),
    vaultKey(exportKey, address),
  );
  if (plain === undefined) throw refuse();
  try {
    const reader = new ByteReader(plain);
    const inside = reader.text(ADDRESS_MAX_CHARS);
    const identitySeed = reader.raw(SEED_BYTES).slice();
    const { index, head } = readPosition(reader);
    reader.end();
    if (inside !== address) throw refuse();
    return { identitySeed, position: { index, head: head.slice() } };
  } catch (error) {
    if (error instanceof ProtocolError) throw refuse();
    throw error;
  }
}
