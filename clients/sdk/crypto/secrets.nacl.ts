// The reference provider of private-key operations: runs wherever JavaScript does.
import nacl from 'tweetnacl';
import type { Secrets } from './secrets.ts';
import { strictX25519 } from './shared-secret.ts';

export const secrets: Secrets = {
  x25519: (secret, publicKey) => strictX25519(secret, publicKey, nacl.scalarMult),
  x25519Public: (secret) => nacl.scalarMult.base(secret),
  ed25519Sign: (seed, message) => nacl.sign.detached(message, nacl.sign.keyPair.fromSeed(seed).secretKey),
  ed25519Public: (seed) => nacl.sign.keyPair.fromSeed(seed).publicKey,
};
