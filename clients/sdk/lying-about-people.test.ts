import { beforeEach, describe, expect, it } from 'vitest';
import { encodeSignedEntry } from '#protocol/account-entry.ts';
import { SUITE } from '#protocol/envelope.ts';
import { Client } from './client.ts';
import { enrolDevice } from './crypto/account.ts';
import { nodeRandom } from './node/platform.ts';
import { type Log, verifyWhole } from './pins.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import { PASSWORD, type People, type Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

let server: ServerDouble;
let people: People;
let al: Person;
let bo: Person;

beforeEach(async () => {
  ({ server, people, al, bo } = await atDouble(['al', 'bo']));
});

/** A good log of this address under an identity that the server made up, or with a device that it signed itself. */
function forged(address: string, after: Log = []): Log {
  const secrets = () => ({ x25519Secret: nodeRandom(32), ed25519Seed: nodeRandom(32) });
  const state = after.length === 0 ? undefined : verifyWhole(after, address);
  const signer = { address, identitySeed: nodeRandom(32), state };
  return [...after, encodeSignedEntry(enrolDevice(signer, secrets(), [SUITE], 1_700_000_000_000))];
}

const identityEvents = (person: Person, change: string) =>
  person.of('identity').filter((event) => event.change === change);
const logOf = (address: string) => server.accounts.log(address);
const slots = (index: number) => server.sends.at(index)?.slots.map(({ device }) => device) ?? [];

describe('a server that lies about who somebody is', () => {
  it('cannot swap a key that is known: nothing is sent until the person accepts it', async () => {
    await al.say(BO, 'to the true one');
    const fake = forged(BO);
    server.lies.log = (address, log) => (address === BO ? fake : log);
    await bo.say(AL, 'hello'); // names a position of al's log that is known; bo's log is asked for below
    await al.client.verify(BO);
    await refreshed(al, BO);
    await al.until(() => identityEvents(al, 'changed').length === 1);
    const sent = server.sends.length;
    expect(await al.client.send([BO], ['secret'])).toMatchObject([{ error: { reason: 'identity_changed' } }]);
    expect(server.sends).toHaveLength(sent);
    const { number, changed } = await al.client.safetyNumber(BO);
    expect(changed).toBeDefined();
    expect(changed).not.toBe(number);

    await al.client.trust(BO, changed ?? '');
    expect((await al.client.safetyNumber(BO)).number).toBe(changed);
    expect((await al.client.safetyNumber(BO)).verified).toBe(false);
    await al.until(() => identityEvents(al, 'accepted').length === 1);
  });

  it('cannot have another identity accepted than the one that was compared', async () => {
    await al.say(BO, 'to the true one');
    const second = await people.logIn('bo');
    await second.online();
    await second.client.safetyNumber(AL);
    const [shown, swapped] = [forged(BO), forged(BO)];
    server.lies.log = (address, log) => (address === BO ? shown : log);
    await refreshed(al, BO);
    await al.until(() => identityEvents(al, 'changed').length === 1);
    const { changed } = await al.client.safetyNumber(BO);
    server.lies.log = (address, log) => (address === BO ? swapped : log);
    // Its device is in no log that al knows: so he asks again.
    await second.client.send([AL], ['hello']);
    await al.until(() => al.of('unreadable').length === 1);
    await expect(al.client.trust(BO, changed ?? '')).rejects.toMatchObject({ reason: 'identity_changed' });
    expect(identityEvents(al, 'accepted')).toEqual([]);
    const again = await al.client.safetyNumber(BO);
    await al.client.trust(BO, again.changed ?? '');
    expect((await al.client.safetyNumber(BO)).number).toBe(again.changed);
  });

  it('stands in nobody’s way once it shows the known identity again', async () => {
    await al.say(BO, 'to the true one');
    const [known] = slots(-1);
    server.lies.log = (address, log) => (address === BO ? forged(BO) : log);
    await refreshed(al, BO);
    await al.until(() => identityEvents(al, 'changed').length === 1);
    delete server.lies.log;
    await al.client.exists(BO);
    await al.until(() => identityEvents(al, 'back').length === 1);
    await al.say(BO, 'to the true one again');
    expect(slots(-1)).toEqual([known]);
  });

  it('raises an alarm with another identity of mine, and keeps nothing of it', async () => {
    const second = await people.logIn('al');
    await al.until(() => identityEvents(al, 'device_added').length === 1);
    const fake = forged(AL);
    server.lies.log = (address, log) => (address === AL ? fake : log);
    server.dropAll();
    await al.until(() => identityEvents(al, 'alarm').length === 1);
    delete server.lies.log;
    await second.online();
    await al.say(AL, 'a note to myself');
    await second.until(({ texts }) => texts.includes('a note to myself'));
  });

  it('cannot give itself a device of mine where my sign-up was cut short before anything was pinned', async () => {
    const platform = await people.platform();
    const { profiles } = platform;
    const dying: typeof profiles = {
      ...profiles,
      create: async (account, password) => {
        const profile = await profiles.create(account, password);
        const update = () => Promise.reject(new Error('killed'));
        return { ...profile, pins: { ...profile.pins, update }, erase: () => profile.close() };
      },
    };
    const credentials = { address: 'cy@localhost', password: PASSWORD, servers: [server.url] };
    await expect(Client.signUp({ ...platform, profiles: dying }, credentials)).rejects.toThrow('killed');
    const fake = forged('cy@localhost');
    server.lies.log = (address, log) => (address === 'cy@localhost' ? fake : log);
    const cy = await people.reopen({ platform });
    await cy.online();
    expect(await cy.client.send([BO], ['secret'])).toMatchObject([{ error: { reason: 'log_refused' } }]);
    expect(server.sends).toEqual([]);
    delete server.lies.log;
    server.dropAll();
    await cy.until(() => cy.of('online').length === 2);
    await cy.client.settled();
    await cy.say(BO, 'it is me');
    await bo.until(({ texts }) => texts.includes('it is me'));
  });

  it('cannot swap it at first contact without the safety numbers telling', async () => {
    const fake = forged(BO);
    server.lies.log = (address, log) => (address === BO ? fake : log);
    const seenByAl = await al.client.safetyNumber(BO);
    delete server.lies.log;
    expect(seenByAl.number).not.toBe((await bo.client.safetyNumber(AL)).number);
  });

  it('cannot add a device: the log is refused and shown, and the device gets no slot', async () => {
    await al.say(BO, 'first');
    const [own] = slots(-1);
    server.lies.log = (address, log) => (address === BO ? [...log, ...forged(BO, log).slice(-1)] : log);
    await refreshed(al, BO);
    await al.until(() => identityEvents(al, 'refused_log').length === 1);
    await al.say(BO, 'second');
    expect(slots(-1)).toEqual([own]);
  });

  it('cannot add a device at first contact', async () => {
    server.lies.log = (address, log) => (address === BO ? [...log, ...forged(BO, log).slice(-1)] : log);
    expect(await al.client.send([BO], ['secret'])).toMatchObject([{ error: { reason: 'log_refused' } }]);
    expect(server.sends).toEqual([]);
  });

  it('cannot roll a log back to before a device was revoked', async () => {
    const second = await people.logIn('bo');
    await second.online();
    await al.say(BO, 'to both');
    const [gone] = (await second.client.devices()).filter(({ thisDevice }) => thisDevice);
    const old = logOf(BO);
    await bo.client.revoke(gone?.device ?? '', 'lantern quarry biscuit');
    await refreshed(al, BO);
    await al.until(() => identityEvents(al, 'device_revoked').length === 1);
    server.lies.log = (address, log) => (address === BO ? old : log);
    await refreshed(al, BO);
    await al.until(() => identityEvents(al, 'refused_log').length === 1);
    await al.say(BO, 'to one');
    expect(slots(-1)).not.toContain(gone?.device);
    expect(slots(-1)).toHaveLength(1);
  });

  it('cannot hide from me a device of mine that others were shown', async () => {
    await bo.say(AL, 'hello');
    await al.until(({ texts }) => texts.length === 1);
    const before = logOf(AL);
    server.lies.quiet = true;
    const [first] = server.accounts.devices(AL);
    server.lies.hand = (item, device) => (device === first ? [] : [item]);
    const second = await people.logIn('al');
    await second.online();
    await second.say(BO, 'it is me');
    await bo.until(({ texts }) => texts.includes('it is me'));
    delete server.lies.hand;
    server.lies.log = (address, log) => (address === AL ? before : log);
    await bo.say(AL, 'really?');
    await al.until(() => identityEvents(al, 'alarm').length > 0);
    expect(identityEvents(al, 'device_added')).toEqual([]);
  });

  it('cannot pass for the pinned server with another key', async () => {
    server.lies.challenge = { serverKey: 'AAAA' };
    server.dropAll();
    await al.until(() => al.of('stopped').length > 0);
    expect(al.of('stopped')[0]?.reason).toContain('another key');
  });
});

/** Makes this client ask for the log: a refusal of stale devices, or whatever else leads there. */
async function refreshed(person: Person, address: string): Promise<void> {
  let first = true;
  server.lies.refuse = () => {
    const refuse = first;
    first = false;
    return refuse ? 'stale_devices' : undefined;
  };
  await person.client.send([address], ['for the log']);
  await person.until(() => person.of('refused').length + person.of('accepted').length > 0 && !first);
  delete server.lies.refuse;
}
