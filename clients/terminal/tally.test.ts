import { expect, it } from 'vitest';
import type { ProfileEvent } from '../sdk/index.ts';
import { localTime } from './lines.ts';
import { Tally } from './tally.ts';

const BO = 'bo@localhost';
const CY = 'cy@localhost';
const report = (type: 'delivered' | 'read' | 'expired', by: string, at: number, conversation = by): ProfileEvent => ({
  ...{ number: at, type, conversation, id: `${at}`, device: 'DDDD', by, at },
});

/** The lines for people of these events, as `listen` makes them. */
function lines(...events: ProfileEvent[]): string[] {
  const tally = new Tally();
  const shown: string[] = [];
  const end = () => {
    const line = tally.end();
    if (line !== undefined) shown.push(line.text);
  };
  for (const event of events) {
    if (tally.takes(event)) continue;
    end();
    if (!tally.takes(event)) shown.push(event.type);
  }
  end();
  return shown;
}

it('reports that follow each other and say the same are one line, with the time of the last', () => {
  const gap = { type: 'gap', conversation: BO, from: BO, device: 'DDDD', first: 1, last: 1, why: 'missing' } as const;
  expect(
    lines(
      report('delivered', BO, 1),
      report('delivered', BO, 2),
      report('delivered', BO, 3_600_000),
      report('delivered', CY, 4),
      report('expired', CY, 5),
      report('expired', CY, 6),
      { ...gap, number: 7, at: 7 },
      report('delivered', BO, 8),
      report('read', BO, 9),
      report('read', BO, 10),
    ),
  ).toEqual([
    `${localTime(3_600_000)} (3 messages were delivered to ${BO})`,
    `${localTime(4)} (a message was delivered to ${CY})`,
    `${localTime(6)} (2 messages expired before ${CY} took them)`,
    'gap',
    `${localTime(8)} (a message was delivered to ${BO})`,
    `${localTime(10)} (2 messages were read by ${BO})`,
  ]);
  expect(lines()).toEqual([]);
});

it('of a group, what its members report of its messages is one line', () => {
  const inTeam = (by: string, at: number, id = 'AAAA'): ProfileEvent => ({
    ...{ number: at, type: 'delivered', conversation: '#team@localhost', id, device: 'DDDD', by, at },
  });
  expect(lines(inTeam(BO, 1), inTeam(CY, 2), report('delivered', BO, 3))).toEqual([
    `${localTime(2)} (a message in #team@localhost was delivered to 2 people)`,
    `${localTime(3)} (a message was delivered to ${BO})`,
  ]);
  expect(lines(inTeam(BO, 1), inTeam(CY, 2), inTeam(BO, 3, 'BBBB'))).toEqual([
    `${localTime(3)} (2 messages in #team@localhost were delivered to 2 people)`,
  ]);
});
