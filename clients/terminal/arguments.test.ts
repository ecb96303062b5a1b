import { expect, it } from 'vitest';
import { conversation, conversations, countFrom1, durationMs, group, groups, person, secondsMs } from './arguments.ts';

it('durations have a unit', () => {
  expect(['90s', '30m', '1h', '7d'].map(durationMs)).toEqual([90_000, 1_800_000, 3_600_000, 604_800_000]);
  for (const text of ['', '1', 'h', '0h', '-1h', '1.5h', '1w', '1 h', '999999999d', '3651d'])
    expect(() => durationMs(text)).toThrow('30m');
});

it('seconds may have a fraction', () => {
  expect(['60', '0.5', '.5'].map(secondsMs)).toEqual([60_000, 500, 500]);
  for (const text of ['', '0', '-1', 'x', '1e3', '1.', '99999999999'])
    expect(() => secondsMs(text)).toThrow('number of seconds');
});

it('counts are whole numbers from one', () => {
  expect(countFrom1('12')).toBe(12);
  for (const text of ['0', '-1', '1.5', 'x', '', '9'.repeat(20)]) expect(() => countFrom1(text)).toThrow('from 1');
});

it('names and addresses stay as they were typed, for whoever knows the own domain', () => {
  expect(['al', 'Al', 'bo@example.org'].map(person)).toEqual(['al', 'Al', 'bo@example.org']);
  for (const text of ['', 'x', 'a b', 'al@', '@x', 'al@b@c', 'al@-x', 'ä'.repeat(3), '\u001b[2J'])
    expect(() => person(text)).toThrow('Give a name, or name@domain.');
});

it('several names have commas between', () => {
  expect(conversations('al,bo@example.org,#team')).toEqual(['al', 'bo@example.org', '#team']);
  expect(groups('team,#ops')).toEqual(['team', '#ops']);
  for (const text of ['', 'al,', ',al', 'al,,bo']) {
    expect(() => conversations(text)).toThrow('commas');
    expect(() => groups(text)).toThrow('commas');
  }
  expect(() => conversations('al,b o')).toThrow('name@domain');
});

it('a group may go without its sign where nothing else can be meant, and has it where people can', () => {
  expect(['team', '#Team', 'team@example.org'].map(group)).toEqual(['team', '#Team', 'team@example.org']);
  expect(['al', '#team', '#team@example.org', '#team@x/0123abcd'].map(conversation)).toHaveLength(4);
  for (const text of ['', '#', '##team', '#a b', 'te am', '#team@', '\u001b[2J']) {
    expect(() => group(text)).toThrow('team@example.org');
    expect(() => conversation(text)).toThrow('Give a');
  }
  expect(() => conversation('#team@x/0123')).toThrow('#team');
});
