import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StartError } from '#runtime/start-error.ts';
import { keepInvitationKey, keptInvitationKey } from './invitation-key.ts';

describe('the key of invitations in a data folder', () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'parley-key-'));
  });
  afterEach(() => rmSync(data, { recursive: true }));

  test('is made once, for this user alone', () => {
    expect(keptInvitationKey(data)).toBeUndefined();
    const made = keepInvitationKey(data, 'localhost');
    expect(made.secret).toHaveLength(32);
    expect(statSync(join(data, 'invitation.key')).mode & 0o777).toBe(0o600);
    expect(keptInvitationKey(data)).toEqual(made);
    expect(keepInvitationKey(data, 'localhost')).toEqual(made);
  });

  test('is another in another folder', () => {
    const other = mkdtempSync(join(tmpdir(), 'parley-key-'));
    expect(keepInvitationKey(other, 'localhost')).not.toEqual(keepInvitationKey(data, 'localhost'));
    rmSync(other, { recursive: true });
  });

  test('follows the domain of a server whose first start failed under a mistyped one', () => {
    const { secret } = keepInvitationKey(data, 'mistyped.example');
    keepInvitationKey(data, 'chat.example.org');
    expect(keptInvitationKey(data)).toEqual({ domain: 'chat.example.org', secret });
  });

  test('that is damaged or cannot be read is said to be, and not made again', () => {
    keepInvitationKey(data, 'localhost');
    const file = join(data, 'invitation.key');
    const whole = readFileSync(file, 'utf8');
    for (const text of ['', '{}', whole.slice(0, -5), whole.replace(/.{9}"\}/, '"}')]) {
      writeFileSync(file, text);
      expect(() => keepInvitationKey(data, 'localhost')).toThrow(StartError);
      expect(() => keptInvitationKey(data)).toThrow(/invitation\.key is damaged\. Restore it/);
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
    rmSync(file);
    expect(() => keepInvitationKey(join(data, 'nowhere'), 'localhost')).toThrow(/cannot be kept: ENOENT/);
  });
});
