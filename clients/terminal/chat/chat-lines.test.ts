import { expect, it } from 'vitest';
import { fileContent, type HistoryEntry, textContent } from '../../sdk/index.ts';
import { messageLine } from '../lines.ts';
import { chatLine, shortName, shortTime } from './chat-lines.ts';

const at = (hours: number, day = 1) => new Date(2026, 0, day, hours, 5).getTime();
const OWN = { address: 'al@localhost', domain: 'localhost' };
const entry: HistoryEntry = {
  ...{ conversation: 'bo@localhost', position: 1, id: 'AAAA', from: 'bo@localhost', device: 'DDDD', seq: 1 },
  ...{ kind: 'text', content: textContent('hi'), sentAt: at(9), receivedAt: at(9), expiry: 0, own: false },
};

it('a time of today is one of the day, any other has its date', () => {
  expect([shortTime(at(9), at(20)), shortTime(at(9), at(1, 2))]).toEqual(['09:05', '2026-01-01 09:05']);
});

it('a name stands alone only where it is of the own domain', () => {
  const names = ['bo@localhost', 'bo@elsewhere', '#team@localhost', '#team@elsewhere', '#team@localhost/0123abcd'];
  expect(names.map((one) => shortName(one, 'localhost'))).toEqual(['bo', 'bo@elsewhere', '#team', ...names.slice(3)]);
});

it('a line of a file looks like no text that says the same', () => {
  const [blob, key, root] = [new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)];
  const file = fileContent({ blob, key, root, size: 6, type: 'text/plain', name: 'a.txt' });
  const lines = [file, textContent('(file a.txt, 6 bytes)')].map((content) => {
    const one = { ...entry, content };
    return [chatLine(one, OWN, at(20), true).text, messageLine(one, OWN.address).text.slice('2026-01-01 '.length)];
  });
  expect(lines).toEqual([
    ['09:05 bo (file a.txt, 6 bytes)', '09:05 bo@localhost (file a.txt, 6 bytes)'],
    ['09:05 bo: (file a.txt, 6 bytes)', '09:05 bo@localhost: (file a.txt, 6 bytes)'],
  ]);
});

it('a line says who wrote it before it says anything that they wrote', () => {
  expect(chatLine(entry, OWN, at(20), true).text).toBe('09:05 bo: hi');
  const unknown = chatLine({ ...entry, content: Uint8Array.of(9, 1) }, OWN, at(20), true);
  expect(unknown).toEqual({ text: '09:05 bo: (kind 9: this version of Parley cannot show it.)', style: 'dim' });
});
