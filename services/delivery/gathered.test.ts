// How the notices of a group's members reach who wrote to it: gathered, at most four items a second, none lost. Devices of al@localhost,
// who wrote, are a1, a2, …
import { describe, expect, test } from 'vitest';
import type { NoticeBody } from '#protocol/frames/server.ts';
import { NOTICE_ENTRIES_MAX } from '#protocol/limits.ts';
import { GATHER_MS } from './gathered.ts';
import { Box, numbers } from './mailbox.fixture.ts';

const CONVERSATION = 'team';
/** The person p<n> took the message m1. */
const proof = (n: number, conversation = CONVERSATION): NoticeBody => ({
  kind: 'group.delivered',
  conversation,
  entries: [{ id: 'm1', device: `d${n}`, by: `p${n}@localhost`, tag: 'tag' }],
});
const counted = (id: string, delivered: number, expired = 0): NoticeBody => ({
  kind: 'group.counted',
  conversation: CONVERSATION,
  entries: [{ id, delivered, expired, refused: 0 }],
});

/** The notices about groups that a session was pushed. */
const notices = (box: Box, session: number): NoticeBody[] =>
  (box.frames.get(session) ?? []).flatMap((frame) => (frame.type === 'notice' ? [frame.notice] : []));
/** Of each of those, how many entries it has. */
const sizes = (box: Box, session: number): number[] =>
  notices(box, session).map((notice) => ('entries' in notice ? notice.entries.length : 0));

/** al is there with one device. */
async function boxWithDevice(rules: Parameters<typeof Box.make>[1] = {}): Promise<Box> {
  const box = await Box.make(['a1'], rules);
  await box.attach('a1', 1);
  return box;
}

describe('notices of one conversation of a group', () => {
  test('the first leaves at once, and those that come within a quarter of a second of it leave together then', async () => {
    const box = await boxWithDevice();
    await box.turn(box.told(proof(1), 'n1'));
    expect(sizes(box, 1)).toEqual([1]);
    await box.turn(box.ack('a1', 1, 1));
    expect(box.settled).toContain('n1');
    for (const n of numbers(2, 5)) await box.turn(box.told(proof(n), `n${n}`));
    expect(sizes(box, 1)).toEqual([1]);
    expect(box.mailbox.idle).toBe(false);
    expect(box.plan.wakeAt).toBe(box.now + GATHER_MS);
    box.now += GATHER_MS;
    await box.turn();
    expect(notices(box, 1).at(-1)).toEqual({
      kind: 'group.delivered',
      conversation: CONVERSATION,
      entries: numbers(2, 5).map((n) => ({ id: 'm1', device: `d${n}`, by: `p${n}@localhost`, tag: 'tag' })),
    });
    expect(box.settled).not.toContain('n2');
    await box.turn(box.ack('a1', 1, 2));
    expect(box.settled).toEqual(expect.arrayContaining(['n2', 'n3', 'n4', 'n5']));
    expect(await box.stored()).toEqual([]);
    expect([box.budget.bytes, box.budget.frames]).toEqual([0, 0]);
  });

  test('those that come in one turn leave together, the first included', async () => {
    const box = await boxWithDevice();
    await box.turn(...numbers(1, 9).map((n) => box.told(proof(n), `n${n}`)));
    expect(sizes(box, 1)).toEqual([9]);
  });

  test('wait longer for one that is on its way, until it is acked', async () => {
    const box = await boxWithDevice();
    await box.turn(box.told(proof(1), 'n1'));
    await box.turn(box.told(proof(2), 'n2'));
    box.now += GATHER_MS;
    await box.turn(box.told(proof(3), 'n3'));
    expect(sizes(box, 1)).toEqual([1]);
    await box.turn(box.ack('a1', 1, 1));
    expect(sizes(box, 1)).toEqual([1, 2]);
  });

  test('wait no longer for it than it may be held', async () => {
    const box = await boxWithDevice();
    await box.turn(box.told(proof(1), 'n1'));
    await box.turn(box.told(proof(2), 'n2'));
    expect(box.plan.wakeAt).toBe(box.now + box.rules.holdMs);
    box.now += box.rules.holdMs;
    await box.turn();
    expect(sizes(box, 1)).toEqual([1, 1]);
    expect(box.settled).toContain('n1');
  });

  test('are at most four a second, however many come', async () => {
    const box = await boxWithDevice();
    for (let n = 1; n <= 200; n += 1) {
      await box.turn(box.told(proof(n), `n${n}`), box.ack('a1', 1, sizes(box, 1).length));
      box.now += 10;
    }
    box.now += GATHER_MS;
    await box.turn();
    expect(sizes(box, 1).length).toBeLessThanOrEqual(1 + 4 * 2 + 1);
    expect(sizes(box, 1).reduce((sum, size) => sum + size)).toBe(200);
  });

  test('hold up no other conversation', async () => {
    const box = await boxWithDevice();
    await box.turn(box.told(proof(1), 'n1'));
    await box.turn(box.told(proof(2), 'n2'), box.told(proof(3, 'another'), 'n3'));
    expect(notices(box, 1)).toMatchObject([{ conversation: CONVERSATION }, { conversation: 'another' }]);
  });

  test('are summed by message where they are counted', async () => {
    const box = await boxWithDevice();
    await box.turn(
      box.told(counted('m1', 1), 'n1'),
      box.told(counted('m2', 1), 'n2'),
      box.told(counted('m1', 2, 1), 'n3'),
    );
    expect(notices(box, 1)).toMatchObject([
      {
        entries: [
          { id: 'm1', delivered: 3, expired: 1, refused: 0 },
          { id: 'm2', delivered: 1, expired: 0, refused: 0 },
        ],
      },
    ]);
  });

  test('leave before there are more than one notice has', async () => {
    const box = await boxWithDevice();
    await box.turn(box.told(proof(0), 'n0'));
    await box.turn(...numbers(1, NOTICE_ENTRIES_MAX).map((n) => box.told(proof(n), `n${n}`)));
    expect(sizes(box, 1)).toEqual([1]);
    await box.turn(box.told(proof(1_000), 'last'));
    expect(sizes(box, 1)).toEqual([1, NOTICE_ENTRIES_MAX, 1]);
  });
});

describe('gathered notices that nobody is there to take', () => {
  test('are stored together', async () => {
    const box = await Box.make();
    await box.turn(box.told(proof(1), 'n1'));
    await box.turn(...numbers(2, 9).map((n) => box.told(proof(n), `n${n}`)));
    expect(box.settled).toEqual(['n1']);
    box.now += GATHER_MS;
    await box.turn();
    expect(await box.stored()).toEqual([['group.delivered'], ['group.delivered']]);
    expect(box.settled).toHaveLength(9);
    expect(box.mailbox.idle).toBe(true);
    await box.attach('a1', 1);
    expect(sizes(box, 1)).toEqual([1, 8]);
  });

  test('are left out beyond the budget of notices, unless they say that something expired', async () => {
    const box = await Box.make(['a1'], { noticesBytes: 100 });
    await box.turn(box.told(proof(1), 'n1'), box.told(counted('m1', 1), 'n2'));
    expect(await box.stored()).toEqual([]);
    expect(box.settled).toEqual(['n1', 'n2']);
    box.now += GATHER_MS;
    await box.turn(box.told(counted('m1', 1, 1), 'n3'));
    expect(await box.stored()).toEqual([['group.counted']]);
    const stale: NoticeBody = { kind: 'stale', conversation: CONVERSATION, by: 'p1@localhost' };
    await box.turn(box.told(stale, 'n4'));
    expect(await box.stored()).toEqual([['group.counted']]);
  });
});

describe('gathered notices that wait', () => {
  const waiting = async (rules: Parameters<typeof Box.make>[1] = {}): Promise<Box> => {
    const box = await boxWithDevice(rules);
    await box.turn(box.told(proof(1), 'n1', {}));
    await box.turn(box.told(proof(2), 'n2', {}), box.told(proof(3), 'n3', {}));
    return box;
  };

  test('count for what is held in the partition’s queue, and leave as soon as that is too much', async () => {
    const box = await waiting();
    expect(box.budget.frames).toBe(3);
    const full = await waiting({ holdFrames: 3 });
    expect(sizes(full, 1)).toEqual([1, 2]);
    const stored = await waiting({ holdMs: 0 });
    expect(sizes(stored, 1)).toEqual([1, 2]);
    expect(stored.settled).toEqual(['attach 1', 'n1', 'n2', 'n3']);
  });

  test('are stored and settled at a hand-over', async () => {
    const box = await waiting();
    await box.handOver();
    expect(box.settled).toEqual(['attach 1', 'n1', 'n2', 'n3']);
    expect(await box.stored()).toEqual([['group.delivered', 'group.delivered']]);
    expect([box.budget.bytes, box.budget.frames]).toEqual([0, 0]);
  });

  test('stay in the queue when the memory is dropped', async () => {
    const box = await waiting();
    box.mailbox.drop();
    expect(box.settled).toEqual(['attach 1']);
    expect([box.budget.bytes, box.budget.frames]).toEqual([0, 0]);
  });
});
