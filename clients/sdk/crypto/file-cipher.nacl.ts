// The reference cipher of files: runs wherever JavaScript does.
import type { FileCipher } from './file-cipher.ts';
import { openSecretbox, secretbox } from './nacl.ts';

export const fileCipher: FileCipher = {
  seal: (box, plain, nonce, key) => box.set(secretbox(plain, nonce, key)),
  open(plain, box, nonce, key) {
    const opened = openSecretbox(box, nonce, key);
    if (opened !== undefined) plain.set(opened);
    return opened !== undefined;
  },
};
