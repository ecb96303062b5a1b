import { describe, expect, it } from 'vitest';
import { checkPassword } from './password-rule.ts';

const refused = (password: string) => () => checkPassword(password, 'marianne@localhost');

describe('the rule for passwords', () => {
  it.each(['', 'short', 'ninechars'])('refuses %j as too short', (password) => {
    expect(refused(password)).toThrow('at least 10 characters');
  });

  it.each([
    'password123',
    'Password2024!',
    'marianne1234',
    `${'MARIANNE@localhost'.slice(0, 8)}2020`,
    '1234567890',
    'abcdefghijkl',
    'qwertyuiop',
    'letmein12345',
    'summer2024!!',
    'aaaaaaaaaaaa',
    '1212121212',
    'iloveyou9876',
  ])('refuses %j as guessable', (password) => {
    expect(refused(password)).toThrow(/guesser|too few/);
  });

  it.each([
    ['al@localhost', 'al@localhost'],
    ['al@localhost', 'AL@LocalHost'],
    ['al@localhost', 'al@localhost1'],
    ['al@chat.example.org', 'chat.example.org'],
    ['bartholomew-k@localhost', 'Bartholomew-K'],
  ])('refuses for %s its own name and address, as %s', (address, password) => {
    expect(() => checkPassword(password, address)).toThrow(/guesser/);
  });

  it.each([
    'lantern quarry biscuit',
    'Grün und 7 Möwen',
    'f8Kq-z2Lw-99xT',
    'отличный день сегодня',
    'mañana por la noche',
  ])('takes %j', (password) => {
    expect(refused(password)).not.toThrow();
  });

  it('counts the composed form, which both ways of typing an umlaut share', () => {
    expect(refused('u\u0308u\u0308u\u0308u\u0308u\u0308')).toThrow('at least 10');
  });
});
