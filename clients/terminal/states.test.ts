import { expect, it } from 'vitest';
import type { HistoryEntry } from '../sdk/index.ts';
import { groupCountsOf, lineMark, markOf, stateOf, stateText } from './states.ts';

type Sent = NonNullable<HistoryEntry['sent']>;
type State = Sent['recipients'][string]['state'];

const [BO, TEAM] = ['bo@localhost', '#team@localhost'];
const sent = (conversation: string, ...states: State[]): { readonly sent: Sent } => ({
  sent: {
    ...{ id: 'AAAA', device: 'DDDD', conversation, seq: 1, k: new Uint8Array(), mh: new Uint8Array(), sentAt: 0 },
    ...{ slotted: [], outcome: 'accepted' },
    recipients: Object.fromEntries(states.map((state, index) => [`p${index}@localhost`, { state }])),
  },
});
const seen = (entry: { readonly sent: Sent }) => [lineMark(entry), stateText(entry), stateOf(entry)];

it('an own message is marked by a sign for its state, and by a word where it went wrong', () => {
  const states = ['pending', 'accepted', 'delivered', 'expired', 'refused'];
  expect(states.map(markOf)).toEqual(['…', '✓', '✓✓', '(expired)', '(refused)']);
  expect(seen(sent(BO, 'read'))).toEqual(['✓✓✓', 'read', 'read']);
});

it('one to a group says how many of how many have it', () => {
  expect(seen(sent(TEAM, 'accepted', 'accepted'))).toEqual(['✓', 'accepted', 'accepted']);
  expect(seen(sent(TEAM, 'delivered', 'accepted', 'accepted'))).toEqual(['✓✓ 1/3', 'delivered to 1 of 3', 'accepted']);
  expect(seen(sent(TEAM, 'delivered', 'delivered'))).toEqual(['✓✓', 'delivered to 2 of 2', 'delivered']);
  expect(seen(sent(TEAM, 'read', 'delivered'))).toEqual(['✓✓✓ 1/2', 'delivered to 2 of 2, read by 1', 'delivered']);
  expect(seen(sent(TEAM, 'read', 'accepted'))).toEqual(['✓✓ 1/2', 'delivered to 1 of 2, read by 1', 'accepted']);
  expect(seen(sent(TEAM, 'read', 'read'))).toEqual(['✓✓✓', 'read by 2 of 2', 'read']);
  expect(groupCountsOf(sent(TEAM, 'read', 'delivered', 'accepted'))).toMatchObject({ of: 3, delivered: 2, read: 1 });
});

it('one to a group tells for whom it went wrong beside whom it reached', () => {
  expect(seen(sent(TEAM, 'delivered', 'expired', 'refused'))).toEqual([
    ...['✓✓ 1/3', 'delivered to 1 of 3, expired for 1 of 3, refused for 1 of 3', 'expired'],
  ]);
});

it('one to a group of more than prove that they have it says what the server counted, and that it is the server who says so', () => {
  const { sent: one } = sent(TEAM);
  const counted = { sent: { ...one, counts: { of: 60, delivered: 41, expired: 0, refused: 1 } } };
  expect(seen(counted)).toEqual([
    ...['✓✓ 41/60', 'delivered to 41 of 60, refused for 1 of 60 (as the server says)', 'refused'],
  ]);
});

it('one to a group that has nobody else in it is accepted, and no more is known of it', () => {
  expect(seen(sent(TEAM))).toEqual(['✓', 'accepted', 'accepted']);
});

it('one that did not reach the server is counted for nobody', () => {
  const { sent: one } = sent(TEAM, 'accepted');
  expect(seen({ sent: { ...one, outcome: 'pending' } })).toEqual(['…', 'pending', 'pending']);
  expect(seen({ sent: { ...one, outcome: 'refused', code: 'device_revoked' } })[1]).toBe('not sent');
});
