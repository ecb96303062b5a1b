// Argon2id from WebAssembly: for browsers, and for Node before 24.7.
import { argon2id } from 'hash-wasm';
import type { Stretch } from './key.ts';

export const wasmStretch: Stretch = (password, salt, { memoryKiB, passes, lanes }) =>
  argon2id({
    ...{ password, salt, memorySize: memoryKiB, iterations: passes, parallelism: lanes },
    ...{ hashLength: 32, outputType: 'binary' },
  });
