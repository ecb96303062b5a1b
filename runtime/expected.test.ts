import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { expected } from './expected.ts';

describe('what a setting should be', () => {
  test.each([
    [z.coerce.number().int().min(0).max(65_535).default(7070), 'it must be a whole number from 0 to 65535'],
    [z.coerce.number().int().min(100), 'it must be a whole number from 100'],
    [z.coerce.number().positive().max(1e6).default(1), 'it must be a number above 0, at most 1000000'],
    [z.coerce.number(), 'it must be a number'],
    [z.stringbool().default(false), 'it must be true or false'],
    [z.enum(['open', 'invitation', 'closed']), 'it must be open, invitation or closed'],
    [z.string().min(1).optional(), 'it must not be empty'],
    [z.string().regex(/^a+$/, 'it must have nothing but a'), 'it must have nothing but a'],
  ])('is said in words: %#', (schema, words) => {
    const messages = schema.safeParse('').error?.issues.map(({ message }) => message) ?? [];
    expect(expected(schema, messages)).toBe(words);
  });
});
