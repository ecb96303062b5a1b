import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { decodeText, encodeText } from '#protocol/bytes.ts';
import { bulkNacl } from '../crypto/bulk.nacl.ts';
import { BO, CHEAP, exampleAccount, PASSWORD, random } from './example.fixture.ts';
import { MemoryPlace, memoryStorage } from './memory-storage.ts';
import { createProfile } from './open.ts';
import type { Profile, Received } from './profile.ts';
import { wasmStretch } from './stretch-wasm.ts';

const OWN = exampleAccount();
const DEVICES = ['first', 'second', 'third'].map((name) => encodeBase64(encodeText(name.padEnd(32, '.'))));

/** A device that knows the devices of both, and has nothing yet. */
async function newDevice(): Promise<Profile> {
  const deps = { storage: memoryStorage(new MemoryPlace()), random, stretch: wasmStretch, bulk: bulkNacl };
  const profile = await createProfile(deps, OWN, PASSWORD, CHEAP);
  const firstSeen = Object.fromEntries(DEVICES.map((device) => [device, 0]));
  const pin = { address: BO, identity: random(32), log: [], firstSeen, verified: false, blocked: false };
  await profile.pins.update(BO, () => ({ pin }));
  return profile;
}

type Written = Received & { readonly name: string };

/** Messages as they were written: each by one of the devices, who had seen everything before, or only what is their own. */
function written(authors: readonly { readonly by: number; readonly sees: boolean }[]): Written[] {
  const heads = new Map<string, { seq: number; mh: Uint8Array }>();
  return authors.map(({ by, sees }, index) => {
    const device = DEVICES[by] ?? '';
    const before = heads.get(device);
    const mh = random(32);
    const name = `${index}`;
    const message: Written = {
      ...{ name, conversation: BO, from: BO, device, id: encodeBase64(random(16)), seq: (before?.seq ?? 0) + 1, mh },
      ...{ previous: before?.mh ?? new Uint8Array(32), order: 0, kind: 'text', content: encodeText(name) },
      ...{ sentAt: 1_000 + index, receivedAt: 9_000, takenAt: 9_000, expiry: 0, show: true },
      seen: sees
        ? [...heads].filter(([other]) => other !== device).map(([other, { seq, mh }]) => ({ device: other, seq, mh }))
        : [],
    };
    heads.set(device, message);
    return message;
  });
}

const lines = async (profile: Profile) =>
  (await profile.history.before(BO, 10_000)).map(({ content }) => decodeText(content));
const commit = (profile: Profile, messages: readonly Received[]) => profile.receiving.commitReceived({ messages });

describe('a conversation that comes late', () => {
  test('has its order, in whatever order the devices of its writers come online', async () => {
    const author = fc.record({ by: fc.nat({ max: 2 }), sees: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(author, { minLength: 1, maxLength: 30 }),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        async (authors, order) => {
          const all = written(authors);
          const profile = await newDevice();
          for (const by of order) {
            for (const message of all.filter(({ device }) => device === DEVICES[by])) {
              await commit(profile, [{ ...message, early: { elsewhere: true } }]);
            }
          }
          expect(await lines(profile)).toEqual(all.map(({ name }) => name));
          await profile.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('stands behind what its writers had, whatever their clocks say', async () => {
    const author = fc.record({ by: fc.nat({ max: 2 }), sees: fc.constant(true), sentAt: fc.nat() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(author, { minLength: 1, maxLength: 30 }),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        async (authors, order) => {
          const all = written(authors).map((message, index) => ({ ...message, sentAt: authors[index]?.sentAt ?? 0 }));
          const profile = await newDevice();
          await commit(
            profile,
            order.flatMap((by) => all.filter(({ device }) => device === DEVICES[by])),
          );
          expect(await lines(profile)).toEqual(all.map(({ name }) => name));
          await profile.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('finds room for 500 messages ahead of the first one that came, in either direction', async () => {
    const all = written(Array.from({ length: 501 }, () => ({ by: 0, sees: false })));
    const names = all.map(({ name }) => name);
    for (const earlier of [all.slice(0, 500), all.slice(0, 500).reverse()]) {
      const profile = await newDevice();
      await commit(profile, [...all.slice(500), ...earlier]);
      expect(await lines(profile)).toEqual(names);
      await profile.close();
    }
  });

  test('finds room for a hundred messages between two of somebody else', async () => {
    const authors = [1, ...Array.from({ length: 100 }, () => 0), 1].map((by) => ({ by, sees: false }));
    const all = written(authors).map((message) => ({ ...message, early: { elsewhere: true } }));
    const profile = await newDevice();
    await commit(profile, [...all.filter(({ device }) => device === DEVICES[1]), ...all.slice(1, 101)]);
    expect(await lines(profile)).toEqual(all.map(({ name }) => name));
    await profile.close();
  });
});

describe('what was read', () => {
  test('leaves unread what comes late among it, until it is read or deleted', async () => {
    const profile = await newDevice();
    const [one, two, three] = written([1, 1, 1].map((by) => ({ by, sees: false }))) as [Written, Written, Written];
    const unread = async () => (await profile.history.conversation(BO))?.unread;
    const readAll = async () =>
      profile.history.markRead(
        BO,
        (await profile.history.before(BO, 10)).map(({ position }) => position),
      );
    await profile.history.deleteExpired(0);
    await commit(profile, [three]);
    await readAll();
    await commit(profile, [one]);
    expect(await unread()).toEqual({ [BO]: 1 });
    await readAll();
    expect(await unread()).toEqual({});
    await commit(profile, [{ ...two, expiry: 5_000 }]);
    expect(await unread()).toEqual({ [BO]: 1 });
    await profile.history.deleteExpired(5_000);
    expect(await unread()).toEqual({});
    await profile.close();
  });

  test('is counted right through any mixture of coming, reading and expiring', async () => {
    const step = fc.record({ act: fc.constantFrom('come', 'come', 'read', 'expire'), at: fc.nat({ max: 29 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const all = written(Array.from({ length: 30 }, () => ({ by: 0, sees: false })));
        const profile = await newDevice();
        await profile.history.deleteExpired(0);
        const unread = new Set<string>();
        const late = new Set<number>();
        let now = 0;
        let read = 0;
        for (const { act, at } of steps) {
          const message = all[at];
          if (message === undefined) continue;
          const expiry = 10_000 + at;
          const here = await profile.history.before(BO, 100);
          if (act === 'come') {
            const [result] = await commit(profile, [{ ...message, expiry, show: expiry > now }]);
            if (result?.result !== 'fresh' || expiry <= now) continue;
            unread.add(message.name);
            if (result.position <= read) late.add(result.position);
          } else if (act === 'read') {
            const upTo = here[at % Math.max(1, here.length)];
            if (upTo === undefined) continue;
            read = Math.max(read, upTo.position);
            await profile.history.markRead(BO, [upTo.position]);
            late.delete(upTo.position);
            for (const line of here) {
              if (line.position <= read && !late.has(line.position)) unread.delete(decodeText(line.content));
            }
          } else {
            now = Math.max(now, expiry);
            await profile.history.deleteExpired(now);
            for (const { name } of all) if (10_000 + Number(name) <= now) unread.delete(name);
          }
          const counted = (await profile.history.conversation(BO))?.unread[BO] ?? 0;
          expect(counted).toBe(unread.size);
          const shown = await profile.history.unread(BO, 0, 100);
          const names = [...shown.late, ...shown.fresh].map(({ content }) => decodeText(content));
          expect(new Set(names)).toEqual(unread);
          const further = await profile.history.late(BO);
          expect(further.map(({ content }) => decodeText(content)).every((name) => unread.has(name))).toBe(true);
        }
        await profile.close();
      }),
      { numRuns: 60 },
    );
  });

  test('is not what an earlier device has', async () => {
    const profile = await newDevice();
    const [one, two] = written([1, 1].map((by) => ({ by, sees: false }))) as [Written, Written];
    await commit(profile, [{ ...one, early: { elsewhere: true } }, two]);
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 1 });
    await profile.history.markRead(BO, [1]);
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 1 });
    await profile.close();
  });

  test('hides nothing that came late among it: what was not shown stays unread, and is found', async () => {
    const profile = await newDevice();
    const all = written(Array.from({ length: 70 }, () => ({ by: 1, sees: false })));
    const held = all[1] as Written; // one of seventy
    await commit(
      profile,
      all.filter((message) => message !== held),
    );
    const shown = async () => (await profile.history.before(BO, 50)).map(({ position }) => position);
    await profile.history.markRead(BO, await shown());
    await commit(profile, [held]);
    await profile.history.markRead(BO, await shown());
    expect((await profile.history.conversation(BO))?.unread).toEqual({ [BO]: 1 });
    const late = await profile.history.late(BO);
    expect(late.map(({ content }) => decodeText(content))).toEqual([held.name]);
    await profile.history.markRead(
      BO,
      late.map(({ position }) => position),
    );
    expect((await profile.history.conversation(BO))?.unread).toEqual({});
    expect(await profile.history.late(BO)).toEqual([]);
    await profile.close();
  });
});

describe('a correspondent who lies about what he has seen', () => {
  const [own = '', other = ''] = DEVICES;
  /** Messages of another own device and of the correspondent's, each with what it names as seen. */
  const say = (by: string, seq: number, name: string, seen: Received['seen'] = []): Written => ({
    ...{ name, conversation: BO, device: by, id: encodeBase64(random(16)), seq, mh: random(32), order: 0, seen },
    ...{ from: by === own ? OWN.address : BO, kind: 'text', content: encodeText(name), expiry: 0, show: true },
    ...{ previous: seq === 1 ? new Uint8Array(32) : random(32), sentAt: 1_000, receivedAt: 1_000, takenAt: 1_000 },
    ...(by === own ? { own: { k: random(32), recipients: [BO] } } : {}),
  });

  test('puts no answer of another own device ahead of what that device names as seen', async () => {
    const profile = await newDevice();
    const last = { device: own, seq: Number.MAX_SAFE_INTEGER, mh: random(32) };
    const question = say(other, 1, 'question', [last]);
    const more = say(other, 2, 'more');
    await commit(profile, [question, more]);
    await commit(profile, [say(own, 1, 'answer', [{ device: other, seq: 1, mh: question.mh }])]);
    await commit(profile, [say(own, 2, 'another', [{ device: other, seq: 2, mh: more.mh }])]);
    await commit(profile, [say(own, 3, 'a third')]);
    expect(await lines(profile)).toEqual(['question', 'more', 'answer', 'another', 'a third']);
    await profile.close();
  });

  test('puts nothing ahead of a line that names another message in its place', async () => {
    const profile = await newDevice();
    const question = say(other, 1, 'question', [{ device: own, seq: 1, mh: random(32) }]);
    await commit(profile, [question]);
    await commit(profile, [say(own, 1, 'answer')]);
    expect(await lines(profile)).toEqual(['question', 'answer']);
    await profile.close();
  });

  test.each([
    ['receivedAt', 'alone'],
    ['takenAt', 'with a server that lies about when they came'],
  ])('cannot hide (%s) that his words came after the answer that they stand above, %s', async (time) => {
    const profile = await newDevice();
    const question = { ...say(other, 2, 'question'), previous: random(32) };
    await commit(profile, [question, say(own, 1, 'answer', [{ device: other, seq: 2, mh: question.mh }])]);
    await commit(profile, [{ ...say(other, 1, 'a condition'), sentAt: 999, [time]: 900_000 }]);
    const entries = await profile.history.before(BO, 10);
    expect(entries.map(({ content, late, receivedAt }) => [decodeText(content), late, receivedAt])).toEqual([
      ['a condition', true, 900_000],
      ['question', undefined, 1_000],
      ['answer', undefined, 1_000],
    ]);
    await profile.close();
  });
});

test('a liar who names numbers that do not exist makes nothing grow beyond its bound', async () => {
  const storage = memoryStorage(new MemoryPlace());
  const profile = await createProfile({ storage, random, stretch: wasmStretch, bulk: bulkNacl }, OWN, PASSWORD, CHEAP);
  const [device = ''] = DEVICES;
  const pin = { address: BO, identity: random(32), log: [], verified: false, blocked: false };
  await profile.pins.update(BO, () => ({ pin: { ...pin, firstSeen: { [device]: 0 } } }));
  const liar = written(Array.from({ length: 600 }, () => ({ by: 1, sees: false })));
  await commit(
    profile,
    liar.map((message, index) => ({
      ...message,
      seen: [
        { device, seq: 1_000 + index, mh: random(32) },
        { device: encodeBase64(random(32)), seq: 1, mh: random(32) },
      ],
    })),
  );
  const claims = await storage.read((tx) => tx.range(18, {}));
  expect(claims).toHaveLength(1);
  expect(claims[0]?.value.length).toBeLessThan(32_768);
  expect(await lines(profile)).toEqual(liar.map(({ name }) => name));
  await profile.close();
});
