import { beforeEach, describe, expect, it } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { RequestError } from '#protocol/errors.ts';
import { DELIVERY_WINDOW_ITEMS } from '#protocol/limits.ts';
import { nodeTimers } from './node/platform.ts';
import type { Log } from './pins.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import { PASSWORD, type People, type Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

const FRESH = 'seven otters at dusk';

let server: ServerDouble;
let people: People;
let al: Person;

beforeEach(async () => {
  ({ server, people, al } = await atDouble(['al']));
});

const refusedLogs = (person: Person) => person.of('identity').filter(({ change }) => change === 'refused_log');

/** Al has revoked one of two further devices and knows it. `hiding`: the log without that. */
async function revokedOne(): Promise<{ revoked: string; other: string; hiding: Log }> {
  await people.logIn('al');
  await people.logIn('al');
  const [, revoked = '', other = ''] = server.accounts.devices(AL);
  await al.until(() => al.of('identity').filter(({ change }) => change === 'device_added').length === 2);
  const hiding = server.accounts.log(AL);
  await al.client.revoke(revoked, PASSWORD);
  return { revoked, other, hiding };
}

/** The server shows this log once the next entry was refused as stale. */
function staleThen(log: Log): void {
  const append = server.accounts.append.bind(server.accounts);
  server.accounts.append = () => {
    server.lies.log = () => log;
    server.accounts.append = append;
    throw new RequestError('stale_log');
  };
}

describe('a server that hides that a device was revoked', () => {
  it.each([
    ['another revocation', (other: string) => al.client.revoke(other, PASSWORD)],
    ['a change of the password', () => al.client.changePassword(PASSWORD, FRESH)],
    ['the adoption of a password', () => al.client.adoptPassword(PASSWORD)],
    ['the deletion of the account', () => al.client.deleteAccount(PASSWORD)],
  ])('gets no signature for %s, and is shown', async (_act, act) => {
    const { other, hiding } = await revokedOne();
    const before = server.accounts.log(AL);
    server.lies.log = () => hiding;
    await expect(act(other)).rejects.toMatchObject({ reason: 'log_refused' });
    delete server.lies.log;
    await al.until(() => refusedLogs(al).length > 0);
    expect(server.accounts.log(AL)).toEqual(before);
  });

  it.each([
    ['a revocation', (other: string) => al.client.revoke(other, PASSWORD)],
    ['a change of the password', () => al.client.changePassword(PASSWORD, FRESH)],
  ])('does not get one by refusing %s as stale first', async (_act, act) => {
    const { other, hiding } = await revokedOne();
    const before = server.accounts.log(AL);
    staleThen(hiding);
    await expect(act(other)).rejects.toMatchObject({ reason: 'log_refused' });
    delete server.lies.log;
    await al.until(() => refusedLogs(al).length > 0);
    expect(server.accounts.log(AL)).toEqual(before);
  });

  it('does not get one from a new device that it refuses as stale', async () => {
    const { hiding } = await revokedOne();
    staleThen(hiding);
    await expect(people.logIn('al')).rejects.toMatchObject({ reason: 'log_refused' });
  });
});

describe('a server that hands out a log or vault that is none', () => {
  const garbled = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);

  it('is refused and shown where this device knows the log, and refused with a sentence where it knows none', async () => {
    const log = server.accounts.log(AL).map((entry) => ({ ...entry, signature: garbled(entry.signature) }));
    server.lies.log = () => log;
    const refused = { reason: 'log_refused' };
    await expect(al.client.changePassword(PASSWORD, FRESH)).rejects.toMatchObject(refused);
    await expect(people.logIn('al')).rejects.toMatchObject(refused);
    delete server.lies.log;
    await al.until(() => refusedLogs(al).length === 1);
  });

  it('is refused, with a sentence, where the vault does not open with the password that was proved', async () => {
    const finish = server.accounts.finishLogin.bind(server.accounts);
    server.accounts.finishLogin = (frame) => garbled(finish(frame));
    await expect(people.logIn('al')).rejects.toMatchObject({ reason: 'log_refused' });
    await expect(al.client.adoptPassword(PASSWORD)).rejects.toMatchObject({ reason: 'log_refused' });
  });
});

describe('somebody who is blocked', () => {
  it('is not heard through messages that cannot be opened either', async () => {
    const bo = await people.signUp('bo');
    const cy = await people.signUp('cy');
    await Promise.all([bo.online(), cy.online()]);
    await bo.say(AL, 'hello');
    await al.until(({ texts }) => texts.length === 1);
    await al.client.block(BO);
    const [device] = server.accounts.devices(AL);
    const slot = encodeBase64(new Uint8Array(80).fill(9));
    server.lies.hand = (item, to) => (item.type === 'deliver' && to === device ? [{ ...item, slot }] : [item]);
    await bo.say(AL, 'garbled');
    delete server.lies.hand;
    await bo.say(AL, 'after a gap');
    await cy.say(AL, 'behind it');
    await al.until(({ texts }) => texts.includes('behind it'));
    expect(al.of('unreadable')).toEqual([]);
    expect(al.texts).toEqual(['hello', 'behind it']);
    await al.client.block(BO, false);
    await bo.say(AL, 'and now');
    await al.until(({ texts }) => texts.includes('and now'));
    expect(al.of('gap')).toEqual([]);
    expect(al.of('unreadable')).toEqual([]);
  });

  it('has no log fetched, whatever device it claims', async () => {
    const bo = await people.signUp('bo');
    const cy = await people.signUp('cy');
    await Promise.all([bo.online(), cy.online()]);
    await bo.say(AL, 'hello');
    await al.until(({ texts }) => texts.length === 1);
    await cy.say(AL, 'hello, too');
    await al.until(({ texts }) => texts.length === 2);
    await al.client.block(BO);
    const second = await people.logIn('bo');
    await second.online();
    await second.client.send([AL], ['from another device']);
    await second.until(() => second.of('accepted').length === 1);
    await cy.say(AL, 'behind it');
    await al.until(({ texts }) => texts.includes('behind it'));
    // A log with that device would have been pinned, and told.
    expect(al.of('identity').filter(({ address }) => address === BO)).toEqual([]);
  });
});

describe('a server without measure', () => {
  it('cannot make a client wait for ever, or not at all', async () => {
    await people.signUp('bo');
    let tries = 0;
    server.lies.refuse = () => {
      tries += 1;
      return 'busy';
    };
    server.lies.retryAfterMs = Number.MAX_SAFE_INTEGER;
    await al.client.send([BO], ['hello']);
    await al.until(() => al.of('delayed').length > 0);
    expect(al.of('delayed')).toMatchObject([{ seconds: 3_600 }]);
    expect(tries).toBe(1);
  });

  it('cannot set a timer off by a time that it does not hold', async () => {
    const fired: string[] = [];
    const cancel = nodeTimers.after(2 ** 40, () => fired.push('too early'));
    await new Promise<void>((resolve) => nodeTimers.after(20, resolve));
    cancel();
    expect(fired).toEqual([]);
  });

  it('is left when it pushes without waiting for acks', async () => {
    const [device = ''] = server.accounts.devices(AL);
    const rubbish = { type: 'deliver', header: 'AAAA', body: 'AAAA', slot: 'AAAA', receivedAt: 1 } as const;
    server.lies.hand = (item) => Array.from({ length: 4 * DELIVERY_WINDOW_ITEMS }, () => item);
    server.give(device, rubbish);
    await al.until(() => al.of('stopped').length > 0);
    expect(al.of('stopped')).toMatchObject([{ code: 4200 }]);
  });
});
