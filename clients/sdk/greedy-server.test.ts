// What a server can make a client keep, ask and say has a bound, whatever it sends.
import { beforeEach, describe, expect, it } from 'vitest';
import { directConversation, encodeConversation } from '#protocol/address.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import type { NoticeBody } from '#protocol/frames/server.ts';
import { NOTICE_ENTRIES_MAX } from '#protocol/limits.ts';
import { nodeRandom } from './node/platform.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import type { People, Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

const CONVERSATION = encodeBase64(encodeConversation(directConversation(AL, BO)));

let server: ServerDouble;
let people: People;
let al: Person;
let bo: Person;

beforeEach(async () => {
  ({ server, people, al, bo } = await atDouble(['al', 'bo']));
});

const deviceOf = (address: string) => server.accounts.devices(address)[0] ?? '';

function notify(address: string, ...notices: NoticeBody[]): void {
  for (const notice of notices) server.give(deviceOf(address), { type: 'notice', notice });
}

describe('a notice of numbers that will not come', () => {
  const missed = (device: string, seqs: readonly number[]): NoticeBody => ({
    kind: 'missed',
    conversation: CONVERSATION,
    from: BO,
    device,
    seqs: [...seqs],
  });

  it('counts for as many numbers as a notice may have', async () => {
    await bo.say(AL, 'one');
    await al.until(({ texts }) => texts.length === 1);
    notify(
      AL,
      missed(
        deviceOf(BO),
        Array.from({ length: 2 * NOTICE_ENTRIES_MAX }, (_, index) => 2 + 2 * index),
      ),
    );
    await bo.say(AL, 'two');
    await al.until(({ texts }) => texts.length === 2);
    expect(al.of('gap').filter(({ why }) => why === 'missed')).toHaveLength(NOTICE_ENTRIES_MAX);
  });

  it('is about no device that its account does not have', async () => {
    await bo.say(AL, 'one');
    await al.until(({ texts }) => texts.length === 1);
    notify(AL, ...Array.from({ length: 50 }, () => missed(encodeBase64(nodeRandom(32)), [3])));
    await bo.say(AL, 'two');
    await al.until(({ texts }) => texts.length === 2);
    expect(al.of('gap')).toEqual([]);
  });
});

describe('a notice of refusal', () => {
  it('is told once, and not of what was delivered', async () => {
    const [delivered = ''] = await al.say(BO, 'one');
    await al.until(() => al.of('delivered').some(({ id }) => id === delivered));
    await bo.client.close();
    const [refused = ''] = await al.say(BO, 'two');
    const notice = { kind: 'refused', conversation: CONVERSATION, by: BO, code: 'over_quota' } as const;
    for (const id of [delivered, refused, refused, refused]) notify(AL, { ...notice, entries: [{ id }] });
    const back = await people.reopen(bo);
    await back.online();
    const synced = al.of('synced').length;
    server.dropAll();
    await al.until(() => al.of('synced').length > synced);
    expect(al.of('refused').map(({ id }) => id)).toEqual([refused]);
  });
});

describe('an answer that names people whose devices are not up to date', () => {
  it('makes a client ask for the logs of those alone whom the message is for', async () => {
    await people.signUp('cy');
    server.lies.stale = ['cy@localhost', 'dora@localhost'];
    await al.say(BO, 'one');
    delete server.lies.stale;
    // Whatever it asked for is answered before these are.
    await al.say(BO, 'two');
    await al.say(BO, 'three');
    expect((await al.client.contacts()).map(({ address }) => address)).toEqual([AL, BO]);
  });
});
