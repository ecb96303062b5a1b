// What every profile does, on whatever storage: run by the tests of each storage.
import { afterEach, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { decodeText } from '#protocol/bytes.ts';
import { BO, CHEAP, exampleAccount, exampleChain, exampleMessage, PASSWORD, random } from './example.ts';
import { createProfile, openProfile } from './open.ts';
import type { Profile, ProfileEvent, Received } from './profile.ts';
import type { StoragePlace } from './storage.contract.ts';
import { wasmStretch } from './stretch-wasm.ts';
import { UNREADABLE_KEPT_MAX_BYTES, UNREADABLE_KEPT_MAX_ITEMS } from './unreadable.ts';

export function profileContract(newPlace: () => StoragePlace): void {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const deps = (place: StoragePlace) => ({ storage: place.open(), random, stretch: wasmStretch });

  async function start() {
    const place = newPlace();
    ends.push(() => place.remove());
    const account = exampleAccount();
    const closing = (profile: Profile) => {
      ends.push(() => profile.close());
      return profile;
    };
    const profile = closing(await createProfile(deps(place), account, PASSWORD, CHEAP));
    const again = async (password = PASSWORD) => closing(await openProfile(deps(place), password));
    return { place, account, profile, again };
  }

  async function printed(profile: Profile, limit = 1_000): Promise<ProfileEvent[]> {
    const events: ProfileEvent[] = [];
    await profile.events.printNext(limit, (event) => {
      events.push(event);
      return 'more';
    });
    return events;
  }
  const told = (events: ProfileEvent[]) =>
    events.map((event) => (event.type === 'message' ? decodeText(event.entry.content) : event.type));
  const texts = async (profile: Profile) =>
    (await profile.history.before(BO, 100)).map(({ content }) => decodeText(content));

  test('the account is found again, with the same keys, under its password in either normal form', async () => {
    const { account, again } = await start();
    const opened = await again(PASSWORD.normalize('NFD'));
    expect(await opened.account.get()).toEqual({ ...account, passwordVersionSeen: 0, passwordChanged: false });
  });

  test('a wrong password, a missing profile and a second one are said as what they are', async () => {
    const { place, again } = await start();
    await expect(again('wrong')).rejects.toMatchObject({ problem: 'wrong_password' });
    const second = createProfile(deps(place), exampleAccount(), PASSWORD, CHEAP);
    await expect(second).rejects.toMatchObject({ problem: 'exists' });
    const empty = newPlace();
    await expect(openProfile(deps(empty), PASSWORD)).rejects.toMatchObject({ problem: 'missing' });
    empty.remove();
  });

  test('a password changed elsewhere is asked for until the key is wrapped under it; then the old one opens nothing', async () => {
    const { profile, again } = await start();
    await profile.account.sawPasswordVersion(1);
    expect((await (await again()).account.get()).passwordChanged).toBe(true);
    await profile.account.rewrap('the new one', 1);
    expect((await (await again('the new one')).account.get()).passwordChanged).toBe(false);
    await expect(again()).rejects.toMatchObject({ problem: 'wrong_password' });
  });

  test('session numbers rise and are never given twice to two users of one profile', async () => {
    const { profile, again } = await start();
    const both = [profile, await again()];
    const given = await Promise.all(both.flatMap((one) => [1, 2, 3].map(() => one.account.nextSessionNumber())));
    expect(given.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('pins change in one transaction with their events; a change that throws changes nothing', async () => {
    const { profile } = await start();
    const pin = { address: BO, identity: random(32), log: [], firstSeen: {}, verified: false, blocked: false };
    const event = { type: 'identity', address: BO, change: 'changed', at: 5 } as const;
    await profile.pins.update(BO, () => ({ pin, events: [event] }));
    const throwing = profile.pins.update(BO, () => {
      throw new Error('no');
    });
    await expect(throwing).rejects.toThrow('no');
    await profile.pins.update(BO, (known) => known && { pin: { ...known, verified: true } });
    expect(await profile.pins.get(BO)).toEqual({ ...pin, verified: true });
    expect(await profile.pins.list()).toHaveLength(1);
    expect(await printed(profile)).toEqual([{ number: 1, ...event }]);
  });

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
    expect(await profile.sending.reseal(first.number, (item) => ({ ...anew, id: item.id }))).toBe(true);
    let quoted: Uint8Array | undefined;
    await profile.sending.giveUp(second.number, 'over_quota', (item, previous) => {
      quoted = previous;
      return { ...anew, id: item.id };
    });
    expect(quoted).toEqual(mh);
    await profile.sending.accepted([second.number], 5);
    expect(await profile.sending.sent(second.id ? (await profile.account.get()).device : '', second.id)).toMatchObject({
      outcome: 'given_up',
      recipients: { [BO]: { state: 'pending' } },
    });
    await profile.sending.drop(first.number, 'bad_envelope');
    expect(await profile.sending.outboxSize()).toBe(0);
    expect(await profile.sending.reseal(first.number, () => anew)).toBe(false);
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

  test('a message counts once for ever; another one in its place is a fork, kept and shown', async () => {
    const { profile, again } = await start();
    const [message] = exampleChain(1) as [Received];
    const other = { ...message, mh: random(32) };
    const sameSeq = { ...other, id: encodeBase64(random(16)) };
    expect(await profile.receiving.commitReceived({ messages: [message, message] })).toMatchObject([
      { result: 'fresh', forked: false },
      { result: 'repeat' },
    ]);
    const results = await (await again()).receiving.commitReceived({ messages: [message, other, sameSeq] });
    expect(results.map(({ result }) => result)).toEqual(['repeat', 'fork', 'fork']);
    expect(await texts(profile)).toEqual(['text 1']);
    expect(told(await printed(profile))).toEqual(['text 1', 'unreadable', 'unreadable']);
    expect((await profile.receiving.unreadable(10)).map(({ reason }) => reason)).toEqual(['fork', 'fork']);
  });

  test('a predecessor that differs from the known one is a fork, and the message is still shown', async () => {
    const { profile } = await start();
    const [one, two, three] = exampleChain(3) as [Received, Received, Received];
    const commit = async (message: Received) => (await profile.receiving.commitReceived({ messages: [message] }))[0];
    expect(await commit(one)).toMatchObject({ forked: false });
    expect(await commit(three)).toMatchObject({ forked: false });
    expect(await commit({ ...two, mh: random(32) })).toMatchObject({ result: 'fresh', forked: true });
    expect(await texts(profile)).toEqual(['text 1', 'text 2', 'text 3']);
  });

  test('a late message takes its place in the order of its sender, whatever stands between', async () => {
    const { profile } = await start();
    const chain = exampleChain(6);
    const others = exampleChain(2).map((message) => ({ ...message, from: 'x@y' }));
    const at = (...seqs: number[]) => seqs.map((seq) => chain[seq - 1] as Received); // 1 to 6
    await profile.receiving.commitReceived({ messages: [...at(1), others[0] as Received, ...at(5)] }); // two of them
    await profile.receiving.commitReceived({ messages: at(3, 4, 2, 6) });
    const mine = (await profile.history.after(BO, 100, 0)).filter(({ from }) => from === BO);
    expect(mine.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(told(await printed(profile))).toEqual([
      'text 1',
      'text 1',
      'text 5',
      'text 3',
      'text 4',
      'text 2',
      'text 6',
    ]);
  });

  test('gaps are listed until they are filled, shown, or said to be missed', async () => {
    const { profile } = await start();
    const chain = exampleChain(20);
    const [first] = chain as [Received];
    const { conversation, from, device } = first;
    const commit = (...seqs: number[]) =>
      profile.receiving.commitReceived({ messages: seqs.map((seq) => chain[seq - 1] as Received) }); // 1 to 20
    const open = async () => (await profile.receiving.gaps(1e9)).map((gap) => [gap.first, gap.last]);
    await commit(3, 8, 12);
    expect(await open()).toEqual([
      [4, 7],
      [9, 11],
    ]);
    expect(await profile.receiving.gaps(0)).toEqual([]);
    await commit(5, 9, 10, 11);
    expect(await open()).toEqual([
      [4, 4],
      [6, 7],
    ]);
    await profile.receiving.commitReceived({
      messages: [],
      missed: [{ conversation, from, device, seqs: [4, 5, 13, 14], at: 7 }],
    });
    expect(await open()).toEqual([[6, 7]]);
    await commit(15, 1);
    await profile.receiving.showGaps(await profile.receiving.gaps(1e9), 8);
    expect(await open()).toEqual([]);
    const gaps = (await printed(profile)).filter((event) => event.type === 'gap');
    expect(gaps.map(({ first, last, why }) => [first, last, why])).toEqual([
      [4, 4, 'missed'],
      [13, 14, 'missed'],
      [6, 7, 'missing'],
    ]);
    expect(await profile.receiving.heads(conversation)).toEqual([{ device, seq: 15, order: 0, mh: chain[14]?.mh }]);
    expect(await profile.receiving.mhOf(conversation, device, 9)).toEqual(chain[8]?.mh);
  });

  test('unread messages are counted by sender until they are read', async () => {
    const { profile } = await start();
    const other = exampleChain(1).map((message) => ({ ...message, from: 'x@y' }));
    await profile.receiving.commitReceived({ messages: [...exampleChain(3), ...other] });
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 3, 'x@y': 1 });
    const second = (await profile.history.after(BO, 2, 0))[1];
    await profile.history.markRead(BO, second?.position ?? 0);
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 1, 'x@y': 1 });
    const all = await profile.history.conversations();
    await profile.history.markRead(BO, all[0]?.lastPosition ?? 0);
    expect((await profile.history.conversation(BO))?.unread).toEqual({});
  });

  test('history is paged backwards and forwards without holes or repeats', async () => {
    const { profile } = await start();
    await profile.receiving.commitReceived({ messages: exampleChain(10) });
    const seqs: number[] = [];
    for (
      let page = await profile.history.before(BO, 4);
      page[0];
      page = await profile.history.before(BO, 4, page[0].position)
    ) {
      seqs.unshift(...page.map(({ seq }) => seq));
    }
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const forward = await profile.history.after(BO, 4, (await profile.history.after(BO, 4, 0))[3]?.position ?? 0);
    expect(forward.map(({ seq }) => seq)).toEqual([5, 6, 7, 8]);
  });

  test('an expired message is deleted, no longer unread or printed, and still no second one in its place', async () => {
    const { profile } = await start();
    const hour = 3_600_000;
    const chain = exampleChain(3).map((message, i) => ({ ...message, expiry: [0, 5 * hour + 7, 900 * hour][i] ?? 0 }));
    expect(await profile.history.deleteExpired(hour)).toBe(0);
    await profile.receiving.commitReceived({ messages: chain });
    expect(await profile.history.deleteExpired(5 * hour + 6)).toBe(0);
    expect(await profile.history.deleteExpired(5 * hour + 7)).toBe(1);
    expect(await texts(profile)).toEqual(['text 1', 'text 3']);
    expect(await profile.history.deleteExpired(2_000 * hour)).toBe(1);
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 1 });
    expect(told(await printed(profile))).toEqual(['text 1']);
    expect(await profile.receiving.commitReceived({ messages: chain.slice(1) })).toEqual([
      { result: 'repeat' },
      { result: 'repeat' },
    ]);
  });

  test('a copy from an own other device is never unread and takes tags', async () => {
    const { profile, account } = await start();
    const own = { k: random(32), recipients: [BO] };
    const [copy] = exampleChain(1, { from: account.address, own }) as [Received];
    await profile.receiving.commitReceived({ messages: [copy] });
    expect((await profile.history.conversation(BO))?.unread).toEqual({});
    const { device, id } = copy;
    expect(await profile.sending.raise([{ device, id, by: BO, state: 'delivered', byDevice: 'd', at: 1 }])).toEqual([
      true,
    ]);
    expect((await profile.history.before(BO, 1))[0]?.sent?.recipients).toEqual({
      [BO]: { state: 'delivered', device: 'd', at: 1 },
    });
  });

  test('every event is printed by one user of the profile, in order, also beyond a limit and after a failing print', async () => {
    const { profile, again } = await start();
    const other = await again();
    await profile.receiving.commitReceived({ messages: exampleChain(700) });
    expect(await printed(profile, 3)).toHaveLength(3);
    const failing = other.events.printNext(10, () => {
      throw new Error('closed pipe');
    });
    await expect(failing).rejects.toThrow('closed pipe');
    const enough = await other.events.printNext(10, () => 'enough');
    expect(enough).toEqual({ printed: 1, busy: false, more: true });
    let inner: Awaited<ReturnType<Profile['events']['printNext']>> | undefined;
    const numbers = (await printed(other)).map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 696 }, (_, i) => i + 5));
    await profile.events.append([{ type: 'identity', address: BO, change: 'accepted', at: 1 }]);
    const busy = Promise.withResolvers<void>();
    await profile.events.printNext(10, () => {
      void other.events
        .printNext(10, () => 'more')
        .then((result) => {
          inner = result;
          busy.resolve();
        });
      return 'more';
    });
    await busy.promise;
    expect(inner?.printed).toBe(0);
    expect(await printed(await again())).toEqual([]);
  });

  test('closing stops who prints at the next event; whoever opens the profile then prints the rest, none twice', async () => {
    const { profile, again } = await start();
    await profile.receiving.commitReceived({ messages: exampleChain(200) });
    const numbers: number[] = [];
    let closed: Promise<void> | undefined;
    await profile.events.printNext(1_000, ({ number }) => {
      numbers.push(number);
      if (number === 100) closed = profile.close();
      return 'more';
    });
    await closed;
    expect(numbers).toHaveLength(100);
    await expect(printed(profile)).rejects.toMatchObject({ problem: 'no_access' });
    numbers.push(...(await printed(await again())).map(({ number }) => number));
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  test('what cannot be opened is kept and shown', async () => {
    const { profile } = await start();
    const item = { reason: 'slot', from: BO, header: 'aGVhZA==', body: 'Ym9keQ==', slot: 'c2xvdA==', receivedAt: 3 };
    await profile.receiving.commitReceived({ messages: [], unreadable: [item] });
    expect(await profile.receiving.unreadable(5)).toEqual([{ ...item, number: 1 }]);
    expect(await printed(profile)).toEqual([{ number: 1, type: 'unreadable', reason: 'slot', from: BO, at: 3 }]);
  });

  test('of what cannot be opened the oldest bytes are dropped where there are too many, and every line stays', async () => {
    const { profile } = await start();
    const body = 'A'.repeat(UNREADABLE_KEPT_MAX_BYTES / 4);
    for (let at = 1; at <= 6; at++) {
      await profile.receiving.commitReceived({ messages: [], unreadable: [{ reason: 'slot', body, receivedAt: at }] });
    }
    const kept = await profile.receiving.unreadable(10);
    expect(kept.map((item) => [item.receivedAt, item.body?.length])).toEqual([
      ...[6, 5, 4, 3].map((at) => [at, body.length]),
      ...[2, 1].map((at) => [at, undefined]),
    ]);
    const small = Array.from({ length: UNREADABLE_KEPT_MAX_ITEMS }, () => ({
      reason: 'slot',
      body: 'AA',
      receivedAt: 7,
    }));
    await profile.receiving.commitReceived({ messages: [], unreadable: small });
    const all = await profile.receiving.unreadable(2_000);
    expect(all).toHaveLength(UNREADABLE_KEPT_MAX_ITEMS + 6);
    expect(all.filter((item) => item.body !== undefined)).toHaveLength(UNREADABLE_KEPT_MAX_ITEMS);
  });

  test('what comes from somebody who is blocked counts once and in order, and is told by no event', async () => {
    const { profile } = await start();
    const [one, two, , four, five] = exampleChain(5).map((message) => ({ ...message, show: false, quiet: true }));
    const commit = async (...messages: (Received | undefined)[]) =>
      profile.receiving.commitReceived({ messages: messages.filter((message) => message !== undefined) });
    await commit(one, two, four);
    expect(await commit(two && { ...two, mh: random(32) })).toEqual([{ result: 'fork' }]);
    expect(await commit(two, five && { ...five, previous: random(32) })).toMatchObject([{ result: 'repeat' }, {}]);
    expect(await printed(profile)).toEqual([]);
    expect(await profile.receiving.gaps(Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect(await profile.receiving.unreadable(5)).toEqual([]);
  });

  test('a message that had expired when it came is told as missed, once, whether a notice says so before or after', async () => {
    const { profile } = await start();
    const [one, two, three] = exampleChain(3).map((message) => ({ ...message, show: false, late: true }));
    if (!one || !two || !three) throw new Error('a chain of three');
    const { conversation, from, device } = one;
    const missed = (seq: number) => [{ conversation, from, device, seqs: [seq], at: 9 }];
    await profile.receiving.commitReceived({
      messages: [{ ...one, show: true, late: false }, two, two],
      missed: missed(2),
    });
    await profile.receiving.commitReceived({ messages: [], missed: missed(3) });
    await profile.receiving.commitReceived({ messages: [three] });
    const gaps = (await printed(profile)).filter(({ type }) => type === 'gap');
    expect(gaps).toMatchObject([
      { first: 2, last: 2, why: 'missed' },
      { first: 3, last: 3, why: 'missed' },
    ]);
  });

  test('only one user of the profile may receive, until it stops', async () => {
    const { profile, again } = await start();
    const other = await again();
    const held = await profile.tryReceiverLock();
    expect(await other.tryReceiverLock()).toBeUndefined();
    held?.release();
    expect(await other.tryReceiverLock()).toBeDefined();
  });

  test('records exchanged for one another, or changed, are refused', async () => {
    const { place, profile } = await start();
    await profile.receiving.commitReceived({ messages: exampleChain(2) });
    const storage = place.open();
    ends.push(() => storage.close());
    await storage.write(async (tx) => {
      const [one, two] = await tx.range(6, {});
      if (!one || !two) throw new Error('history is elsewhere');
      await tx.put(6, one.key, two.value);
      await tx.put(6, two.key, one.value);
    });
    await expect(texts(profile)).rejects.toMatchObject({ problem: 'corrupt' });
  });

  test('after erase there is no profile, and a new one can be made', async () => {
    const { place, profile } = await start();
    await profile.erase();
    const anew = await createProfile(deps(place), exampleAccount(), PASSWORD, CHEAP);
    expect(await anew.sending.outboxSize()).toBe(0);
    await anew.close();
  });
}
