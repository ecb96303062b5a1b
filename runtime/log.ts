// Structured logs on stderr: one line a fact, with ids that make a message traceable; never content, keys or whole envelopes.
import { destination, type Logger, pino } from 'pino';
import { z } from 'zod';

export const logSettings = {
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('trace, debug, info, warn, error or silent'),
} as const;

/** A logger of one process. Errors are logged with their stack; a person at a terminal sees sentences, not these lines. */
export function makeLog(name: string, level: string): Logger {
  return pino({ name, level, base: { name } }, destination({ fd: 2, sync: true }));
}
