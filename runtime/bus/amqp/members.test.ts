import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Members, SILENCE_MAX_MS } from './members.ts';
import { FRAME_VERSIONS } from './versions.ts';
import type { Alive } from './wire.ts';

const alive = (instance: string, holds: Alive['holds'] = [], inbox = `inbox of ${instance}`): Alive => ({
  instance,
  inbox,
  takes: ['mailbox'],
  holds,
  reads: FRAME_VERSIONS,
  forms: [1],
  lags: [],
});

describe('the members', () => {
  test('who is silent for 3 s is gone, with its inbox; who is heard of is not; nobody forgets itself', () => {
    const members = new Members();
    for (const name of ['a', 'b', 'me']) members.hear(alive(name), 0);
    members.hear(alive('b'), SILENCE_MAX_MS - 1);
    expect(members.expire(SILENCE_MAX_MS, 'me')).toEqual([]);
    expect(members.expire(SILENCE_MAX_MS + 1, 'me')).toEqual(['inbox of a']);
    expect(members.taking('mailbox')).toEqual(['b', 'me']);
    expect(members.taking('account')).toEqual([]);
  });

  test('nobody is gone for a silence in which nobody could be heard', () => {
    const members = new Members();
    members.hear(alive('a'), 0);
    members.excuse(10_000);
    expect(members.expire(10_000 + SILENCE_MAX_MS, 'me')).toEqual([]);
  });

  test('says who is new, whose share may have changed and which inbox an instance left behind', () => {
    const members = new Members();
    expect(members.hear(alive('a'), 0)).toMatchObject({ isNew: true, changed: true, gone: [] });
    expect(members.hear(alive('a'), 1)).toMatchObject({ isNew: false, changed: false, gone: [] });
    expect(members.hear({ ...alive('a'), takes: [] }, 2)).toMatchObject({ changed: true });
    expect(members.hear(alive('a', [], 'another'), 3)).toMatchObject({ gone: ['inbox of a'] });
    expect(members.bye('a')).toBe('another');
    expect(members.bye('a')).toBeUndefined();
  });

  test('knows the owner of a partition while it holds it and lives', () => {
    const members = new Members();
    members.hear(alive('a', [['mailbox', 3, 1]]), 0);
    expect(members.ownerInbox('mailbox', 3)).toBe('inbox of a');
    members.hear(alive('a', []), 0);
    expect(members.ownerInbox('mailbox', 3)).toBeUndefined();
    members.hear(alive('b', [['mailbox', 3, 2]]), 0);
    members.bye('b');
    expect(members.ownerInbox('mailbox', 3)).toBeUndefined();
  });

  test('the owner is who announced the greatest epoch, in whatever order it is heard; each greater one is news', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (epochs) => {
        const members = new Members();
        let greatest = 0;
        for (const epoch of epochs) {
          const { moved } = members.hear(alive(`i${epoch}`, [['mailbox', 0, epoch]]), 0);
          expect(moved.length).toBe(epoch > greatest ? 1 : 0);
          greatest = Math.max(greatest, epoch);
          expect(members.ownerInbox('mailbox', 0)).toBe(`inbox of i${greatest}`);
        }
      }),
    );
  });
});

describe('what the members say of themselves', () => {
  test('how far its owner is behind with a partition counts while it is its owner', () => {
    const members = new Members();
    members.hear({ ...alive('a', [['mailbox', 3, 1]]), lags: [['mailbox', 3, 7_000]] }, 0);
    expect([members.lagMs('mailbox', 3), members.lagMs('mailbox', 4), members.lagMs('account', 3)]).toEqual([
      7_000, 0, 0,
    ]);
    members.hear(alive('b', [['mailbox', 3, 2]]), 0);
    expect(members.lagMs('mailbox', 3)).toBe(0);
  });

  test('the versions that they read decide in which one everybody writes, as soon as one comes or goes', () => {
    const [oldest = 0, newest = 0] = FRAME_VERSIONS;
    const members = new Members();
    members.hear(alive('a'), 0);
    expect(members.version).toBe(newest);
    members.hear({ ...alive('b'), reads: [oldest] }, 0);
    expect(members.version).toBe(oldest);
    members.hear({ ...alive('b'), reads: [newest + 1] }, 0);
    expect(members.version).toBe(oldest); // nothing that both read: the oldest of one's own
    members.bye('b');
    expect(members.version).toBe(newest);
  });

  test('the forms of data that they read decide whether all who live read one', () => {
    const members = new Members();
    expect(members.readForm(1)).toBe(false); // nobody was heard of
    members.hear({ ...alive('a'), forms: [1, 2] }, 0);
    members.hear({ ...alive('b'), forms: [1] }, 0);
    expect([members.readForm(1), members.readForm(2)]).toEqual([true, false]);
    members.expire(SILENCE_MAX_MS + 1, 'a');
    expect([members.readForm(1), members.readForm(2)]).toEqual([true, true]);
  });
});
