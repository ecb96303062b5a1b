import { beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from './accounts.ts';
import { nameContent } from './content/content.ts';
import { Outbox } from './outbox.ts';
import { ownDevice } from './own-device.ts';
import { SureTime } from './sure-time.ts';
import { AL, atDouble } from './test/at-double.ts';
import { PASSWORD, type People, type Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

let server: ServerDouble;
let people: People;
let phone: Person;

beforeEach(async () => {
  ({ server, people } = await atDouble());
  phone = await people.signUp('al');
  await phone.client.rename('phone');
  await phone.online();
});

const names = async ({ client }: Person) => (await client.devices()).map(({ name }) => name);

/** A text to oneself, behind all that was told before it. */
async function word(from: Person, ...to: Person[]): Promise<void> {
  await from.client.settled();
  const [id] = await from.say(AL, 'a word');
  for (const person of to) await person.until(() => person.of('message').some(({ entry }) => entry.id === id));
}

async function laptop(): Promise<Person> {
  const person = await people.logIn('al');
  await person.client.rename('laptop');
  await person.online();
  return person;
}

/** Sends this as a client of that person's own making would. */
async function tell({ platform, client }: Person, to: string, ...contents: Uint8Array[]): Promise<void> {
  const profile = await platform.profiles.open(PASSWORD);
  const { clock, timers, random } = platform;
  const own = ownDevice(client.account);
  const accounts = new Accounts({ profile, clock, own, grown: () => {} });
  const sureTime = new SureTime(clock, undefined);
  const { groups } = client;
  const outbox = new Outbox({ own, profile, accounts, groups, clock, timers, random, sureTime, emit: () => {} });
  const drafts = contents.map((content) => ({ content }));
  await outbox.send([to], drafts, () => Promise.reject(new Error('they are known')));
  await profile.close();
}

describe('the name of a device', () => {
  it('is told to the other devices, those that come later too, and is no message', async () => {
    expect(await names(phone)).toEqual(['phone']);
    expect(server.sends).toEqual([]);
    const second = await laptop();
    await word(second, phone);
    expect(await names(phone)).toEqual(['phone', 'laptop']);
    await word(phone, second);
    expect(await names(second)).toEqual(['phone', 'laptop']);
    const third = await people.logIn('al');
    await third.online();
    await Promise.all([phone.client.devices(), second.client.devices()]);
    await word(phone, second, third);
    await word(second, third);
    expect(await names(third)).toEqual(['phone', 'laptop', undefined]);
    for (const person of [phone, second, third]) {
      expect(new Set(person.texts)).toEqual(new Set(['a word']));
      expect(person.of('unreadable')).toEqual([]);
      expect(person.of('gap')).toEqual([]);
      expect(person.of('trouble')).toEqual([]);
    }
  });

  it('changes on all of them, and waits for who is away', async () => {
    const second = await laptop();
    await word(second, phone);
    await second.client.close();
    await phone.client.rename('phone at work');
    await phone.client.settled();
    const back = await people.reopen(second);
    await back.online();
    await word(phone, back);
    expect(await names(back)).toEqual(['phone at work', 'laptop']);
  });

  it('is told once to each', async () => {
    const second = await laptop();
    await word(second, phone);
    await word(phone, second);
    const before = server.sends.length;
    for (const person of [phone, second]) {
      await person.client.close();
      const again = await people.reopen(person);
      await again.online();
      await again.client.settled();
    }
    expect(server.sends.length).toBe(before);
  });

  it('gives nobody a conversation with oneself in the list', async () => {
    const second = await laptop();
    await second.client.settled();
    await phone.client.settled();
    expect(await phone.client.history.conversations()).toEqual([]);
    expect(await second.client.history.conversations()).toEqual([]);
  });

  it.each(['', ' ', 'a\nb', 'x'.repeat(65), '\u001b[2J'])('is not %j', async (name) => {
    await expect(phone.client.rename(name)).rejects.toThrow('1 to 64 characters');
    expect(await names(phone)).toEqual(['phone']);
  });

  it('is believed from the device itself alone, told to oneself', async () => {
    const second = await laptop();
    await word(second, phone);
    const bo = await people.signUp('bo');
    await bo.online();
    await bo.say(AL, 'hello');
    await phone.until(({ texts }) => texts.includes('hello'));
    const lie = (device: string) => nameContent({ device, name: 'a lie' });
    const { device: mine } = phone.client.account;
    await tell(second, AL, lie(mine));
    await tell(second, 'bo@localhost', lie(second.client.account.device)).catch(() => {});
    await tell(bo, AL, lie(mine), lie(second.client.account.device), lie(bo.client.account.device));
    await bo.say(AL, 'the end');
    await phone.until(({ texts }) => texts.includes('the end'));
    await word(second, phone);
    expect(await names(phone)).toEqual(['phone', 'laptop']);
    expect(phone.of('unreadable')).toEqual([]);
    await tell(second, AL, nameContent({ device: second.client.account.device, name: 'the truth' }));
    await word(second, phone);
    expect(await names(phone)).toEqual(['phone', 'the truth']);
  });

  it('is not told to anybody else', async () => {
    const second = await laptop();
    const bo = await people.signUp('bo');
    await bo.online();
    await second.say('bo@localhost', 'hello');
    await word(second, phone);
    const mine = new Set(server.accounts.devices(AL));
    const toBo = server.sends.filter(({ slots }) => slots.some(({ device }) => !mine.has(device)));
    expect(toBo).toHaveLength(1);
  });
});
