import { beforeEach, describe, expect, it } from 'vitest';
import { concat } from '#protocol/bytes.ts';
import { Accounts } from './accounts.ts';
import { receiptContent } from './content/content.ts';
import { receivedTag } from './crypto/received.ts';
import { Outbox } from './outbox.ts';
import { ownDevice } from './own-device.ts';
import type { ReadMark } from './profile/profile.ts';
import { RECEIPT_PAUSE_MS } from './receipts.ts';
import { SureTime } from './sure-time.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import { PASSWORD, type People, type Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';
import { FakeTime } from './test/wires.ts';

let server: ServerDouble;
let people: People;
let al: Person;
let bo: Person;

beforeEach(async () => {
  ({ server, people, al, bo } = await atDouble(['al', 'bo']));
});

const stateOf = async ({ client }: Person, id: string | undefined) =>
  (await client.history.before(BO, 100)).find((entry) => entry.id === id)?.sent?.recipients[BO]?.state;
const unread = async ({ client }: Person) => (await client.history.conversation(AL))?.unread;

/** All that has come is shown to the person, and what is told of it has left. */
async function readAll({ client }: Person): Promise<void> {
  const lines = await client.history.before(AL, 1_000);
  await client.read(
    AL,
    lines.map(({ position }) => position),
  );
  await client.settled();
}

/** A message that bo has, and al knows to be delivered. */
async function delivered(text = 'good morning'): Promise<string | undefined> {
  const [id] = await al.say(BO, text);
  await bo.until(({ texts }) => texts.includes(text));
  await al.until(() => al.of('delivered').some((event) => event.id === id));
  return id;
}

describe('what was read', () => {
  it('is told to its writer, and is no message to anybody', async () => {
    const id = await delivered();
    await readAll(bo);
    await al.until(() => al.of('read').length > 0);
    expect(al.of('read')).toMatchObject([{ id, conversation: BO, by: BO }]);
    expect(await stateOf(al, id)).toBe('read');
    await bo.say(AL, 'good morning to you');
    await al.until(({ texts }) => texts.length > 0);
    await bo.until(() => bo.of('delivered').length > 0);
    expect(al.texts).toEqual(['good morning to you']);
    expect((await al.client.history.conversation(BO))?.unread).toEqual({ [BO]: 1 });
    expect(await al.client.history.before(BO, 10)).toHaveLength(2);
    expect(await bo.client.history.before(AL, 10)).toHaveLength(2);
    expect([bo.of('delivered').length, bo.of('accepted').length]).toEqual([1, 1]);
    expect(al.of('gap')).toEqual([]);
  });

  it('is told together, by one message of a hundred at most', async () => {
    const texts = Array.from({ length: 150 }, (_, i) => `message ${i}`);
    const ids = await al.say(BO, ...texts);
    await bo.until((person) => person.texts.length === 150);
    const before = server.sends.length;
    const lines = await bo.client.history.before(AL, 1_000);
    await bo.client.close();
    // However long it takes to read them all, that is no pause.
    const { timers } = bo.platform;
    const after = (ms: number, run: () => void) => (ms === RECEIPT_PAUSE_MS ? new FakeTime() : timers).after(ms, run);
    const reader = await people.reopen({ platform: { ...bo.platform, timers: { after } } });
    await reader.online();
    for (const { position } of lines) await reader.client.read(AL, [position]);
    await reader.client.settled();
    expect(server.sends.length - before).toBe(2);
    await al.until(() => al.of('read').length === 150);
    expect(await stateOf(al, ids[149])).toBe('read');
    await readAll(reader);
    expect(server.sends.length - before).toBe(2);
  });

  it('is told about a second later, without anything else to wait for', async () => {
    await delivered();
    const [line] = await bo.client.history.before(AL, 1);
    await bo.client.read(AL, [line?.position ?? 0]);
    await al.until(() => al.of('read').length > 0);
  });

  it('lies in the outbox when the profile is closed at once, and does not count there as a message that waits', async () => {
    await delivered();
    await bo.client.close();
    const offline = await people.reopen(bo);
    const [line] = await offline.client.history.before(AL, 1);
    await offline.client.read(AL, [line?.position ?? 0]);
    await offline.client.close();
    const again = await people.reopen(bo);
    expect(await again.client.outboxSize()).toBe(0);
    expect(al.of('read')).toEqual([]);
    await again.online({ receive: false });
    await al.until(() => al.of('read').length > 0);
  });

  it('is read on the own other devices, too', async () => {
    const second = await people.logIn('bo');
    await second.online();
    await delivered('one');
    await delivered('two');
    await second.until(({ texts }) => texts.length === 2);
    expect(await unread(second)).toEqual({ [AL]: 2 });
    await readAll(bo);
    await bo.say(AL, 'answer');
    await second.until(({ texts }) => texts.includes('answer'));
    expect(await unread(second)).toEqual({});
    expect(second.of('delivered')).toEqual([]);
    const before = server.sends.length;
    await readAll(second);
    expect(server.sends.length).toBe(before);
  });

  it('leaves no gap in what a new device is given afterwards', async () => {
    await bo.say(AL, 'zero');
    await delivered();
    await readAll(bo);
    await bo.say(AL, 'two');
    const second = await people.logIn('al');
    await second.online();
    await bo.say(AL, 'three');
    await second.until(({ texts }) => ['zero', 'two', 'three'].every((text) => texts.includes(text)));
    const profile = await second.platform.profiles.open(PASSWORD);
    expect(await profile.receiving.gaps(10)).toEqual([]);
    await profile.close();
  });
});

describe('nothing is told', () => {
  /** What bo sends next is what bo sent: the receipt would have gone ahead of it. */
  async function expectNothing(id: string | undefined): Promise<void> {
    await bo.client.settled();
    await bo.say(AL, 'a word');
    await al.until(({ texts }) => texts.includes('a word'));
    expect(al.of('read')).toEqual([]);
    expect(await stateOf(al, id)).toBe('delivered');
    expect(server.sends.filter(({ header }) => header !== server.sends[0]?.header)).toHaveLength(1);
  }

  it('by who does not allow it', async () => {
    expect(await bo.client.receipts()).toBe(true);
    await bo.client.setReceipts(false);
    expect(await bo.client.receipts()).toBe(false);
    const id = await delivered();
    await readAll(bo);
    await expectNothing(id);
  });

  it('of what a program has printed', async () => {
    const id = await delivered();
    const [line] = await bo.client.history.before(AL, 1);
    await bo.client.history.markRead(AL, [line?.position ?? 0]);
    await readAll(bo);
    await expectNothing(id);
  });

  it('to somebody who was blocked meanwhile', async () => {
    const id = await delivered();
    await bo.client.block(AL);
    await readAll(bo);
    await bo.client.block(AL, false);
    await expectNothing(id);
    expect(bo.of('trouble')).toEqual([]);
  });

  it('to who does not allow it: what they wrote stays delivered', async () => {
    await al.client.setReceipts(false);
    const id = await delivered();
    await readAll(bo);
    await bo.say(AL, 'a word');
    await al.until(({ texts }) => texts.includes('a word'));
    expect(al.of('read')).toEqual([]);
    expect(await stateOf(al, id)).toBe('delivered');
  });
});

describe('somebody who lies about what was read', () => {
  /** Sends any content in bo's name, as a client of bo's own making would. Resolves when al has what bo wrote behind it. */
  async function lie(to: string, ...contents: Uint8Array[]): Promise<void> {
    const { platform, client } = bo;
    const profile = await platform.profiles.open(PASSWORD);
    const { clock, timers, random } = platform;
    const own = ownDevice(client.account);
    const accounts = new Accounts({ profile, clock, own, grown: () => {} });
    const sureTime = new SureTime(clock, undefined);
    const { groups } = client;
    const outbox = new Outbox({ own, profile, accounts, groups, clock, timers, random, sureTime, emit: () => {} });
    const drafts = contents.map((content) => ({ content }));
    await outbox.send([to], drafts, () => Promise.reject(new Error('al is known')));
    await profile.close();
    await bo.say(to, 'the end');
  }

  /** What bo could say of the last message of al's, with this tag. */
  async function markOf(id: string | undefined, tag: Uint8Array = new Uint8Array(16)): Promise<ReadMark> {
    const line = (await al.client.history.before(BO, 10)).find((entry) => entry.id === id);
    return { device: al.client.account.device, seq: line?.seq ?? 0, tag };
  }

  async function expectNoRead(id: string | undefined): Promise<void> {
    await al.until(({ texts }) => texts.includes('the end'));
    expect(await stateOf(al, id)).toBe('delivered');
    expect(al.of('read')).toEqual([]);
    expect(al.of('unreadable')).toEqual([]);
    expect(al.texts).toEqual(['the end']);
    expect((await al.client.history.conversation(BO))?.unread).toEqual({ [BO]: 1 });
  }

  it('changes nothing by a tag that is none, or is that of the delivery', async () => {
    const id = await delivered();
    const sent = (await al.client.history.before(BO, 1))[0]?.sent;
    if (sent === undefined) throw new Error('a message of al');
    const tag = receivedTag(sent.k, sent.mh, ownDevice(bo.client.account).ids, 'delivered');
    await lie(AL, receiptContent([await markOf(id)]), receiptContent([await markOf(id, tag)]));
    await expectNoRead(id);
  });

  it('changes nothing by naming what is no message of al’s in this conversation', async () => {
    const id = await delivered();
    const mark = await markOf(id);
    const own = { device: bo.client.account.device, seq: 1, tag: mark.tag };
    await lie(AL, receiptContent([{ ...mark, seq: 77 }, { ...mark, seq: Number.MAX_SAFE_INTEGER }, own]));
    await expectNoRead(id);
  });

  it('changes nothing by what was written to somebody else, tag and all', async () => {
    const cy = await people.signUp('cy');
    await cy.online();
    const id = await delivered();
    const [secret] = await al.say('cy@localhost', 'not for bo');
    await cy.until(({ texts }) => texts.length === 1);
    await al.until(() => al.of('delivered').some((event) => event.id === secret));
    const sent = (await al.client.history.before('cy@localhost', 1))[0]?.sent;
    if (sent === undefined) throw new Error('a message of al');
    const tag = receivedTag(sent.k, sent.mh, ownDevice(bo.client.account).ids, 'read');
    await lie(AL, receiptContent([await markOf(id, tag)]));
    await expectNoRead(id);
    const states = (await al.client.history.before('cy@localhost', 1))[0]?.sent?.recipients;
    expect([secret, states?.['cy@localhost']?.state]).toEqual([sent.id, 'delivered']);
  });

  it('shows nothing and changes nothing by a receipt that is ill-formed', async () => {
    const id = await delivered();
    const one = receiptContent([await markOf(id)]);
    const entry = one.slice(5);
    const many = Array.from({ length: 101 }, () => entry);
    const counted = (count: number, ...entries: Uint8Array[]) => concat(Uint8Array.of(2, 0, 0, 0, count), ...entries);
    await lie(AL, counted(101, ...many), counted(2, entry, entry), counted(0), concat(one, entry), one.subarray(0, 9));
    await expectNoRead(id);
  });

  it('is believed what is true, the rest of the receipt notwithstanding', async () => {
    const id = await delivered();
    const sent = (await al.client.history.before(BO, 1))[0]?.sent;
    if (sent === undefined) throw new Error('a message of al');
    const tag = receivedTag(sent.k, sent.mh, ownDevice(bo.client.account).ids, 'read');
    await lie(AL, receiptContent([await markOf(id, tag), { ...(await markOf(id)), seq: 77 }]));
    await al.until(() => al.of('read').length > 0);
    expect(al.of('read')).toMatchObject([{ id, by: BO }]);
  });
});
