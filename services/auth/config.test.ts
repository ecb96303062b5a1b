import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { authSettings, readSignUpPolicy } from './config.ts';
import { admit } from './invitations.ts';

describe('the settings of auth', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-auth-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('have defaults: anybody may sign up, three tries an account', () => {
    expect(z.object(authSettings).parse({})).toEqual({
      signUp: 'open',
      invitations: '',
      triesPerAccount: 3,
      triesPerSource: 20,
    });
  });

  test('give invitations by list and by file', () => {
    const invitationsFile = join(folder, 'codes');
    writeFileSync(invitationsFile, 'three\r\n\nfour\n');
    const policy = readSignUpPolicy({ signUp: 'invitation', invitations: 'one, two,', invitationsFile });
    const hashes = ['one', 'two', 'three', 'four'].map((code) => admit(policy, code, new Set()));
    expect(new Set(hashes).size).toBe(4);
    for (const code of ['', 'five', ' ', 'one, two'])
      expect(() => admit(policy, code, new Set())).toThrow('invitation');
  });

  test('that cannot work name themselves', () => {
    expect(() => readSignUpPolicy({ signUp: 'invitation', invitations: ' , ' })).toThrow('neither invitations nor');
    expect(() => readSignUpPolicy({ signUp: 'invitation', invitations: 'x'.repeat(257) })).toThrow('at most 256');
    const invitationsFile = join(folder, 'missing');
    expect(() => readSignUpPolicy({ signUp: 'invitation', invitations: '', invitationsFile })).toThrow(
      'invitationsFile',
    );
  });
});
