// The reference provider of the public primitives: runs wherever JavaScript does.
import nacl from 'tweetnacl';
import type { Primitives } from './primitives.ts';
import { isStrictSignature } from './strict.ts';

export const primitives: Primitives = {
  sha512: (message) => nacl.hash(message),
  verifyEd25519: (publicKey, message, signature) =>
    isStrictSignature(publicKey, signature) && nacl.sign.detached.verify(message, signature, publicKey),
};
