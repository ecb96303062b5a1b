import { beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '#protocol/limits.ts';
import { Client } from './client.ts';
import { clockFault, expiryHere } from './clocks.ts';
import type { Platform } from './platform.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import { PASSWORD, type People, Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

const YEAR_MS = 365 * DAY_MS;

let server: ServerDouble;
let people: People;

beforeEach(async () => {
  ({ server, people } = await atDouble());
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

/** The same device again, as a process would open it on a machine whose clock is off by so much. */
const reopened = ({ platform }: Person, byMs: number) => people.reopen({ platform: off(platform, byMs) });

describe.each([
  ['two days', 2 * DAY_MS],
  ['a year', YEAR_MS],
])('a clock that was set ahead by %s', (_which, byMs) => {
  const lines = async ({ client }: Person, conversation: string) =>
    (await client.history.before(conversation, 10)).length;

  it('deletes nothing that is stored, without a server or with one, before the server says so, too', async () => {
    const [al, bo] = await Promise.all([signUp('al', 0), signUp('bo', 0)]);
    await al.client.send([BO], ['for an hour'], { expiresInMs: HOUR_MS });
    await bo.until(({ texts }) => texts.includes('for an hour'));
    await bo.client.close();
    const again = await reopened(bo, byMs);
    expect(await lines(again, AL)).toBe(1);
    await again.online();
    expect(await lines(again, AL)).toBe(1);
    await again.client.close();
    server.lies.challenge = { time: Date.now() + 2 * HOUR_MS };
    const later = await reopened(bo, byMs);
    expect(await lines(later, AL)).toBe(1);
    await later.online();
    expect(await lines(later, AL)).toBe(0);
  });

  it('gives nothing up that waits in the outbox, and loses nothing that comes and expires', async () => {
    const [al, bo] = await Promise.all([signUp('al', 0), signUp('bo', 0)]);
    await al.say(BO, 'known');
    await al.client.close();
    const offline = await reopened(al, 0);
    await offline.client.send([BO], ['queued']);
    await offline.client.close();
    const ahead = await reopened(al, byMs);
    await ahead.online();
    await bo.until(({ texts }) => texts.includes('queued'));
    await bo.client.send([AL], ['for an hour'], { expiresInMs: HOUR_MS });
    await ahead.until(({ texts }) => texts.includes('for an hour'));
    expect(ahead.of('given_up')).toEqual([]);
    expect(ahead.of('gap')).toEqual([]);
  });
});

it('a server whose clock is far ahead deletes nothing either', async () => {
  const [al, bo] = await Promise.all([signUp('al', 0), signUp('bo', 0)]);
  await al.client.send([BO], ['for an hour'], { expiresInMs: HOUR_MS });
  await bo.until(({ texts }) => texts.includes('for an hour'));
  await bo.client.close();
  server.lies.challenge = { time: Date.now() + YEAR_MS };
  const again = await reopened(bo, 0);
  await again.online();
  expect(await again.client.history.before(AL, 10)).toHaveLength(1);
  expect(again.of('trouble')).toMatchObject([{ message: expect.stringContaining('365 days behind') }]);
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
