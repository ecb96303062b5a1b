import { beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '#protocol/limits.ts';
import { ProfileError } from './profile/profile.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import type { People } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

let server: ServerDouble;
let people: People;

beforeEach(async () => {
  ({ server, people } = await atDouble());
});

describe('the outbox', () => {
  it('sends the same bytes again after a restart, and they are shown once', async () => {
    const { al, bo } = await people.online('al', 'bo');
    server.lies.silent = () => true;
    await al.client.send([BO], ['only once']);
    await bo.until(({ texts }) => texts.includes('only once'));
    await al.client.close();
    delete server.lies.silent;
    const again = await people.reopen(al);
    expect(await again.client.outboxSize()).toBe(1);
    await again.online({ receive: false });
    await again.until(() => again.of('accepted').length === 1);
    expect(await again.client.outboxSize()).toBe(0);
    expect(server.sends).toHaveLength(2);
    expect({ ...server.sends[1], id: 0 }).toEqual({ ...server.sends[0], id: 0 });
    await again.say(BO, 'next');
    await bo.until(({ texts }) => texts.includes('next'));
    expect(bo.texts).toEqual(['only once', 'next']);
  });

  it('sends what was unanswered again when the connection comes back, in order', async () => {
    const { al, bo } = await people.online('al', 'bo');
    const texts = Array.from({ length: 40 }, (_, index) => `message ${index}`);
    server.lies.silent = ({ id }) => id > 8;
    await al.client.send([BO], texts);
    await bo.until(() => bo.texts.length >= 10);
    delete server.lies.silent;
    server.dropAll();
    await bo.until(() => bo.texts.length >= 40);
    await al.until(() => al.of('accepted').length === 40);
    expect(bo.texts).toEqual(texts);
    expect(al.of('reconnecting').length).toBeGreaterThan(0);
  });

  it('asks again for the log of somebody new when the connection ended over the question', async () => {
    const { al, bo } = await people.online('al', 'bo');
    server.lies.log = (address, log) => {
      if (address !== BO) return log;
      delete server.lies.log;
      server.dropAll();
      return log;
    };
    await al.client.send([BO], ['after all']);
    await bo.until(({ texts }) => texts.includes('after all'));
    expect(server.lies.log).toBeUndefined();
    expect(al.of('reconnecting').length).toBeGreaterThan(0);
  });

  it('waits where the server asks for it, and goes on oldest first', async () => {
    const { al, bo } = await people.online('al', 'bo');
    let refusals = 4;
    server.lies.refuse = () => (refusals-- > 0 ? 'over_quota' : undefined);
    const texts = ['one', 'two', 'three'];
    await al.client.send([BO], texts);
    await al.until(() => al.of('delayed').length > 0);
    expect(al.of('delayed')[0]).toMatchObject({ code: 'over_quota', conversation: BO, seconds: 1 });
    await bo.until(() => bo.texts.length === 3);
    expect(bo.texts).toEqual(texts);
  });

  it('shows what was refused for good, and goes on with the rest', async () => {
    const { al, bo } = await people.online('al', 'bo');
    let first = true;
    server.lies.refuse = () => {
      const refuse = first;
      first = false;
      return refuse ? 'bad_envelope' : undefined;
    };
    await al.client.send([BO], ['never', 'still']);
    await bo.until(({ texts }) => texts.includes('still'));
    await al.until(() => al.of('refused').length > 0);
    expect(al.of('refused')).toMatchObject([{ code: 'bad_envelope', conversation: BO }]);
    const [line] = await al.client.history.before(BO, 2);
    expect(line?.sent).toMatchObject({ outcome: 'refused', code: 'bad_envelope' });
  });

  it('gives a message up after 14 days: an empty one takes its number, what follows arrives unforked', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await al.say(BO, 'known');
    server.lies.refuse = () => 'over_quota';
    await al.client.send([BO], ['too old', 'too old as well']);
    await al.until(() => al.of('delayed').length > 0);
    await al.client.close();
    delete server.lies.refuse;
    server.lies.challenge = { time: Date.now() + 15 * DAY_MS };
    const later = {
      ...al.platform,
      clock: { now: () => Date.now() + 15 * DAY_MS, monotonic: () => performance.now() },
    };
    const client = await people.reopen({ platform: later });
    await client.client.send([BO], ['fresh']);
    await client.online({ receive: false });
    await bo.until(({ texts }) => texts.includes('fresh'));
    expect(bo.texts).toEqual(['known', 'fresh']);
    expect(bo.of('unreadable')).toEqual([]);
    await client.until(() => client.of('given_up').length === 2 && client.of('accepted').length === 1);
    expect((await client.client.history.before(BO, 10)).map(({ sent }) => sent?.outcome)).toEqual([
      'accepted',
      'given_up',
      'given_up',
      'accepted',
    ]);
  });

  it('gives a message up and ends in the middle: what follows arrives unforked all the same', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await al.say(BO, 'known');
    server.lies.refuse = () => 'over_quota';
    await al.client.send([BO], ['too old']);
    await al.until(() => al.of('delayed').length > 0);
    await al.client.close();
    delete server.lies.refuse;
    server.lies.challenge = { time: Date.now() + 15 * DAY_MS };
    const clock = { now: () => Date.now() + 15 * DAY_MS, monotonic: () => performance.now() };
    const { profiles } = al.platform;
    const ending: typeof profiles = {
      ...profiles,
      open: async (password) => {
        const profile = await profiles.open(password);
        const reseal = () => Promise.reject(new ProfileError('no_space', 'There is no room.'));
        return { ...profile, sending: { ...profile.sending, reseal } };
      },
    };
    const first = await people.reopen({ platform: { ...al.platform, clock, profiles: ending } });
    await first.client.send([BO], ['fresh']);
    await first.online({ receive: false });
    await first.until(() => first.of('trouble').length > 0);
    await first.client.close();
    const again = await people.reopen({ platform: { ...al.platform, clock } });
    await again.online({ receive: false });
    await bo.until(({ texts }) => texts.includes('fresh'));
    expect(bo.texts).toEqual(['known', 'fresh']);
    expect(bo.of('unreadable')).toEqual([]);
  });

  it('commits on the next connection what its profile did not take at once', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await al.client.close();
    let failures = 1;
    const { profiles } = al.platform;
    const failing: typeof profiles = {
      ...profiles,
      open: async (password) => {
        const profile = await profiles.open(password);
        const accepted: typeof profile.sending.accepted = async (...answered) => {
          if (failures-- > 0) throw new ProfileError('no_space', 'There is no room.');
          return profile.sending.accepted(...answered);
        };
        return { ...profile, sending: { ...profile.sending, accepted } };
      },
    };
    const again = await people.reopen({ platform: { ...al.platform, profiles: failing } });
    await again.online();
    await again.client.send([BO], ['hello']);
    await again.until(() => again.of('trouble').length > 0);
    expect(await again.client.outboxSize()).toBe(1);
    server.dropAll();
    await again.until(() => again.of('accepted').length === 1);
    expect(await again.client.outboxSize()).toBe(0);
    await bo.until(({ texts }) => texts.length === 1);
    expect(bo.texts).toEqual(['hello']);
  });

  it('sends from one process while another receives for the same profile', async () => {
    const { al, bo } = await people.online('al', 'bo');
    const sender = await people.reopen(al);
    await sender.online({ receive: false });
    await sender.say(BO, 'from the other process');
    await bo.until(({ texts }) => texts.length === 1);
    await bo.say(AL, 'to the listener');
    // Either of them may print it.
    const isPrinted = () => al.texts.length + sender.texts.length === 1;
    await Promise.race([al, sender].map((process) => process.until(isPrinted)));
    await expect(sender.client.connect({ receive: true })).resolves.toBeUndefined();
    const third = await people.reopen(al);
    await expect(third.client.connect({ receive: true })).rejects.toMatchObject({ reason: 'receiver_elsewhere' });
  });
});
