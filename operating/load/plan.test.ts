import { expect, test } from 'vitest';
import { labelled, readLabel } from './label.ts';
import { Plan } from './plan.ts';

const shape = { users: 50, groups: 4, rate: 200, groupShare: 0.25, bytes: { least: 64, most: 96 } };
const COUNT = 4_000;

test('messages are due at a constant rate, come from everybody, and the share that was asked for goes to groups', () => {
  const plan = new Plan(shape, 42);
  expect(plan.dueMs(200)).toBe(1_000);
  const dues = Array.from({ length: COUNT }, (_, index) => plan.due(index));
  expect(new Set(dues.map(({ sender }) => sender)).size).toBe(shape.users);
  const toGroups = dues.filter(({ stream }) => 'group' in plan.stream(stream).to).length;
  expect(toGroups / COUNT).toBeCloseTo(shape.groupShare, 1);
  for (const { sender, stream, bytes } of dues) {
    expect(plan.stream(stream).sender).toBe(sender);
    expect(bytes).toBeGreaterThanOrEqual(shape.bytes.least);
    expect(bytes).toBeLessThanOrEqual(shape.bytes.most);
  }
  expect(dues).toEqual(Array.from({ length: COUNT }, (_, index) => new Plan(shape, 42).due(index)));
});

test('everybody is in one group, and nobody writes to themselves', () => {
  const plan = new Plan(shape, 1);
  const members = [0, 1, 2, 3].flatMap((group) => plan.members(group));
  expect(members.sort((a, b) => a - b)).toEqual(Array.from({ length: shape.users }, (_, user) => user));
  for (let number = 0; number < plan.streams; number++) {
    const { sender, recipients, to } = plan.stream(number);
    expect(recipients).not.toContain(sender);
    if ('group' in to) expect([...recipients, sender].sort()).toEqual(plan.members(to.group).sort());
  }
});

test('two users without a group write to each other', () => {
  const plan = new Plan({ ...shape, users: 2, groups: 0, groupShare: 0 }, 1);
  expect(plan.stream(plan.due(3).stream).recipients).toHaveLength(1);
});

test('a text says which message it is, in exactly as many bytes as it should have', () => {
  const label = { stream: 49_999, n: 123_456, dueMs: 98_765_432.125 };
  for (const bytes of [64, 65, 1_000]) {
    const text = labelled(label, bytes);
    expect(Buffer.byteLength(text)).toBe(bytes);
    expect(readLabel(text)).toEqual(label);
  }
  expect(readLabel('Lunch at one?')).toBeUndefined();
});
