// Bulk encryption with AES-256-GCM of node:crypto, in hardware where there is any: ciphertext ‖ tag.
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { concat } from '#protocol/bytes.ts';
import type { BulkCipherOf } from './bulk.ts';

const ALGORITHM = 'aes-256-gcm';
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

export const bulkNode: BulkCipherOf = (bytes) => {
  // Imported once: for each box anew it would be as slow as the decryption of 24 KiB (60 of 120 µs).
  const key = createSecretKey(bytes);
  return {
    nonceBytes: 12,

    seal(plain, nonce) {
      const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS);
      return concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
    },

    open(box, nonce) {
      if (box.length < TAG_BYTES) return undefined;
      const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS);
      decipher.setAuthTag(box.subarray(box.length - TAG_BYTES));
      const plain = decipher.update(box.subarray(0, box.length - TAG_BYTES));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return plain;
    },
  };
};
