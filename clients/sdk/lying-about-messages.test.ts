import { beforeEach, describe, expect, it } from 'vitest';
import { directConversation, encodeConversation } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { GAP_WAIT_MS } from '#protocol/limits.ts';
import { GAP_CHECK_MS } from './missing.ts';
import { nodeRandom } from './node/platform.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import type { People, Person } from './test/people.ts';
import type { ServerDouble, Stored } from './test/server-double.ts';
import { FakeTime } from './test/wires.ts';

let server: ServerDouble;
let people: People;
let al: Person;
let bo: Person;

beforeEach(async () => {
  ({ server, people, al, bo } = await atDouble(['al', 'bo']));
});

/** Another connection, so that logs are fetched again and boxes drained again. */
async function reconnect(person: Person): Promise<void> {
  const before = person.of('synced').length;
  server.dropAll();
  await person.until(() => person.of('synced').length > before);
}

/** Waits until the next check is due, and makes it due. */
async function checked(time: FakeTime): Promise<void> {
  while (time.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  time.pass(GAP_CHECK_MS);
}

describe('a server that lies about messages', () => {
  it('shows none twice by handing it out again', async () => {
    server.lies.hand = (item) => [item, item];
    await al.say(BO, 'once', 'and once');
    await bo.until(({ texts }) => texts.length === 2);
    await reconnect(bo);
    delete server.lies.hand;
    await al.say(BO, 'last');
    await bo.until(({ texts }) => texts.includes('last'));
    expect(bo.texts).toEqual(['once', 'and once', 'last']);
  });

  it('reorders nothing in the history', async () => {
    await al.say(BO, 'zero');
    await bo.until(({ texts }) => texts.length === 1);
    const held: Stored[] = [];
    server.lies.hand = (item, device) => {
      if (item.type !== 'deliver' || !server.accounts.devices(BO).includes(device)) return [item];
      held.push(item);
      return held.length === 3 ? held.reverse() : [];
    };
    await al.say(BO, 'one', 'two', 'three');
    await bo.until(({ texts }) => texts.length === 4);
    const lines = await bo.client.history.before(AL, 10);
    expect(lines.map(({ content }) => new TextDecoder().decode(content.subarray(1)))).toEqual([
      'zero',
      'one',
      'two',
      'three',
    ]);
  });

  it('drops none in silence: the gap is shown after synced and 20 s, and closed by what comes late', async () => {
    const time = new FakeTime();
    const { clock, timers } = bo.platform;
    const platform = {
      ...bo.platform,
      clock: { now: () => clock.now(), monotonic: () => time.monotonic() },
      timers: { after: (ms: number, run: () => void) => (ms === GAP_CHECK_MS ? time : timers).after(ms, run) },
    };
    await bo.client.close();
    const watching = await people.reopen({ platform });
    await watching.online();
    await al.say(BO, 'one');
    await watching.until(({ texts }) => texts.length === 1);
    const dropped: Stored[] = [];
    server.lies.hand = (item) => {
      if (item.type !== 'deliver' || dropped.length > 0) return [item];
      dropped.push(item);
      return [];
    };
    await al.say(BO, 'two', 'three');
    await watching.until(({ texts }) => texts.includes('three'));
    await watching.until(() => watching.of('synced').length > 0);
    expect(watching.of('gap')).toEqual([]);
    for (let passed = 0; passed < GAP_WAIT_MS; passed += GAP_CHECK_MS) {
      expect(watching.of('gap')).toEqual([]);
      await checked(time);
    }
    await checked(time);
    await watching.until(() => watching.of('gap').length === 1);
    expect(watching.of('gap')).toMatchObject([{ from: AL, conversation: AL, first: 2, last: 2, why: 'missing' }]);
    delete server.lies.hand;
    for (const item of dropped) for (const device of server.accounts.devices(BO)) server.give(device, item);
    await watching.until(({ texts }) => texts.includes('two'));
    const lines = await watching.client.history.before(AL, 10);
    expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it.each(['header', 'body', 'slot'] as const)(
    'changes no byte of the %s unseen: it is kept, shown and not counted as delivered',
    async (part) => {
      const fresh = (text: string) => {
        const bytes = decodeBase64(text).slice();
        const last = bytes.length - 1;
        bytes[last] = (bytes[last] ?? 0) ^ 1;
        return encodeBase64(bytes);
      };
      server.lies.hand = (item) => (item.type === 'deliver' ? [{ ...item, [part]: fresh(item[part]) }] : [item]);
      await al.say(BO, 'as I wrote it');
      await bo.until(() => bo.of('unreadable').length === 1);
      delete server.lies.hand;
      const [id] = await al.say(BO, 'and this');
      await al.until(() => al.of('delivered').some((event) => event.id === id));
      await bo.until(({ texts }) => texts.length > 0);
      expect(bo.texts).toEqual(['and this']);
      expect(al.of('delivered')).toHaveLength(1);
    },
  );

  it('invents no delivery', async () => {
    const [device = ''] = server.accounts.devices(AL);
    const [byDevice = ''] = server.accounts.devices(BO);
    await bo.client.close();
    const [id = ''] = await al.say(BO, 'not there yet');
    const entries = [{ id, device: byDevice, tag: encodeBase64(nodeRandom(16)) }];
    const notice = {
      kind: 'delivered',
      conversation: encodeBase64(encodeConversation(directConversation(AL, BO))),
      by: BO,
      more: 0,
    } as const;
    server.give(device, { type: 'notice', notice: { ...notice, entries } });
    server.give(device, { type: 'notice', notice: { ...notice, entries: [{ id, device: byDevice }] } });
    const back = await people.reopen(bo);
    await back.online();
    await al.until(() => al.of('delivered').length > 0);
    const [line] = await al.client.history.before(BO, 1);
    expect(line?.sent?.recipients[BO]?.state).toBe('delivered');
    expect(al.of('delivered')).toHaveLength(1);
  });

  it('crashes nobody with items that are none', async () => {
    const [device = ''] = server.accounts.devices(BO);
    const rubbish = { type: 'deliver', slot: encodeBase64(new Uint8Array(80)), receivedAt: 1 } as const;
    for (const header of ['', 'AAAA', '!', encodeBase64(nodeRandom(200))])
      server.give(device, { ...rubbish, header, body: 'AAAA' });
    await bo.until(() => bo.of('unreadable').length === 4);
    await al.say(BO, 'still here?');
    await bo.until(({ texts }) => texts.includes('still here?'));
  });

  it('cannot make a message of a conversation of others, or my own back to me', async () => {
    const cy = await people.signUp('cy');
    await cy.online();
    await al.say(BO, 'for bo');
    const message = server.sends.at(-1);
    if (message === undefined) throw new Error('nothing was sent');
    const item = {
      type: 'deliver',
      header: message.header,
      body: message.body,
      slot: message.slots[0]?.slot ?? '',
      receivedAt: 1,
    } as const;
    for (const device of [...server.accounts.devices('cy@localhost'), ...server.accounts.devices(AL)])
      server.give(device, item);
    await cy.until(() => cy.of('unreadable').length === 1);
    await al.until(() => al.of('unreadable').length === 1);
    expect(cy.of('unreadable')[0]?.reason).toContain('conversation of others');
    expect(al.of('unreadable')[0]?.reason).toContain('sent the message itself');
  });

  it('gets a client that connects again when it leaves a number out', async () => {
    server.lies.hand = (item) => [Object.assign({ n: 7 }, item)];
    await al.say(BO, 'numbered wrongly');
    await bo.until(() => bo.of('trouble').length > 0);
    delete server.lies.hand;
    await bo.until(({ texts }) => texts.includes('numbered wrongly'));
  });
});
