import { beforeEach, describe, expect, it } from 'vitest';
import { RequestError } from '#protocol/errors.ts';
import type { Log } from './pins.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import { PASSWORD, type People, type Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

let server: ServerDouble;
let people: People;

beforeEach(async () => {
  ({ server, people } = await atDouble());
});

const delivered = (person: Person, id: string | undefined) => person.of('delivered').some((event) => event.id === id);

it('somebody who signed out of the only device can be written to as soon as there is another, whatever was refused meanwhile', async () => {
  const { al, bo } = await people.online('al', 'bo');
  await al.say(BO, 'known');
  await bo.client.signOut(PASSWORD);
  server.lies.refuse = () => 'stale_devices';
  await al.client.send([BO], ['while nobody is there']);
  await al.until(() => al.of('refused').length === 1);
  delete server.lies.refuse;
  expect(al.of('refused')[0]?.message).toBe('bo@localhost has no device in use at present.');
  expect(await al.client.send([BO], ['still nobody'])).toMatchObject([{ error: { reason: 'no_device' } }]);
  const back = await people.logIn('bo');
  await back.online();
  await al.say(BO, 'welcome back');
  await back.until(({ texts }) => texts.includes('welcome back'));
});

describe('a second device', () => {
  it('has what was written shortly before it came, and everything from then on', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await al.say(BO, 'before the second device');
    await bo.until(({ texts }) => texts.length === 1);
    const second = await people.logIn('bo');
    await second.online();
    await al.say(BO, 'after it');
    await second.until(({ texts }) => texts.length === 2);
    expect([...second.texts].sort()).toEqual(['after it', 'before the second device']);
    await bo.until(({ texts }) => texts.length === 2);
    expect(bo.texts).toEqual(['before the second device', 'after it']);
    await al.until(() => al.of('identity').some(({ change, address }) => change === 'device_added' && address === BO));
    await bo.until(() => bo.of('identity').some(({ change, address }) => change === 'device_added' && address === BO));
  });

  it('has it also where the sender ended before the slots for it were taken', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await al.say(BO, 'before the second device');
    await bo.until(({ texts }) => texts.length === 1);
    const second = await people.logIn('bo');
    await second.online();
    const seen = new Set(server.sends.map(({ header }) => header));
    const refused = Promise.withResolvers<void>();
    server.lies.refuse = ({ header }) => {
      if (!seen.has(header)) return undefined;
      refused.resolve();
      return 'busy';
    };
    await al.say(BO, 'after it');
    await refused.promise;
    await al.client.close();
    delete server.lies.refuse;
    expect(second.texts).not.toContain('before the second device');
    const again = await people.reopen(al);
    await again.online();
    await second.until(({ texts }) => texts.length === 2);
    expect([...second.texts].sort()).toEqual(['after it', 'before the second device']);
  });

  it('shows what the first one writes, and what becomes of it', async () => {
    const { al, bo } = await people.online('al', 'bo');
    const second = await people.logIn('al');
    await second.online();
    await al.until(() => al.of('identity').length > 0);
    const [id] = await al.say(BO, 'from my first device');
    await second.until(({ texts }) => texts.length === 1);
    await second.until(() => delivered(second, id));
    expect(second.of('message')[0]?.entry).toMatchObject({ own: true, conversation: BO });
    await bo.until(({ texts }) => texts.length === 1);
  });

  it('hears what became of a message also where both come at once, because it was away', async () => {
    const { al } = await people.online('al', 'bo');
    const second = await people.logIn('al');
    await second.online();
    await al.until(() => al.of('identity').length > 0);
    await second.client.close();
    const [id] = await al.say(BO, 'while my other device is away');
    await al.until(() => delivered(al, id));
    const back = await people.reopen(second);
    await back.online();
    await back.until(() => delivered(back, id));
    const [line] = await back.client.history.before(BO, 1);
    expect([line?.id, line?.sent?.recipients[BO]?.state]).toEqual([id, 'delivered']);
  });

  it('gets notes that the person writes to himself', async () => {
    const { al } = await people.online('al', 'bo');
    expect(await al.client.send([AL], ['alone'])).toMatchObject([{ error: { reason: 'no_device' } }]);
    const second = await people.logIn('al');
    await second.online();
    await al.until(() => al.of('identity').length > 0);
    await al.say(AL, 'milk, bread');
    await second.until(({ texts }) => texts.includes('milk, bread'));
  });

  it('is listed with its last use, if the server tells it; what it says of devices that are none is nobody’s', async () => {
    const al = await people.signUp('al');
    await people.logIn('al');
    const [first = '', second = ''] = server.accounts.devices(AL);
    server.lies.used = () => [
      { device: second, at: 5 },
      { device: 'A'.repeat(43).concat('='), at: 7 },
    ];
    expect((await al.client.devices()).map(({ lastUsedAt }) => lastUsedAt)).toEqual([undefined]);
    await al.online();
    const listed = async () =>
      (await al.client.devices()).map(({ device, lastUsedAt }) => ({ device, at: lastUsedAt }));
    expect(await listed()).toEqual([
      { device: first, at: undefined },
      { device: second, at: 5 },
    ]);
    server.lies.used = () => {
      throw new RequestError('bad_request');
    };
    expect(await listed()).toEqual([
      { device: first, at: undefined },
      { device: second, at: undefined },
    ]);
  });

  it('is sent nothing after it was revoked, and is told', async () => {
    const { al, bo } = await people.online('al', 'bo');
    const second = await people.logIn('bo');
    await second.online();
    await al.say(BO, 'to both');
    await second.until(({ texts }) => texts.length === 1);
    const [device] = (await bo.client.devices()).filter(({ thisDevice }) => !thisDevice);
    await bo.client.revoke(device?.device ?? '', PASSWORD);
    await second.until(() => second.of('stopped').length > 0);
    expect(second.of('stopped')[0]).toMatchObject({ code: 4203 });
    const [own] = (await bo.client.devices()).filter(({ revokedAt }) => revokedAt !== undefined);
    expect(own?.device).toBe(device?.device);
    await bo.say(AL, 'my log is longer now');
    await al.until(() => al.of('identity').some(({ change }) => change === 'device_revoked'));
    await al.say(BO, 'to one');
    expect(server.sends.at(-1)?.slots).toHaveLength(1);
  });
});

describe('a device that was revoked', () => {
  async function second(): Promise<{ al: Person; second: Person; device: string }> {
    const al = await people.signUp('al');
    const second = await people.logIn('al');
    await Promise.all([al.online(), second.online()]);
    return { al, second, device: second.client.account.device };
  }
  const stopped = async (person: Person) => {
    await person.until(() => person.of('stopped').length > 0);
    return person.of('stopped')[0]?.code;
  };

  it('fetches the log that proves it, and signs itself out without a password', async () => {
    const { al, second: revoked, device } = await second();
    await al.client.revoke(device, PASSWORD);
    expect(await stopped(revoked)).toBe(4203);
    expect(await revoked.client.gone()).toBe('revoked');
    expect(await revoked.client.revocationProved()).toBe(true);
    await revoked.client.signOut('');
    await expect(people.reopen(revoked)).rejects.toMatchObject({ problem: 'missing' });
  });

  it('knows it also without a server, once it was proved', async () => {
    const { al, second: revoked, device } = await second();
    await al.client.revoke(device, PASSWORD);
    await stopped(revoked);
    await revoked.client.gone();
    await revoked.client.close();
    await server.stop();
    const again = await people.reopen(revoked);
    expect(await again.client.revocationProved()).toBe(true);
    expect(await again.client.gone()).toBe('revoked');
  });

  it('leaves by itself where a server goes on with it, and shows the log', async () => {
    const { al, second: revoked, device } = await second();
    server.lies.keepsRevoked = true;
    await al.client.revoke(device, PASSWORD);
    expect(await stopped(revoked)).toBe(4203);
    expect(await revoked.client.revocationProved()).toBe(true);
  });

  it.each([
    ['a log without it', (log: Log) => log],
    ['no log at all', () => []],
    ['another log', () => server.accounts.log(BO)],
  ])('is not proved by a server that says so and shows %s', async (_what, shown) => {
    await people.signUp('bo');
    const { second: kept, device } = await second();
    server.lies.revoked = (whose) => whose === device;
    server.lies.log = (address, log) => (address === AL ? shown(log) : log);
    server.dropAll();
    expect(await stopped(kept)).toBe('device_revoked');
    expect(await kept.client.gone()).toBe('revoked');
    expect(await kept.client.revocationProved()).toBe(false);
  });
});
