import { expect, it } from 'vitest';
import { HiddenLine } from './hidden-line.ts';

const keys = (...parts: string[]) => {
  const line = new HiddenLine();
  const states = parts.map((part) => line.type(part));
  return { text: line.text, state: states.at(-1), rest: line.rest };
};

it('is what was typed until Enter, with its corrections', () => {
  expect(keys('abc', '\u007f', 'd\r')).toMatchObject({ text: 'abd', state: 'done' });
  expect(keys('wrong', '\u0015', 'right', '\n')).toMatchObject({ text: 'right', state: 'done' });
  expect(keys('x\u{1f600}', '\u007f').text).toBe('x');
});

it('has nothing of arrows, function keys and tabs', () => {
  expect(keys('ab', '\u001b[D', '\t', 'c')).toMatchObject({ text: 'abc', state: 'more' });
  expect(keys('a\u001b[1;5Cb\u001bOPc\u001bxd\u001b').text).toBe('abcd');
});

it('has nothing of them where they come in parts, and all of what is typed behind Escape alone', () => {
  for (const parts of [
    ['\u001b', '[A'],
    ['\u001b[', 'A'],
    ['\u001b[1;', '5C'],
    ['\u001bO', 'P'],
    ['\u001b', 'OP'],
  ]) {
    expect(keys('ab', ...parts, 'c\r')).toMatchObject({ text: 'abc', state: 'done' });
  }
  expect(keys('ab', '\u001b', 'c', '[', 'O', '\r').text).toBe('abc[O');
});

it('is given up with Ctrl-C and Ctrl-D, also behind Escape', () => {
  for (const end of ['\u0003', '\u0004', '\u001b\u0003']) expect(keys(`ab${end}`).state).toBe('given up');
});

it('keeps what came behind Enter', () => {
  expect(keys('one\rtwo\r')).toEqual({ text: 'one', state: 'done', rest: 'two\r' });
  expect(keys('one\r\ntwo').rest).toBe('two');
  expect(keys('one\n\r').rest).toBe('\r');
});
