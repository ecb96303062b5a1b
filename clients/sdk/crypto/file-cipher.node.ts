// The cipher of files on libsodium, where it is installed and runs on this system; else the reference.

import { fileCipher as reference } from './file-cipher.nacl.ts';
import type { FileCipher } from './file-cipher.ts';

/** As much of sodium-native as is used here; it has no declarations of its own. */
interface Sodium {
  crypto_secretbox_easy(box: Uint8Array, plain: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
  crypto_secretbox_open_easy(plain: Uint8Array, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean;
}

const sodium = await load();

export const fileCipher: FileCipher =
  sodium === undefined
    ? reference
    : {
        seal: (box, plain, nonce, key) => sodium.crypto_secretbox_easy(box, plain, nonce, key),
        open: (plain, box, nonce, key) => sodium.crypto_secretbox_open_easy(plain, box, nonce, key),
      };

async function load(): Promise<Sodium | undefined> {
  try {
    // Its functions are as declared above (libsodium's own names).
    return ((await import('sodium-native')) as { readonly default: Sodium }).default;
  } catch {
    // Not installed, or with no library for this system.
    return undefined;
  }
}
