import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '#protocol/limits.ts';
import { Client } from './client.ts';
import { clockFault, expiryHere } from './clocks.ts';
import type { Platform } from './platform.ts';
import { PASSWORD, People, Person } from './test/people.ts';
import { ServerDouble } from './test/server-double.ts';

const AL = 'al@localhost';
const BO = 'bo@localhost';
const YEAR_MS = 365 * DAY_MS;

let server: ServerDouble;
let people: People;

beforeEach(async () => {
  server = await ServerDouble.start();
  people = new People([server.url]);
});

afterEach(async () => {
  await people.end();
  await server.stop();
});

/** This machine with a wall clock that is off by so much. */
function off(platform: Platform, byMs: number): Platform {
  const { clock } = platform;
  return { ...platform, clock: { now: () => clock.now() + byMs, monotonic: () => clock.monotonic() } };
}

async function signUp(name: string, byMs: number): Promise<Person> {
  const platform = off(await people.platform(), byMs);
  const credentials = { address: `${name}@localhost`, password: PASSWORD, servers: [server.url] };
  const person = new Person(await Client.signUp(platform, credentials), platform);
  people.keep(person);
  await person.online();
  return person;
}

describe.each([
  ['a year ahead', YEAR_MS],
  ['a year behind', -YEAR_MS],
])('a clock that is %s', (_which, byMs) => {
  it('keeps nobody from signing up, signing in and talking, and is said once', async () => {
    const al = await signUp('al', byMs);
    const bo = await signUp('bo', 0);
    await al.say(BO, 'one', 'two');
    await bo.until(({ texts }) => texts.length === 2);
    await bo.say(AL, 'three');
    await al.until(({ texts }) => texts.length === 1);
    expect(al.of('trouble').map(({ message }) => message)).toEqual([expect.stringContaining('365 days')]);
    expect(bo.of('trouble')).toEqual([]);
    const credentials = { address: AL, password: PASSWORD, servers: [server.url] };
    const platform = off(await people.platform(), byMs);
    const second = new Person(await Client.logIn(platform, credentials), platform);
    people.keep(second);
    await second.online();
    await bo.say(AL, 'four');
    await second.until(({ texts }) => texts.includes('four'));
    expect(await al.client.outboxSize()).toBe(0);
  });

  it('loses no message that expires: not the one that it sends, nor the one that it gets', async () => {
    const al = await signUp('al', byMs);
    const bo = await signUp('bo', 0);
    await al.client.send([BO], ['for an hour'], { expiresInMs: HOUR_MS });
    await bo.until(({ texts }) => texts.includes('for an hour'));
    await bo.client.send([AL], ['for an hour, too'], { expiresInMs: HOUR_MS });
    await al.until(({ texts }) => texts.includes('for an hour, too'));
    const [line] = await bo.client.history.before(AL, 2);
    expect(Math.abs((line?.expiry ?? 0) - Date.now() - HOUR_MS)).toBeLessThan(60_000);
  });
});

describe('an expiry', () => {
  const T = 1_700_000_000_000;
  it('is what the sender said, where the clocks can be right', () => {
    expect(expiryHere({ sentAt: T, expiry: T + 5 }, T + 1, T + 9)).toBe(T + 5);
    expect(expiryHere({ sentAt: T - 13 * DAY_MS, expiry: T - 1 }, T, T + 29 * DAY_MS)).toBe(T - 1);
    expect(expiryHere({ sentAt: T, expiry: 0 }, 0, T)).toBe(0);
  });

  it('is moved by no server beyond the time that the sender asked for, from now', () => {
    for (const receivedAt of [0, T - YEAR_MS, T + YEAR_MS, Number.MAX_SAFE_INTEGER - YEAR_MS]) {
      expect(expiryHere({ sentAt: T, expiry: T + 5 }, receivedAt, T)).toBeLessThanOrEqual(T + 5);
    }
  });
});

describe('the sentence about a clock', () => {
  it.each([
    [5_000, undefined],
    [-11 * 60_000, '11 minutes behind'],
    [3 * HOUR_MS, '3 hours ahead'],
    [YEAR_MS, '365 days ahead'],
  ])('for %i ms says %s', (byMs, said) => {
    const fault = clockFault(1_700_000_000_000 + byMs, 1_700_000_000_000);
    if (said === undefined) expect(fault).toBeUndefined();
    else expect(fault).toContain(said);
  });
});
