// Encryption of the large records of a profile: packs of texts, all of which a search decrypts. They are kept apart from the small records because
// no cipher is quick at both. Measured, CPU time for 10 MB: in boxes of 32 KiB AES-256-GCM of node:crypto 16 ms, secretbox of tweetnacl 130 to
// 250 ms; in boxes of 100 bytes 4,300 ms (a call costs 40 µs) and 900 ms.

/** Under one key. A nonce is random and of one box alone: 2³² boxes are safe, and a profile makes one for a dozen messages at most. */
export interface BulkCipher {
  readonly nonceBytes: number;
  /** A tag of 16 bytes longer than `plain`. */
  seal(plain: Uint8Array, nonce: Uint8Array): Uint8Array;
  /** What a box holds; undefined if it was made with another key or nonce, or changed. */
  open(box: Uint8Array, nonce: Uint8Array): Uint8Array | undefined;
}

/** `key`: 32 bytes. */
export type BulkCipherOf = (key: Uint8Array) => BulkCipher;
