import { expect, it } from 'vitest';
import { unreadText } from './unread-text.ts';

it('what is unread is counted, in a group by sender', () => {
  const [BO, CY] = ['bo@localhost', 'cy@elsewhere'];
  expect(unreadText(BO, {}, 'localhost')).toBe('nothing unread');
  expect(unreadText(BO, { [BO]: 2 }, 'localhost')).toBe('2 unread');
  expect(unreadText('#team@localhost', { [BO]: 2, [CY]: 1 }, 'localhost')).toBe(
    '3 unread: 2 from bo, 1 from cy@elsewhere',
  );
});
