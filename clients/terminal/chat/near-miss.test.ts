import { expect, it } from 'vitest';
import { nearMisses } from './near-miss.ts';

const NAMES = ['open', 'close', 'send', 'unread', 'history', 'help', 'exit'];

it.each([
  ['opne', ['open']], // two exchanged
  ['unred', ['unread']],
  ['hisstory', ['history']],
  ['h', ['history', 'help']], // begun
  ['EXI', ['exit']],
  ['x', []],
  ['', []],
  ['attachment', []],
])('%j may have meant %j', (typed, expected) => expect(nearMisses(typed, NAMES)).toEqual(expected));
