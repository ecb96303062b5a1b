import { expect, it } from 'vitest';
import { Refusal } from '../../sdk/index.ts';
import { readConfig } from '../config.ts';
import { Ended, EXIT } from '../exit.ts';
import { BadPassword } from '../password.ts';
import { askedAgain } from './asked-again.ts';

const typed = { settings: readConfig({}, {}) };
const wrong = new Refusal('wrong_password', 'Wrong name or password (2 tries left).');

/** Fails with these, then succeeds; `said` grows with what each time was said first. */
function failing(...errors: readonly Error[]) {
  const said: string[] = [];
  const left = [...errors];
  const act = async (first: string): Promise<string> => {
    said.push(first);
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'done';
  };
  return { said, act };
}

it('a password that is wrong, weak or not the same twice is asked for again, and why', async () => {
  const two = new BadPassword('The two passwords are not the same.');
  const { said, act } = failing(wrong, two);
  expect(await askedAgain(typed, act)).toBe('done');
  expect(said).toEqual(['', `${wrong.message}\n`, `${two.message}\n`]);
});

it('three times are enough, and nothing else is done twice', async () => {
  const { said, act } = failing(wrong, wrong, wrong);
  await expect(askedAgain(typed, act)).rejects.toBe(wrong);
  expect(said).toHaveLength(3);
  const other = failing(new Ended(EXIT.refused, 'Nothing was done.'));
  await expect(askedAgain(typed, other.act)).rejects.toThrow('Nothing was done');
  expect(other.said).toHaveLength(1);
});

it('a password that was given from outside would be the same again', async () => {
  const { said, act } = failing(wrong);
  const given = { settings: readConfig({}, { PARLEY_PASSWORD: 'wrong' }) };
  await expect(askedAgain(given, act)).rejects.toBe(wrong);
  expect(said).toHaveLength(1);
});
