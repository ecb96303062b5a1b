// Argon2id on Node: its own where it has one (24.7 and newer: four threads, 90 ms at full cost), WebAssembly elsewhere.
import * as crypto from 'node:crypto';
import type { Stretch } from '../profile/key.ts';
import { wasmStretch } from '../profile/stretch-wasm.ts';

const native: Stretch = (message, nonce, { memoryKiB, passes, lanes }) =>
  new Promise((resolve, reject) => {
    const parameters = { message, nonce, memory: memoryKiB, passes, parallelism: lanes, tagLength: 32 };
    crypto.argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(new Uint8Array(tag))));
  });

export const nodeStretch: Stretch = typeof crypto.argon2 === 'function' ? native : wasmStretch;
