// What a mailbox does with what comes from a group's actor, which waits for no answer: messages and entries. Devices of al@localhost are
// a1, a2, …; the sender is b1 of bo@localhost.
import { describe, expect, test } from 'vitest';
import { GROUP_PROOFS_MAX_MEMBERS, KIB } from '#protocol/limits.ts';
import { AL, BO, Box, numbers, TEAM } from './mailbox.fixture.ts';

const CONVERSATION = `${AL} ${BO}`;
const FEW = { persons: GROUP_PROOFS_MAX_MEMBERS };
const MANY = { persons: GROUP_PROOFS_MAX_MEMBERS + 1 };

describe('a message to a group', () => {
  test('comes with the name of the group and its number there', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.message(7, FEW));
    expect(box.frames.get(1)).toContainEqual({
      type: 'deliver',
      ...{ n: 1, header: 'm7', body: 'x'.repeat(100), slot: 'slot of a1', receivedAt: box.now },
      group: { name: TEAM, number: 7 },
    });
    await box.turn(box.detach('a1', 1));
    await box.attach('a1', 2);
    expect(box.frames.get(2)).toMatchObject([{ header: 'm7', group: { name: TEAM, number: 7 } }, { type: 'synced' }]);
  });

  test('that is refused is refused for good, with a notice to its sender, and none has to wait for it', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB });
    await box.turn(box.message(1, { ...FEW, bodyChars: 2 * KIB }), box.message(2, FEW));
    const notice = {
      kind: 'refused',
      conversation: CONVERSATION,
      by: AL,
      entries: [{ id: 'id 1' }],
      code: 'over_quota',
    };
    expect(box.notices).toEqual([{ to: BO, notice }]);
    expect(await box.stored()).toEqual([['m2']]);
    expect(box.settled).toEqual(expect.arrayContaining(['m1', 'm2']));
    expect(box.plan.settled).toBeUndefined(); // only after the notice
    expect([...box.answers]).toEqual([]);
  });

  test('is not refused for quota if it may have been taken before a crash', async () => {
    const box = await Box.make(['a1'], { quotaBytes: KIB });
    await box.turn(box.message(1, { ...FEW, bodyChars: 2 * KIB, redelivered: true }));
    expect(await box.stored()).toEqual([['m1']]);
    expect(box.notices).toEqual([]);
  });

  test('without a slot for a device in use says so to its sender, once a turn, until late slots cover it', async () => {
    const box = await Box.make(['a1', 'a2']);
    const stale = { to: BO, notice: { kind: 'stale', conversation: CONVERSATION, by: AL } };
    await box.turn(box.message(1, FEW), box.message(2, FEW));
    expect(box.notices).toEqual([stale]);
    await box.turn(box.message(1, { ...FEW, to: ['a2'] }), box.message(3, { ...FEW, to: ['a1', 'a2'] }));
    expect(box.notices).toEqual([stale]);
    await box.attach('a2', 2);
    expect(box.pushed(2)).toEqual(['m1', 'm3', 'synced']);
  });

  test('for devices out of use alone is refused, and its sender told that there are others', async () => {
    const box = await Box.make(['a2']);
    await box.turn(box.message(1, { ...FEW, to: ['a1'] }));
    expect(box.notices.map(({ notice }) => notice)).toMatchObject([
      { kind: 'stale', by: AL },
      { kind: 'refused', code: 'stale_devices' },
    ]);
  });

  test('that was accepted and comes again is not refused after all, whatever became of its devices or the quota', async () => {
    const box = await Box.make(['a1', 'a2'], { quotaBytes: 4 * KIB });
    await box.turn(box.message(1, { ...FEW, to: ['a1', 'a2'] }));
    await box.turn(box.account(2, ['a1', 'a3']), box.message(1, { ...FEW, to: ['a2'] }));
    await box.turn(box.message(1, { ...FEW, to: ['a3'], bodyChars: 4 * KIB }));
    expect(box.notices.filter(({ notice }) => notice.kind === 'refused')).toEqual([]);
    expect(box.settled.filter((name) => name === 'm1')).toHaveLength(3);
  });

  test('needs no slot for the device that sent it, and slots for devices out of use are nobody’s concern', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.turn(box.message(1, { ...FEW, from: AL, device: 'a1', to: ['a2', 'gone'] }));
    expect(box.notices).toEqual([]);
  });
});

describe('of a message to a group its sender hears', () => {
  test('who took it, with the proof, where they are few', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.attach('a2', 2);
    const both = { to: ['a1', 'a2'] };
    await box.turn(box.message(1, { ...FEW, ...both }), box.message(2, { ...FEW, ...both }));
    await box.turn(box.ack('a1', 1, 2, [[1, 'tag']]), box.ack('a2', 2, 2));
    const entries = [
      { id: 'id 1', device: 'a1', by: AL, tag: 'tag' },
      { id: 'id 2', device: 'a1', by: AL },
    ];
    expect(box.notices).toEqual([{ to: BO, notice: { kind: 'group.delivered', conversation: CONVERSATION, entries } }]);
  });

  test('that one more took it, let it expire or was refused it, where they are many', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB });
    await box.attach('a1', 1);
    const expiresAt = box.now + 1_000;
    await box.turn(box.message(1, MANY));
    await box.turn(box.ack('a1', 1, 1, [[1, 'tag']]));
    await box.turn(box.detach('a1', 1));
    await box.turn(box.message(2, { ...MANY, expiresAt }), box.message(3, { ...MANY, bodyChars: 2 * KIB }));
    box.now = expiresAt;
    await box.turn(box.sweep());
    await box.reads();
    const counts = box.notices.flatMap(({ notice }) => (notice.kind === 'group.counted' ? notice.entries : []));
    expect(counts).toEqual([
      { id: 'id 1', delivered: 1, expired: 0, refused: 0 },
      { id: 'id 3', delivered: 0, expired: 0, refused: 1 },
      { id: 'id 2', delivered: 0, expired: 1, refused: 0 },
    ]);
    expect(box.notices.filter(({ to }) => to === BO).every(({ notice }) => notice.kind === 'group.counted')).toBe(true);
  });

  test('that it expired as of any message, where they are few', async () => {
    const box = await Box.make();
    const expiresAt = box.now + 1_000;
    await box.turn(box.message(1, { ...FEW, expiresAt }));
    box.now = expiresAt;
    await box.turn(box.sweep());
    await box.reads();
    const expired = { kind: 'expired', conversation: CONVERSATION, by: AL, entries: [{ id: 'id 1' }], more: 0 };
    expect(box.notices.filter(({ to }) => to === BO)).toEqual([{ to: BO, notice: expired }]);
  });

  test('that the own mailbox refused the copy for the own devices, whatever the number of persons', async () => {
    const box = await Box.make(['a1', 'a2'], { quotaBytes: KIB });
    await box.turn(box.message(1, { ...MANY, from: AL, device: 'a1', to: ['a2'], bodyChars: 2 * KIB }));
    expect(box.notices).toMatchObject([{ to: AL, notice: { kind: 'refused', by: AL } }]);
  });
});

describe('entries of a group', () => {
  test('come to every device, in their place among the messages, and are acked like them', async () => {
    const box = await Box.make(['a1', 'a2']);
    await box.attach('a1', 1);
    await box.turn(box.message(1, { ...FEW, to: ['a1', 'a2'] }), box.entries(2), box.message(3, FEW));
    expect(box.pushed(1)).toEqual(['synced', 'm1', 'e2', 'm3']);
    expect(box.frames.get(1)?.[2]).toEqual({
      type: 'entries',
      ...{ n: 2, name: TEAM, group: 'group id', number: 2, receivedAt: box.now },
      entries: [{ entry: 'x'.repeat(400), signature: 'signature' }],
    });
    await box.turn(box.ack('a1', 1, 3));
    await box.crash();
    await box.attach('a2', 2);
    expect(box.pushed(2)).toEqual(['m1', 'e2', 'synced']);
    await box.turn(box.ack('a2', 2, 2));
    expect(await box.stored()).toEqual([]);
    expect(box.notices.filter(({ notice }) => notice.kind !== 'stale')).toHaveLength(1); // of m1 and m3, taken by a1
  });

  test('are held for devices that are live, and never meet the store if all ack in time', async () => {
    const box = await Box.make();
    await box.attach('a1', 1);
    await box.turn(box.entries(1));
    expect(box.settled).not.toContain('e1');
    await box.turn(box.ack('a1', 1, 1));
    expect(box.settled).toContain('e1');
    expect(await box.stored()).toEqual([]);
  });

  test('are outside the quota of messages', async () => {
    const box = await Box.make(['a1'], { quotaBytes: 4 * KIB });
    await box.turn(...numbers(1, 9).map((n) => box.entries(n, { chars: KIB })), box.message(10));
    expect((await box.stored()).flat()).toHaveLength(10);
    await box.crash();
    await box.turn(box.message(11));
    expect((await box.stored()).flat().at(-1)).toBe('m11');
  });

  test('expire without a word: they are in the group’s log', async () => {
    const box = await Box.make();
    const expiresAt = box.now + 1_000;
    await box.turn(box.entries(1, { expiresAt }), box.message(2, FEW));
    box.now = expiresAt;
    await box.turn(box.sweep());
    await box.reads();
    expect(await box.stored()).toEqual([['-', 'm2']]);
    expect(box.notices).toEqual([]);
  });

  test('by one author take a quarter of the room for them, and all together no more than it, also after a crash', async () => {
    const box = await Box.make(['a1'], { noticesBytes: 8 * KIB });
    const chars = KIB - 310; // with signature and overhead a KiB, about
    const by = (name: string) => ({ chars, from: `${name}@localhost` });
    await box.turn(...numbers(1, 3).map((n) => box.entries(n, by('bo'))), box.entries(4, by('cy')));
    expect((await box.stored()).flat()).toEqual(['e1', 'e2', 'e4']);
    await box.crash();
    await box.turn(...numbers(5, 6).map((n) => box.entries(n, by('cy'))), box.entries(7, by('bo')));
    expect((await box.stored()).flat()).toEqual(['e1', 'e2', 'e4', 'e5']);
    await box.turn(...numbers(11, 16).map((n) => box.entries(n, by(`p${n}`))));
    expect((await box.stored()).flat()).toHaveLength(8);
    expect(box.settled.filter((name) => name.startsWith('e'))).toHaveLength(13);
  });

  test('reach whoever is there also when there is no room for them', async () => {
    const box = await Box.make(['a1', 'a2'], { noticesBytes: KIB });
    await box.attach('a1', 1);
    await box.turn(box.entries(1, { chars: 2 * KIB }));
    expect(box.pushed(1)).toEqual(['synced', 'e1']);
    await box.turn(box.ack('a1', 1, 1));
    expect(box.settled).toContain('e1');
    expect(await box.stored()).toEqual([]);
  });
});
