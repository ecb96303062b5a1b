// The cipher of files on libsodium, where it is installed and runs on this system; else the reference.

import { createRequire } from 'node:module';
import { fileCipher as reference } from './file-cipher.nacl.ts';
import type { FileCipher } from './file-cipher.ts';

/** As much of sodium-native as is used here; it has no declarations of its own. */
interface Sodium {
  crypto_secretbox_easy(box: Uint8Array, plain: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
  crypto_secretbox_open_easy(plain: Uint8Array, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean;
}

let loaded: FileCipher | undefined;

/** What `fileCipher` is here. Loaded by the first chunk: most runs of a client see no file. */
export function cipherInUse(): FileCipher {
  loaded ??= load();
  return loaded;
}

export const fileCipher: FileCipher = {
  seal: (...given) => cipherInUse().seal(...given),
  open: (...given) => cipherInUse().open(...given),
};

function load(): FileCipher {
  try {
    // Its functions are as declared above (libsodium's own names).
    const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;
    return {
      seal: (box, plain, nonce, key) => sodium.crypto_secretbox_easy(box, plain, nonce, key),
      open: (plain, box, nonce, key) => sodium.crypto_secretbox_open_easy(plain, box, nonce, key),
    };
  } catch {
    // Not installed, or with no library for this system.
    return reference;
  }
}
