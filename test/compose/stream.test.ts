// What a stream of messages finds wrong: shown with people who are shown the wrong things, as no server of ours would.
import { expect, test } from 'vitest';
import type { Person } from '../../clients/sdk/test/people.ts';
import { Stream } from './stream.ts';

/** Somebody of whom a stream sees what it looks at: `texts`, `heard`, and what was accepted. */
function somebody(address: string, reader?: { texts: string[] }): Person & { texts: string[] } {
  const accepted: { id: string }[] = [];
  const send = async (_to: string[], [text = '']: string[]) => {
    accepted.push({ id: text });
    reader?.texts.push(text);
    return [{ ids: [text] }];
  };
  const client = { account: { address }, on: () => () => {}, send };
  const person = { client, heard: [] as unknown[], texts: [] as string[], of: () => accepted };
  return person as unknown as Person & { texts: string[] }; // all of a Person that a stream uses
}

test.each([
  ['nothing', (texts: string[]) => texts, []],
  ['a message too often', (texts: string[]) => [...texts, texts[0] ?? ''], [/twice \[s to bo@localhost: 1\]/]],
  [
    'messages in another order',
    (texts: string[]) => texts.toReversed(),
    [/lost \[\], twice \[\], shown as .*: 2,.*: 1$/],
  ],
  [
    'one instead of another',
    ([, ...rest]: string[]) => [...rest, 's to bo@localhost: 99'],
    [/lost \[s to bo@localhost: 1\]/],
  ],
])('a stream finds %s', async (_what, changed, faults) => {
  const bo = somebody('bo@localhost');
  const stream = new Stream('s', somebody('al@localhost', bo), [{ to: 'bo@localhost', readers: [bo] }]);
  await expect.poll(() => bo.texts.length).toBeGreaterThan(1);
  await stream.stop();
  bo.texts.splice(0, bo.texts.length, ...changed(bo.texts.slice(0)));
  expect(stream.faults()).toEqual(faults.map((fault) => expect.stringMatching(fault)));
});

test('a stream in which nothing was accepted, or of which people hear of trouble, says so', async () => {
  const bo = somebody('bo@localhost');
  const al = Object.assign(somebody('al@localhost', bo), { of: () => [] });
  const stream = new Stream('s', al, [{ to: 'bo@localhost', readers: [bo] }]);
  await expect.poll(() => bo.texts.length).toBeGreaterThan(0);
  bo.heard.push({ type: 'synced' }, { type: 'stopped', code: 4202, reason: 'A newer session.' });
  const faults = stream.faults();
  Object.assign(al, { of: () => bo.texts.map((id) => ({ id })) });
  await stream.stop();
  expect(faults[0]).toMatch(/was never accepted$/);
  expect(faults.at(-1)).toMatch(/^bo@localhost was told: .*stopped/);
});
