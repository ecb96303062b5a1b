import { describe, expect, it } from 'vitest';
import { firstWord, readTyped } from './typed.ts';

describe('a typed line', () => {
  it.each([
    ['hello', { kind: 'text', text: 'hello' }],
    [' /open bo', { kind: 'text', text: ' /open bo' }],
    ['//etc', { kind: 'text', text: '/etc' }],
    ['///', { kind: 'text', text: '//' }],
    ['/OPEN  Bo ', { kind: 'command', name: 'open', rest: 'Bo' }],
    ['/send bo one\n  two', { kind: 'command', name: 'send', rest: 'bo one\n  two' }],
    ['/', { kind: 'command', name: '', rest: '' }],
    [' \t ', { kind: 'nothing' }],
  ])('%j', (line, expected) => expect(readTyped(line)).toEqual(expected));

  it('has a text behind its first word as it was typed', () => {
    expect(firstWord('bo  two  spaces')).toEqual({ word: 'bo', rest: ' two  spaces' });
  });
});
