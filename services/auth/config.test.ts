import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { authSettings, readOpaqueSetup, readSignUpPolicy } from './config.ts';
import { admit } from './invitations.ts';

const ignored = (): void => {};

describe('the settings of auth', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-auth-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('have defaults: anybody may sign up, three tries an account', () => {
    expect(z.object(authSettings).parse({})).toEqual({
      domain: 'localhost',
      signUp: 'open',
      invitations: '',
      triesPerAccount: 3,
      triesPerSource: 20,
    });
  });

  test('warn of invitations that can be guessed, by their number and never by themselves', () => {
    const warned: string[] = [];
    const read = (invitations: string) =>
      readSignUpPolicy({ signUp: 'invitation', invitations }, (sentence) => warned.push(sentence));
    read('k3vq8xw2mz7p, another-long-one');
    expect(warned).toEqual([]);
    read('k3vq8xw2mz7p,k3vq8xw2mz7,swordfish');
    expect(warned).toEqual([expect.stringContaining('2 of 3 have fewer than 12 characters')]);
    expect(warned.join()).not.toMatch(/k3vq|swordfish/);
    readSignUpPolicy({ signUp: 'open', invitations: 'short' }, (sentence) => warned.push(sentence));
    expect(warned).toHaveLength(1);
  });

  test('give invitations by list and by file', () => {
    const invitationsFile = join(folder, 'codes');
    writeFileSync(invitationsFile, 'three\r\n\nfour\n');
    const policy = readSignUpPolicy({ signUp: 'invitation', invitations: 'one, two,', invitationsFile }, ignored);
    const hashes = ['one', 'two', 'three', 'four'].map((code) => admit(policy, code, new Set()));
    expect(new Set(hashes).size).toBe(4);
    for (const code of ['', 'five', ' ', 'one, two'])
      expect(() => admit(policy, code, new Set())).toThrow('invitation');
  });

  test('give the OPAQUE setup by itself or by a file, and not by both', () => {
    const opaqueSetupFile = join(folder, 'setup');
    writeFileSync(opaqueSetupFile, 'c2V0dXA\n');
    expect(readOpaqueSetup({})).toBeUndefined();
    expect(readOpaqueSetup({ opaqueSetup: 'c2V0dXA' })).toBe('c2V0dXA');
    expect(readOpaqueSetup({ opaqueSetupFile })).toBe('c2V0dXA');
    expect(() => readOpaqueSetup({ opaqueSetup: 'c2V0dXA', opaqueSetupFile })).toThrow('only one');
    expect(() => readOpaqueSetup({ opaqueSetupFile: join(folder, 'nothing') })).toThrow('opaqueSetupFile: ENOENT');
    writeFileSync(opaqueSetupFile, ' \n');
    expect(() => readOpaqueSetup({ opaqueSetupFile })).toThrow('is empty');
  });

  test('that cannot work name themselves', () => {
    expect(() => readSignUpPolicy({ signUp: 'invitation', invitations: ' , ' }, ignored)).toThrow(
      'neither invitations nor',
    );
    expect(() => readSignUpPolicy({ signUp: 'invitation', invitations: 'x'.repeat(257) }, ignored)).toThrow(
      'at most 256',
    );
    const invitationsFile = join(folder, 'missing');
    expect(() => readSignUpPolicy({ signUp: 'invitation', invitations: '', invitationsFile }, ignored)).toThrow(
      'invitationsFile',
    );
  });
});
