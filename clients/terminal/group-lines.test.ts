import { expect, it } from 'vitest';
import { type GroupEvent, groupText } from './group-lines.ts';

const [AL, BO, CY] = ['al@localhost', 'bo@localhost', 'cy@localhost'];
const change = (
  fields: Pick<Extract<GroupEvent, { type: 'membership' }>, 'change' | 'by' | 'subject' | 'role' | 'policy'>,
): GroupEvent => ({
  ...{ number: 1, type: 'membership', conversation: '#team@localhost', at: 0 },
  ...fields,
});
const short = (address: string) => address.split('@')[0] ?? '';
const said = (event: GroupEvent) => groupText(event, BO, short);

it('who did what to whom is a sentence, from where this person stands', () => {
  expect(
    [
      change({ change: 'create', by: AL }),
      change({ change: 'add', by: AL, subject: BO }),
      change({ change: 'add', by: BO, subject: CY }),
      change({ change: 'remove', by: AL, subject: CY }),
      change({ change: 'remove', by: AL, subject: BO }),
      change({ change: 'join', by: CY }),
      change({ change: 'leave', by: BO }),
      change({ change: 'admin', by: AL, subject: BO, role: 'admin' }),
      change({ change: 'admin', by: BO, subject: AL, role: 'member' }),
      change({ change: 'policy', by: AL, policy: 'open' }),
      change({ change: 'policy', by: AL, policy: 'closed' }),
      change({ change: 'delete', by: AL }),
    ].map(said),
  ).toEqual([
    'al created #team.',
    'al added you to #team.',
    'You added cy to #team.',
    'al removed cy from #team.',
    'You were removed from #team by al.',
    'cy joined #team.',
    'You left #team.',
    'al made you an admin of #team.',
    'You made al a plain member of #team.',
    'al opened #team: whoever wants may join it and read.',
    'al closed #team: its admins alone add members now.',
    'al deleted #team.',
  ]);
});

it('names are whole where they are not shortened', () => {
  expect(groupText(change({ change: 'add', by: AL, subject: CY }), BO)).toBe(`${AL} added ${CY} to #team@localhost.`);
});
