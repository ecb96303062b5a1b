import { homedir } from 'node:os';
import { expect, it } from 'vitest';
import { shellWords, typedPath } from './typed-path.ts';

it('words are what a shell makes of them', () => {
  expect(shellWords('cat.png ~/my\\ pictures "a b" \'c "d"\' e"f g"h ""')).toEqual([
    ...['cat.png', '~/my pictures', 'a b', 'c "d"', 'ef gh', ''],
  ]);
  expect([shellWords('  '), shellWords("it's")]).toEqual([[], undefined]);
});

it.each([
  ['cat.png', 'cat.png'],
  ['my cat.png', 'my cat.png'],
  ['my\\ cat.png', 'my cat.png'],
  ['"my cat.png"', 'my cat.png'],
  ["'my cat.png'", 'my cat.png'],
  ["it's here.png", "it's here.png"],
  ['~/cat.png', `${homedir()}/cat.png`],
  ['~bo/cat.png', '~bo/cat.png'],
])('the path %s is %s', (typed, path) => {
  expect(typedPath(typed)).toBe(path);
});
