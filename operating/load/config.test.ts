import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError } from '#runtime/config.ts';
import { readLoadSettings, workersFor } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (...argv: string[]) => readLoadSettings(argv, { INIT_CWD: folder }, new Date('2026-11-21T12:31:00Z'));

describe('the settings of a load test', () => {
  test('have defaults, and the report gets a folder of its own where the person stands', () => {
    const settings = read('--server', 'ws://a:1, wss://b');
    expect(settings).toMatchObject({ servers: ['ws://a:1', 'wss://b'], seconds: 60, keep: false });
    expect(settings.out).toBe(join(folder, 'load-2026-11-21T12-31-00'));
  });

  test.each([
    [['--rate', 'fast'], /rate .*"fast".*must be a number above 0/],
    [['--users', '1'], /users .*whole number from 2/],
    [['--group-share', '2'], /groupShare .*from 0 to 1/],
    [['--users', '10', '--groups', '6'], /6 groups need at least 12 users/],
    [['--users', '5000', '--groups', '1'], /5000 in a group, which may have 1024/],
    [['--bytes', 'many'], /bytes .*two with a hyphen/],
    [['--bytes', '500-100'], /smaller number first/],
    [['--bytes', '10'], /a text has 64 to 65536 bytes/],
    [['--server', 'http://example.org'], /give addresses like ws:/],
    [['--ca', '/nowhere/ca.pem'], /ca \(--ca\).*ENOENT/],
    [['--invitations', '/nowhere/codes'], /invitations.*ENOENT/],
    [['--sidewards'], /unknown option/],
  ])('%j is refused with a sentence', (argv, sentence) => {
    expect(() => read(...argv)).toThrow(sentence);
    expect(() => read(...argv)).toThrow(ConfigError);
  });

  test('want a different invitation for each user', () => {
    writeFileSync(join(folder, 'codes'), 'one\n\ntwo \none\n');
    expect(() => read('--users', '3', '--groups', '0', '--invitations', 'codes')).toThrow(
      /has 2 different invitations, and 3 users need one each/,
    );
    expect(read('--users', '2', '--groups', '0', '--invitations', 'codes').invitations).toEqual(['one', 'two']);
  });

  test('run in as many threads as the rate needs, and no more than there are processors', () => {
    const shape = { users: 500, groups: 20, rate: 200, groupShare: 0.05, bytes: { least: 64, most: 64 } };
    expect(workersFor({ ...shape, rate: 1 }, 8)).toBe(1);
    expect(workersFor(shape, 8)).toBe(2);
    expect(workersFor({ ...shape, rate: 5_000 }, 8)).toBe(8);
  });
});
