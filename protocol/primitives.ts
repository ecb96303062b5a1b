// The two public primitives that everything in protocol/ stands on, behind one small interface: tweetnacl is the reference,
// node:crypto gives the same bytes faster (Ed25519 0.1 ms against 4 to 7). `#primitives` in package.json chooses.

export interface Primitives {
  /** SHA-512: 64 bytes. */
  sha512(message: Uint8Array): Uint8Array;
  /** Ed25519, cofactorless, under the strict rule (strict.ts). Every fault, also a wrong length, is `false`: it never throws. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
