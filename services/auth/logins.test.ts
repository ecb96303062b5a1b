import { expect, test } from 'vitest';
import { LOGIN_MAX_AGE_MS } from './limits.ts';
import { LoginsUnderWay } from './logins.ts';

const AL = 'al@localhost';
const START = 1_800_000_000_000;
const login = (startedAt = START) => ({
  address: AL,
  source: '192.0.2.1',
  state: 'state',
  userIdentifier: undefined,
  startedAt,
  outcome: 'open' as const,
});

test('a bounded number of sign-ins is remembered, the latest', () => {
  const logins = new LoginsUnderWay(2);
  for (const ticket of ['a', 'b', 'c']) logins.add(ticket, login());
  expect(['a', 'b', 'c'].map((ticket) => logins.find(ticket, AL, START) !== undefined)).toEqual([false, true, true]);
});

test('a sign-in is found by its own address and within its time only', () => {
  const logins = new LoginsUnderWay(2);
  logins.add('a', login());
  expect(logins.find('a', 'bo@localhost', START)).toBeUndefined();
  expect(logins.find('a', AL, START + LOGIN_MAX_AGE_MS)).toBeDefined();
  expect(logins.find('a', AL, START + LOGIN_MAX_AGE_MS + 1)).toBeUndefined();
});
