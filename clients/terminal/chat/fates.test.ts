import { expect, it } from 'vitest';
import { Fates } from './fates.ts';

it('what happened at nearly the same time is one line for each thing, and only the last of each message', () => {
  const fates = new Fates();
  for (const id of ['1', '2', '3']) fates.sent(id, `text ${id}`);
  for (const id of ['1', '2', '3']) fates.changed(id, 'accepted', 'bo');
  fates.changed('1', 'delivered', 'bo');
  fates.changed('2', 'delivered', 'bo');
  expect(fates.waiting).toBe(true);
  expect(fates.take()).toEqual([
    '  ✓✓ 2 messages delivered to bo, the last: “text 2”',
    '  ✓ accepted for bo: “text 3”',
  ]);
  expect([fates.waiting, fates.take()]).toEqual([false, []]);
});

it('the answer to a message that comes behind its delivery takes nothing back', () => {
  const fates = new Fates();
  fates.sent('1', 'text');
  fates.changed('1', 'delivered', 'bo');
  fates.changed('1', 'accepted', 'bo');
  expect(fates.take()).toEqual(['  ✓✓ delivered to bo: “text”']);
});

it('what was read says so, in place of its delivery', () => {
  const fates = new Fates();
  fates.sent('1', 'text');
  fates.changed('1', 'delivered', 'bo');
  fates.changed('1', 'read', 'bo');
  expect(fates.take()).toEqual(['  ✓✓✓ read by bo: “text”']);
});

it('a message that was not sent from here has no name', () => {
  const fates = new Fates();
  fates.changed('1', 'expired', 'bo');
  expect(fates.take()).toEqual(['  expired before bo took it: a message']);
});

it('a long text, or one of several lines, is named by how it begins', () => {
  const fates = new Fates();
  fates.sent('1', `first\nline ${'word '.repeat(20)}`);
  expect(fates.named('1')).toBe('“first line word word word word …”');
});
