import { describe, expect, it } from 'vitest';
import { decodeSignedEntry, encodeSignedEntry } from '#protocol/account-entry.ts';
import { type AccountState, verifyAccountLog } from '#protocol/account-log.ts';
import { fromHex, toHex } from '#protocol/bytes.ts';
import { accountLog } from '#protocol/test/vectors.ts';
import { type AccountSigner, changePassword, enrolDevice, revokeDevice, signAccountDeletion } from './account.ts';

const { address, devices, entries } = accountLog;
const identitySeed = fromHex(accountLog.identitySeed);

function deviceNamed(name: string) {
  const found = devices.find((device) => device.name === name);
  if (found === undefined) throw new Error(`The vectors have no device ${name}.`);
  return {
    x25519Secret: fromHex(found.x25519Secret),
    ed25519Seed: fromHex(found.ed25519Seed),
    id: fromHex(found.id),
  };
}

function sign(vector: (typeof entries)[number], state: AccountState | undefined) {
  const signer: AccountSigner = { address, identitySeed, state };
  switch (vector.type) {
    case 'device':
      return enrolDevice(signer, deviceNamed(vector.device), vector.suites, vector.time);
    case 'revoke':
      return revokeDevice(signer, deviceNamed(vector.device).id, vector.time);
    case 'password':
      return changePassword(signer, fromHex(vector.record), fromHex(vector.vault), vector.time);
  }
}

describe('an account log', () => {
  it.each(entries)('is written to the golden bytes: $name', (vector) => {
    const before = entries.slice(0, vector.index).map((entry) => decodeSignedEntry(entry.signed));
    const state = before.length === 0 ? undefined : verifyAccountLog(before, address);
    expect(encodeSignedEntry(sign(vector, state))).toEqual(vector.signed);
  });

  it('is deleted by the golden signature', () => {
    const { position } = verifyAccountLog(
      entries.map((entry) => decodeSignedEntry(entry.signed)),
      address,
    );
    expect(toHex(signAccountDeletion(address, identitySeed, position))).toBe(accountLog.deletion.signature);
  });
});
