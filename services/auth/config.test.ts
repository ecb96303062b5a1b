import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { authSettings, readOpaqueSetup, readSignUpPolicy } from './config.ts';

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
      triesPerAccount: 3,
      triesPerSource: 20,
    });
  });

  test('give the key of invitations by itself or by a file, in either Base64, and not by both', () => {
    const secret = Buffer.alloc(32, 0xfb);
    const invitationKeyFile = join(folder, 'key');
    writeFileSync(invitationKeyFile, `${secret.toString('base64')}\n`);
    const expected = { policy: 'invitation', key: { domain: 'localhost', secret } };
    const invitation = { domain: 'localhost', signUp: 'invitation' } as const;
    expect(readSignUpPolicy({ ...invitation, invitationKeyFile })).toEqual(expected);
    const invitationKey = secret.toString('base64url');
    expect(readSignUpPolicy({ ...invitation, invitationKey })).toEqual(expected);
    expect(() => readSignUpPolicy({ ...invitation, invitationKey, invitationKeyFile })).toThrow('only one');
    expect(readSignUpPolicy({ ...invitation, signUp: 'open', invitationKey })).toEqual({ policy: 'open' });
  });

  test('ask for the key that a deployment keeps only where nothing else gives one and invitations need it', () => {
    const own = { domain: 'localhost', secret: Buffer.alloc(32, 1) };
    let asked = 0;
    const keep = () => {
      asked += 1;
      return own;
    };
    readSignUpPolicy({ domain: 'localhost', signUp: 'open' }, keep);
    readSignUpPolicy({ domain: 'localhost', signUp: 'closed' }, keep);
    const invitationKey = Buffer.alloc(32, 2).toString('base64');
    readSignUpPolicy({ domain: 'localhost', signUp: 'invitation', invitationKey }, keep);
    expect(asked).toBe(0);
    const policy = readSignUpPolicy({ domain: 'localhost', signUp: 'invitation' }, keep);
    expect(policy).toEqual({ policy: 'invitation', key: own });
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

  test('that cannot work name themselves, and never a secret', () => {
    const invitation = { domain: 'localhost', signUp: 'invitation' } as const;
    expect(() => readSignUpPolicy(invitation)).toThrow(/invitationKey, .* is missing: .*openssl rand -base64 32/);
    const weak = Buffer.alloc(31, 7).toString('base64');
    for (const invitationKey of ['changeme', weak, `${weak}AAAA`, `${Buffer.alloc(32).toString('base64')}!`]) {
      const read = () => readSignUpPolicy({ ...invitation, signUp: 'open', invitationKey });
      expect(read).toThrow(/invitationKey must be 32 random bytes in Base64/);
      expect(read).not.toThrow(invitationKey);
    }
    const invitationKeyFile = join(folder, 'missing');
    expect(() => readSignUpPolicy({ ...invitation, invitationKeyFile })).toThrow('invitationKeyFile: ENOENT');
    writeFileSync(invitationKeyFile, weak);
    expect(() => readSignUpPolicy({ ...invitation, invitationKeyFile })).toThrow(
      /invitationKeyFile: .*missing must be 32/,
    );
  });
});
