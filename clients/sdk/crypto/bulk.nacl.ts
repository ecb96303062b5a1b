// Bulk encryption with tweetnacl: for platforms that have no faster one which answers at once. (WebCrypto answers later, and a transaction of
// IndexedDB would have ended by then.)
import type { BulkCipherOf } from './bulk.ts';
import { openSecretbox, secretbox } from './nacl.ts';

export const bulkNacl: BulkCipherOf = (key) => ({
  nonceBytes: 24,
  seal: (plain, nonce) => secretbox(plain, nonce, key),
  open: (box, nonce) => openSecretbox(box, nonce, key),
});
