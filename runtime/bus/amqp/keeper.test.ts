// What is waited for while a link cannot be opened, and what is not.
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ConfigError } from '../../config.ts';
import { CLOSED_AT_OPEN_MAX, Keeper } from './keeper.ts';
import { ClosedAtOpen, type Link } from './link.ts';

const refusal = new ConfigError('RabbitMQ refuses.');
const closed = new ClosedAtOpen(refusal);
const unreachable = new Error('connect ECONNREFUSED');

/** A keeper whose tries end with these, one after the other, and then with a link. */
function keeperOf(failures: readonly Error[]): { keeper: Keeper; tries: () => number } {
  let tries = 0;
  const keeper = new Keeper({
    open: async () => {
      const failure = failures[tries];
      tries += 1;
      if (failure) throw failure;
      return {} as Link; // nobody uses it
    },
    up: () => {},
    down: () => {},
    jitter: () => 0,
    log: pino({ level: 'silent' }),
  });
  return { keeper, tries: () => tries };
}

test('a broker that closes at the opening, as it does while it starts or stops, is waited for', async () => {
  const { keeper, tries } = keeperOf([closed, unreachable, closed, closed]);
  await keeper.start();
  expect(tries()).toBe(5);
  expect(keeper.awayMs).toBe(0);
});

test('one that always does refuses: the start ends with its sentence', async () => {
  const { keeper, tries } = keeperOf(Array.from({ length: 20 }, () => closed));
  await expect(keeper.start()).rejects.toBe(refusal);
  expect(tries()).toBe(CLOSED_AT_OPEN_MAX);
});

test('a try that ends otherwise begins the count anew', async () => {
  const most = Array.from({ length: CLOSED_AT_OPEN_MAX - 1 }, () => closed);
  const { keeper } = keeperOf([...most, unreachable, closed]);
  await keeper.start();
  expect(keeper.awayMs).toBe(0);
});

test('a refused user ends the start at once', async () => {
  const { keeper, tries } = keeperOf([refusal]);
  await expect(keeper.start()).rejects.toBe(refusal);
  expect(tries()).toBe(1);
});
