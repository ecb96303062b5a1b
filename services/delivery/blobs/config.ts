// The settings of blobs. Each has a schema that reads its text, a default, and a description for `--help`.
import { z } from 'zod';

export const blobSettings = {
  fileQuotaMib: z.coerce
    .number()
    .min(0)
    .max(100_000_000)
    .default(4_096)
    .describe('what the files that an account sent may take at most, in MiB; each leaves with its message'),
  filesTotalMib: z.coerce
    .number()
    .min(0)
    .max(1_000_000_000)
    .default(102_400)
    .describe('what the files of all accounts may take at most, in MiB'),
} as const;

/** Of a delivery that has a port of its own for blobs. */
export const filesDoorSettings = {
  filesHost: z.string().min(1).default('127.0.0.1').describe('the address to listen on for files'),
  filesPort: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(7072)
    .describe('the port to listen on for files; 0 = any free one'),
} as const;
