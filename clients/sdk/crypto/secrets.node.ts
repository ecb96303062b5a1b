// Private-key operations on node:crypto. Same vectors as the reference, the same strict rule around them.
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign } from 'node:crypto';
import { equalBytes } from '#protocol/bytes.ts';
import { importPublicKey } from '#protocol/public-key.node.ts';
import type { Secrets } from './secrets.ts';
import { strictX25519 } from './shared-secret.ts';

/** DER up to the 32 bytes of the key (RFC 8410). */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_BYTES = 32;

interface Imported {
  readonly bytes: Uint8Array;
  readonly key: KeyObject;
}

/**
 * Importing a private key costs as much as using it, so it is kept exactly as long as the caller keeps its bytes: a
 * WeakMap has no bound to choose and holds no identity seed longer than its owner. The copy tells a reused array apart.
 */
function privateKeys(prefix: Buffer): (secret: Uint8Array) => KeyObject {
  const kept = new WeakMap<Uint8Array, Imported>();
  return (secret) => {
    if (secret.length !== KEY_BYTES) throw new RangeError('A private key has 32 bytes.');
    const known = kept.get(secret);
    if (known !== undefined && equalBytes(known.bytes, secret)) return known.key;
    const key = createPrivateKey({ key: Buffer.concat([prefix, secret]), format: 'der', type: 'pkcs8' });
    kept.set(secret, { bytes: secret.slice(), key });
    return key;
  };
}

const x25519Key = privateKeys(PKCS8_X25519);
const ed25519Key = privateKeys(PKCS8_ED25519);

function rawPublic(key: KeyObject): Uint8Array {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(spki.length - KEY_BYTES));
}

function multiply(secret: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const imported = importPublicKey('X25519', publicKey);
  return new Uint8Array(diffieHellman({ privateKey: x25519Key(secret), publicKey: imported }));
}

export const secrets: Secrets = {
  x25519: (secret, publicKey) => strictX25519(secret, publicKey, multiply),
  x25519Public: (secret) => rawPublic(x25519Key(secret)),
  ed25519Sign: (seed, message) => new Uint8Array(sign(null, message, ed25519Key(seed))),
  ed25519Public: (seed) => rawPublic(ed25519Key(seed)),
};
