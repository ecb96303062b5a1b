import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { ProfileError, Refusal, RequestError, Unavailable } from '../sdk/index.ts';
import { Ended, EXIT, endOf, interrupted, OutputClosed } from './exit.ts';

it('every kind of failure has its status and a sentence', () => {
  const ends: [unknown, number, string][] = [
    [new Ended(EXIT.timeout, 'Nothing came.'), 3, 'Nothing came.'],
    [new RequestError('name_taken'), 1, 'That name is taken. Choose another.'],
    [
      new RequestError('too_many_tries', undefined, 2_500),
      1,
      'Too many tries. Wait before you try again. Try again in 3 s.',
    ],
    [
      new RequestError('too_many_tries', 'Too many tries. Try again in 3 seconds.', 2_500),
      1,
      'Too many tries. Try again in 3 seconds.',
    ],
    [new RequestError('busy', undefined, 900), 4, 'The server is busy. Try again in a moment.'],
    [new RequestError('busy'), 4, 'The server is busy. Try again in a moment.'],
    [new Unavailable('ws://x cannot be reached: refused'), 4, 'ws://x cannot be reached: refused.'],
    [new Refusal('weak_password', 'Too short.'), 1, 'Too short.'],
    [new ProfileError('corrupt', 'Damaged.'), 1, 'Damaged.'],
    [new CommanderError(1, 'commander.unknownOption', 'unknown option'), 2, ''],
    [new CommanderError(0, 'commander.helpDisplayed', 'help'), 0, ''],
    [new OutputClosed(), 0, ''],
    [interrupted('SIGTERM'), 143, ''],
    [new TypeError('x is undefined'), 1, 'This should not have happened: x is undefined.'],
    ['a string', 1, 'This should not have happened: a string.'],
  ];
  for (const [error, status, sentence] of ends) expect(endOf(error)).toEqual({ status, sentence });
});

it('a profile that is missing or there already is told with what to type', () => {
  expect(endOf(new ProfileError('missing', 'There is none.')).sentence).toContain('signup NAME@DOMAIN');
  expect(endOf(new ProfileError('exists', 'There is one.')).sentence).toContain('--profile DIR');
});
