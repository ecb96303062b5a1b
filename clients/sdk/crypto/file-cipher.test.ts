import { describe, expect, test } from 'vitest';
import { fileCipherContract } from './file-cipher.contract.ts';
import { fileCipher as nacl } from './file-cipher.nacl.ts';
import { cipherInUse, fileCipher as node } from './file-cipher.node.ts';

describe('tweetnacl', () => fileCipherContract(nacl));
describe('what Node finds', () => fileCipherContract(node));

test('libsodium is found where it was installed, so that what is measured is not the reference', () => {
  expect(cipherInUse()).not.toBe(nacl);
});
