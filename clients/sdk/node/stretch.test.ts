import { expect, test } from 'vitest';
import { encodeText, toHex } from '#protocol/bytes.ts';
import { wasmStretch } from '../profile/stretch-wasm.ts';
import { nodeStretch } from './stretch.ts';

test('Argon2id of Node and of WebAssembly are the same bytes', async () => {
  const cost = { memoryKiB: 256, passes: 2, lanes: 2 };
  const [password, salt] = [encodeText('Grüße'), encodeText('0123456789abcdef')];
  expect(toHex(await nodeStretch(password, salt, cost))).toBe(toHex(await wasmStretch(password, salt, cost)));
});
