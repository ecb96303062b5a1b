import { describe, expect, it } from 'vitest';
import { concat } from '#protocol/bytes.ts';
import { encodeFile } from '../sdk/content/file.ts';
import { type HistoryEntry, type ProfileEvent, textContent } from '../sdk/index.ts';
import type { Saved } from './files/file-words.ts';
import { eventLine, historyLine, messageLine, rfc3339 } from './lines.ts';
import { stateOf } from './states.ts';

const BO = 'bo@localhost';
const AL = 'al@localhost';
const HOUR_MS = 3_600_000;

const entry: HistoryEntry = {
  ...{ conversation: AL, position: 65_536, id: 'AAAA', from: AL, device: 'DDDD', seq: 1, kind: 'text' },
  ...{ content: textContent('good morning'), sentAt: HOUR_MS, receivedAt: HOUR_MS + 1, expiry: 0, own: false },
};
const sent = {
  id: 'AAAA',
  device: 'DDDD',
  conversation: BO,
  seq: 1,
  k: new Uint8Array(),
  mh: new Uint8Array(),
  sentAt: 0,
  slotted: [],
};

describe('the JSON line of a message', () => {
  it('has exactly the fields that programs rely on', () => {
    const { record } = eventLine({ number: 1, type: 'message', entry }, BO);
    expect(record).toStrictEqual({
      ...{ type: 'message', id: 'AAAA', from: AL, device: 'DDDD', conversation: AL },
      ...{ text: 'good morning', sentAt: '1970-01-01T01:00:00.000Z', receivedAt: '1970-01-01T01:00:00.001Z' },
    });
  });

  it('has a time that can be written, whatever its sender claims', () => {
    expect(rfc3339(Number.MAX_SAFE_INTEGER)).toBe('9999-12-31T23:59:59.999Z');
    expect(() => messageLine({ ...entry, sentAt: Number.MAX_SAFE_INTEGER }, BO)).not.toThrow();
  });

  it('is that of an unreadable one where this version does not know its kind', () => {
    expect(messageLine({ ...entry, content: Uint8Array.of(9, 1, 2) }, BO).record).toMatchObject({
      ...{ type: 'unreadable', id: 'AAAA', from: AL, conversation: AL },
    });
  });
});

describe('a message with a file', () => {
  const info = { blob: new Uint8Array(32), key: new Uint8Array(32), root: new Uint8Array(32) };
  const described = { name: 'a\u001b[2J\nb.jpg', size: 1_234_567, type: 'image/jpeg' };
  const withFile = { ...entry, content: concat(Uint8Array.of(5), encodeFile({ ...info, ...described })) };

  it('has in place of the text what its sender says of it, and what became of it', () => {
    const { text: _, ...fields } = messageLine(entry, BO).record;
    expect(messageLine(withFile, BO).record).toStrictEqual({ ...fields, file: described });
    const saved = { path: '/home/bo/b.jpg', contentType: 'application/x-elf' };
    expect(messageLine(withFile, BO, saved).record).toStrictEqual({ ...fields, file: { ...described, ...saved } });
  });

  it('is one line for people, whatever the file is called', () => {
    const begin = '1970-01-01 01:00 al@localhost (file a␛[2J␊b.jpg, 1.2 MB';
    const line = (saved?: Saved) => messageLine(withFile, BO, saved).text.replace(/^\S+ \S+/, '1970-01-01 01:00');
    expect(line()).toBe(`${begin})`);
    expect(line({ path: '/x/b.jpg' })).toBe(`${begin}: /x/b.jpg)`);
    expect(line({ error: 'It is gone.' })).toBe(`${begin}, not saved: It is gone.)`);
    expect(line({ path: '/x/b.jpg', contentType: 'text/plain' })).toBe(
      `${begin}: /x/b.jpg; its sender says image/jpeg, its content is text/plain)`,
    );
  });
});

describe('the line of a message', () => {
  const at = (hours: number, minutes: number, day = 1) => new Date(2026, 0, day, hours, minutes).getTime();
  const line = (change: Partial<HistoryEntry>) => messageLine({ ...entry, sentAt: at(12, 30), ...change }, BO).text;

  it('says when it came only where that was clearly after it was sent, or after what stands behind it', () => {
    expect(line({ receivedAt: at(12, 32) })).toBe('2026-01-01 12:30 al@localhost: good morning');
    expect(line({ receivedAt: at(12, 33) })).toBe('2026-01-01 12:30 (came 12:33) al@localhost: good morning');
    expect(line({ receivedAt: at(12, 30), late: true })).toContain('12:30 (came 12:30) al');
    expect(line({ receivedAt: at(12, 30, 3) })).toContain('2026-01-01 12:30 (came 2026-01-03 12:30) al');
    expect(line({ receivedAt: at(0, 0) })).toBe('2026-01-01 12:30 al@localhost: good morning');
  });
});

const TEAM = '#team@localhost';

function detailsOf(change: string) {
  if (change === 'policy') return { policy: 'open' } as const;
  if (change === 'admin') return { subject: BO, role: 'admin' } as const;
  return change === 'add' || change === 'remove' ? { subject: BO } : {};
}

describe('the line of an event', () => {
  it('leaves out what is not known', () => {
    const { record } = eventLine({ number: 1, type: 'unreadable', reason: 'parse: too short', at: 0 }, BO);
    expect(record).toStrictEqual({ type: 'unreadable', reason: 'parse: too short', at: '1970-01-01T00:00:00.000Z' });
  });

  it('says for every kind of event what happened', () => {
    const at = 0;
    const events: [ProfileEvent, RegExp][] = [
      [
        { number: 1, type: 'delivered', conversation: AL, id: 'i', device: 'd', by: AL, at },
        /delivered to al@localhost/,
      ],
      [{ number: 8, type: 'read', conversation: AL, id: 'i', device: 'd', by: AL, at }, /was read by al@localhost/],
      [
        { number: 2, type: 'expired', conversation: AL, id: 'i', device: 'd', by: AL, at },
        /expired before al@localhost took it/,
      ],
      [
        { number: 3, type: 'gap', conversation: AL, from: AL, device: 'd', first: 3, last: 5, why: 'missing', at },
        /Messages 3 to 5 .* not come/,
      ],
      [
        { number: 4, type: 'gap', conversation: AL, from: AL, device: 'd', first: 3, last: 3, why: 'missed', at },
        /Message 3 .* will not come/,
      ],
      [{ number: 5, type: 'identity', address: AL, change: 'device_added', at }, /new device of al@localhost/],
      [{ number: 6, type: 'identity', address: BO, change: 'device_added', at }, /your account\. If it is not yours/],
      [{ number: 7, type: 'identity', address: AL, change: 'changed', at }, /trust al@localhost/],
      ...(
        [
          ['create', /al@localhost created #team@localhost/],
          ['add', /added you to/],
          ['remove', /You were removed from #team@localhost by al@localhost/],
          ['join', /joined/],
          ['leave', /left/],
          ['admin', /made you an admin/],
          ['policy', /opened #team@localhost/],
          ['delete', /al@localhost deleted #team@localhost/],
        ] as const
      ).map(([change, text]): [ProfileEvent, RegExp] => [
        { ...{ number: 9, type: 'membership', conversation: TEAM, change, by: AL, at }, ...detailsOf(change) },
        text,
      ]),
      [
        { number: 10, type: 'group', conversation: TEAM, change: 'forked', reason: 'Entry 3.', at },
        /two histories .* Entry 3\./,
      ],
      [{ number: 11, type: 'group', conversation: TEAM, change: 'other_group', at }, /another group/],
      [{ number: 12, type: 'group', conversation: TEAM, change: 'refused_log', at }, /does not verify/],
      [
        { number: 13, type: 'delivered', conversation: TEAM, id: 'i', device: 'd', by: AL, at },
        /a message in #team@localhost was delivered to al@localhost/,
      ],
      [
        { number: 14, type: 'gap', conversation: TEAM, from: AL, device: 'd', first: 3, last: 3, why: 'missing', at },
        /Message 3 of al@localhost in #team@localhost has not come/,
      ],
    ];
    for (const [event, text] of events) {
      const line = eventLine(event, BO);
      expect(line.text).toMatch(text);
      expect(line.record).toMatchObject({ type: event.type, at: '1970-01-01T00:00:00.000Z' });
    }
  });
});

describe('the line of a message to a group', () => {
  it('names the group, and says how many of how many have an own one', () => {
    const own = { ...entry, conversation: TEAM, from: BO, own: true };
    const recipients = { [AL]: { state: 'delivered' }, 'cy@localhost': { state: 'accepted' } } as const;
    const line = historyLine({ ...own, sent: { ...sent, conversation: TEAM, outcome: 'accepted', recipients } }, BO);
    expect(line.text).toMatch(/bo@localhost to #team@localhost: good morning {2}\(delivered to 1 of 2\)$/);
    expect(line.record).toMatchObject({ conversation: TEAM, state: 'accepted', of: 2, delivered: 1, read: 0 });
    expect(messageLine({ ...entry, conversation: TEAM }, BO).text).toContain('al@localhost to #team@localhost: good');
  });
});

describe('what became of an own message', () => {
  it('is its outcome, or the state of whoever lags behind', () => {
    const own = { ...entry, own: true };
    expect(stateOf(entry)).toBeUndefined();
    expect(stateOf({ ...own, sent: { ...sent, outcome: 'given_up', recipients: {} } })).toBe('given up');
    expect(
      stateOf({ ...own, sent: { ...sent, outcome: 'accepted', recipients: { [BO]: { state: 'delivered' } } } }),
    ).toBe('delivered');
    const became = (...states: ('read' | 'delivered' | 'accepted')[]) =>
      stateOf({
        ...own,
        sent: {
          ...sent,
          outcome: 'accepted',
          recipients: Object.fromEntries(states.map((state, i) => [`${i}@localhost`, { state }])),
        },
      });
    expect([became('read'), became('read', 'delivered'), became('read', 'accepted'), became()]).toEqual([
      'read',
      'delivered',
      'accepted',
      'accepted',
    ]);
    expect(
      stateOf({
        ...own,
        sent: {
          ...sent,
          outcome: 'accepted',
          recipients: { [BO]: { state: 'delivered' }, [AL]: { state: 'expired' } },
        },
      }),
    ).toBe('expired');
  });
});
