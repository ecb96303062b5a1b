import { expect, test } from 'vitest';
import type { MessageItem } from '#protocol/commands.ts';
import { Recent } from './recent.ts';

const message = (id: string, device = 'phone') => ({ id, device }) as MessageItem; // it looks at nothing else

test('a message is known for the devices that it was accepted for, late ones too, and no other message for those', () => {
  const recent = new Recent();
  recent.add(message('first'), ['a']);
  recent.add(message('second'), ['a']);
  recent.add(message('first'), ['b']);
  recent.add(message('third'), ['a', 'b']);
  expect(recent.served(message('first'))).toEqual(['a', 'b']);
  expect(recent.served(message('second'))).toEqual(['a']);
  expect(recent.served(message('third'))).toEqual(['a', 'b']);
  expect(recent.served(message('fourth'))).toBeUndefined();
});

test('an id that another device uses is that device’s from then on', () => {
  const recent = new Recent();
  recent.add(message('first'), ['a']);
  recent.add(message('first', 'laptop'), ['a']);
  expect(recent.served(message('first'))).toBeUndefined();
  expect(recent.served(message('first', 'laptop'))).toEqual(['a']);
});

test('the oldest is forgotten', () => {
  const recent = new Recent();
  for (let n = 0; n <= 512; n++) recent.add(message(`${n}`), ['a']);
  expect(recent.served(message('0'))).toBeUndefined();
  expect(recent.served(message('1'))).toEqual(['a']);
});
