// The outbox and what becomes of sent messages, on whatever storage.
import { expect, test } from 'vitest';
import { BO, exampleMessage, random } from './example.fixture.ts';
import type { Addressees, Profile } from './profile.ts';
import { type ProfileOn, printed, told } from './profile-on.fixture.ts';

export function sendingContract({ start }: ProfileOn): void {
  test('numbers of a conversation run from 1, quote the predecessor, and are oldest first in the outbox', async () => {
    const { profile } = await start();
    const quoted: [number, Uint8Array][] = [];
    const message = (conversation: string) => {
      const plain = exampleMessage({ conversation });
      return exampleMessage({
        conversation,
        seal: (seq, previous) => {
          quoted.push([seq, previous]);
          return plain.seal(seq, previous);
        },
      });
    };
    const items = await profile.sending.enqueue([message(BO), message('x@y'), message(BO)]);
    expect(quoted).toEqual([
      [1, new Uint8Array(32)],
      [1, new Uint8Array(32)],
      [2, items[0]?.mh],
    ]);
    expect(await profile.sending.outbox(0, 10)).toEqual(items);
    expect(await profile.sending.outbox(items[0]?.number ?? 0, 1)).toEqual([items[1]]);
    await expect(
      profile.sending.enqueue([
        message(BO),
        exampleMessage({
          seal: () => {
            throw new Error('no');
          },
        }),
      ]),
    ).rejects.toThrow('no');
    expect((await profile.sending.enqueue([message(BO)]))[0]?.seq).toBe(3);
  });

  test('two users of one profile never use a number twice', async () => {
    const { profile, again } = await start();
    const both = [profile, await again()];
    const items = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (both[i % 2] as Profile).sending.enqueue([exampleMessage()])), // two of them
    );
    expect(
      items
        .flat()
        .map(({ seq }) => seq)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test('states of a sent message only rise, and each rise is one event', async () => {
    const { profile, account } = await start();
    const [item] = await profile.sending.enqueue([exampleMessage()]);
    if (!item) throw new Error('nothing was enqueued');
    const change = { device: account.device, id: item.id, by: BO, at: 9 };
    await profile.sending.accepted([item.number, 77], 5);
    expect(await profile.sending.outboxSize()).toBe(0);
    const stranger = { ...change, by: 'x@y', state: 'delivered' } as const;
    expect(
      await profile.sending.raise([{ ...change, state: 'delivered' }, { ...change, state: 'expired' }, stranger]),
    ).toEqual([true, false, false]);
    const sent = await profile.sending.sent(account.device, item.id);
    expect(sent).toMatchObject({ outcome: 'accepted', recipients: { [BO]: { state: 'delivered', at: 9 } }, k: item.k });
    expect((await profile.history.before(BO, 1))[0]?.sent).toEqual(sent);
    expect(told(await printed(profile))).toEqual(['delivered']);
  });

  test('a message sealed anew keeps its number, and its successor is told of the new hash', async () => {
    const { profile } = await start();
    const [first, second] = await profile.sending.enqueue([exampleMessage(), exampleMessage()]);
    if (!first || !second) throw new Error('nothing was enqueued');
    const mh = random(32);
    const anew = { ...exampleMessage().seal(1, mh), mh };
    const outdated = async () => (await profile.sending.outbox(0, 2)).map((item) => item.outdated ?? false);
    expect(await outdated()).toEqual([false, false]);
    expect(await profile.sending.reseal(first.number, (item) => ({ ...anew, id: item.id }))).toBe(true);
    expect(await outdated()).toEqual([false, true]);
    let quoted: Uint8Array | undefined;
    await profile.sending.giveUp(second.number, 'over_quota', (item, previous) => {
      quoted = previous;
      return { ...anew, id: item.id };
    });
    expect(quoted).toEqual(mh);
    expect(await outdated()).toEqual([false, false]);
    await profile.sending.accepted([second.number], 5);
    expect(await profile.sending.sent(second.id ? (await profile.account.get()).device : '', second.id)).toMatchObject({
      outcome: 'given_up',
      recipients: { [BO]: { state: 'pending' } },
    });
    await profile.sending.drop(first.number, 'bad_envelope');
    expect(await profile.sending.outboxSize()).toBe(0);
    expect(await profile.sending.reseal(first.number, () => anew)).toBe(false);
  });

  test('a message sealed anew for other people counts for those, and no more for the others', async () => {
    const { profile, account } = await start();
    const [item] = await profile.sending.enqueue([exampleMessage()]);
    if (!item) throw new Error('nothing was enqueued');
    const CY = 'cy@parley.example';
    const toThem = (people: Addressees) => {
      const anew = exampleMessage().seal(1, random(32));
      return profile.sending.reseal(item.number, ({ id }) => ({ ...anew, id, people }));
    };
    await toThem({ recipients: [CY] });
    await profile.sending.accepted([item.number], 5);
    const delivered = (by: string) => ({ device: account.device, id: item.id, by, state: 'delivered', at: 9 }) as const;
    expect(await profile.sending.raise([delivered(BO), delivered(CY)])).toEqual([false, true]);
    const [next] = await profile.sending.enqueue([exampleMessage()]);
    if (!next) throw new Error('nothing was enqueued');
    await profile.sending.reseal(next.number, ({ id }) => ({
      ...{ ...exampleMessage().seal(2, random(32)), id },
      people: { recipients: [], counted: 70 },
    }));
    const counts = { of: 70, delivered: 0, expired: 0, refused: 0 };
    expect(await profile.sending.sent(account.device, next.id)).toMatchObject({ recipients: {}, counts });
  });

  test('late slots are possible until the sealed bytes are forgotten', async () => {
    const { profile, account } = await start();
    const items = await profile.sending.enqueue([1, 2, 3].map((createdAt) => exampleMessage({ createdAt })));
    await profile.sending.accepted(
      items.map(({ number }) => number),
      5,
    );
    const bodies = async (address: string, since: number) =>
      (await profile.sending.lateCandidates(address, since, 0, 10)).map(({ body }) => body);
    expect(await bodies(BO, 2)).toEqual(items.slice(1).map(({ body }) => body));
    expect(await bodies(account.address, 0)).toHaveLength(3);
    expect(await bodies('x@y', 0)).toEqual([]);
    await profile.sending.slotted(items[0]?.id ?? '', ['new device']);
    expect((await profile.sending.lateCandidates(BO, 0, 0, 1))[0]?.slotted).toContain('new device');
    expect(await profile.sending.forgetSealed(3)).toBe(2);
    expect(await bodies(BO, 0)).toEqual([items[2]?.body]);
  });
}
