import { describe, expect, it } from 'vitest';
import { Fates } from './fates.ts';

it('what happened at nearly the same time is one line for each thing, and only the last of each message', async () => {
  const fates = new Fates();
  for (const id of ['1', '2', '3']) fates.sent(id, `text ${id}`);
  for (const id of ['1', '2', '3']) fates.changed(id, 'accepted', 'bo');
  fates.changed('1', 'delivered', 'bo');
  fates.changed('2', 'delivered', 'bo');
  expect(fates.waiting).toBe(true);
  expect(await fates.take()).toEqual([
    '  ✓✓ 2 messages delivered to bo, the last: “text 2”',
    '  ✓ accepted for bo: “text 3”',
  ]);
  expect([fates.waiting, await fates.take()]).toEqual([false, []]);
});

it('the answer to a message that comes behind its delivery takes nothing back', async () => {
  const fates = new Fates();
  fates.sent('1', 'text');
  fates.changed('1', 'delivered', 'bo');
  fates.changed('1', 'accepted', 'bo');
  expect(await fates.take()).toEqual(['  ✓✓ delivered to bo: “text”']);
});

it('what was read says so, in place of its delivery', async () => {
  const fates = new Fates();
  fates.sent('1', 'text');
  fates.changed('1', 'delivered', 'bo');
  fates.changed('1', 'read', 'bo');
  expect(await fates.take()).toEqual(['  ✓✓✓ read by bo: “text”']);
});

it('a message that was not sent from here has no name', async () => {
  const fates = new Fates();
  fates.changed('1', 'expired', 'bo');
  expect(await fates.take()).toEqual(['  expired before bo took it: a message']);
});

it('a long text, or one of several lines, is named by how it begins', async () => {
  const fates = new Fates();
  fates.sent('1', `first\nline ${'word '.repeat(20)}`);
  expect(fates.named('1')).toBe('“first line word word word word …”');
});

describe('of a message to a group', () => {
  const group = { conversation: '#team@localhost', device: 'DDDD' };
  const none = { of: 3, delivered: 0, read: 0, expired: 0, refused: 0 };
  let counts = none;
  const countsOf = async () => ({ counts, name: '#team' });

  it('it is said how many have it: first, and when all do', async () => {
    const fates = new Fates();
    fates.sent('1', 'text');
    const lines: string[][] = [];
    for (const [fate, change] of [
      ['delivered', { delivered: 1 }],
      ['delivered', { delivered: 2 }],
      ['delivered', { delivered: 3 }],
      ['read', { delivered: 3, read: 2 }],
      ['read', { delivered: 3, read: 3 }],
    ] as const) {
      counts = { ...none, ...change };
      fates.changedInGroup('1', fate, group);
      lines.push(await fates.take(countsOf));
    }
    expect(lines).toEqual([
      ['  ✓✓ delivered to 1 of 3 in #team: “text”'],
      [],
      ['  ✓✓ delivered to 3 of 3 in #team: “text”'],
      ['  ✓✓✓ read by 2 of 3 in #team: “text”'],
      ['  ✓✓✓ read by 3 of 3 in #team: “text”'],
    ]);
  });

  it('it is said each time that it expired for somebody', async () => {
    const fates = new Fates();
    for (const expired of [1, 2]) {
      counts = { ...none, expired };
      fates.changedInGroup('1', 'expired', group);
      expect(await fates.take(countsOf)).toEqual([`  expired before ${expired} of 3 in #team took it: a message`]);
    }
  });

  it('nothing is said where nothing is known of it', async () => {
    const fates = new Fates();
    fates.changedInGroup('1', 'delivered', group);
    expect(await fates.take()).toEqual([]);
  });
});
