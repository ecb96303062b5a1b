// The cipher of files' chunks, behind one small interface: tweetnacl is the reference and what a browser takes, libsodium itself gives the same bytes
// faster where Node finds it. `#file-cipher` in package.json chooses. No cipher of node:crypto gives these bytes (it has no Salsa20).
//
// Measured on Node 24, CPU time for each chunk of 64 KiB (its SHA-512 by node:crypto, which comes on top of each: 118 µs):
//   tweetnacl 740 µs (89 MB/s) · @noble/ciphers 2.4, JavaScript, 540 (121) · libsodium-wrappers 0.8, WASM, 305 (215) · sodium-native 5.1, compiled, 57 (1,150)
// sodium-native (MIT, kept up by Holepunch) has 18 MB of ready-made libraries for all systems, so it is an optional dependency: the server's image leaves it out, and
// a client on a system that it has none for goes on with tweetnacl. With it the hash takes two thirds of the time, so that a thread of its own for sealing
// would not pay: it hands over 4 MiB of work in 11 ms, and on two cores it would take its time from whoever reads and sends.

/** Key 32 bytes, nonce 24; a box is the tag (16 bytes) and as many bytes as the plaintext has. */
export interface FileCipher {
  /** Writes the box of `plain` to `box`, which has room for it exactly, and shares no memory with it. */
  seal(box: Uint8Array, plain: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
  /** Writes what `box` holds to `plain`, which has room for it exactly. False: it was made with another key or nonce, or changed; `plain` means nothing then. */
  open(plain: Uint8Array, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean;
}
