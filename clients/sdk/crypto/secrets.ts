// The operations that take a private key, behind one small interface: tweetnacl is the reference, node:crypto gives the same
// bytes faster (X25519 62 µs against 514, Ed25519 0.1 ms against 4 to 7). `#secrets` in package.json chooses.
// Randomness is not here: it is passed in, so that sealing is a pure function that vectors can pin.

export interface Secrets {
  /**
   * The raw X25519 secret of a private and a public key, 32 bytes each. A public key that the strict rule refuses
   * (protocol/strict.ts), and an all-zero result, are a CryptoError at step `slot`.
   */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array;
  x25519Public(secret: Uint8Array): Uint8Array;
  /** The 64 bytes of an Ed25519 signature by the 32-byte seed. */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  ed25519Public(seed: Uint8Array): Uint8Array;
}
