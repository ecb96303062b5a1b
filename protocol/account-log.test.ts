import { describe, expect, it } from 'vitest';
import {
  accountDeletionBytes,
  accountHead,
  decodeAccountEntry,
  decodeSignedEntry,
  encodeAccountEntry,
  encodeSignedEntry,
  type SignedEntry,
} from './account-entry.ts';
import {
  type AccountState,
  activeDevices,
  appendEntry,
  comparePosition,
  deviceOf,
  nextEntry,
  replayAccountLog,
  verifyAccountLog,
} from './account-log.ts';
import { fromHex, toHex } from './bytes.ts';
import { START } from './envelope.ts';
import { CryptoError, ProtocolError } from './errors.ts';
import { H, verifyLabelled } from './hash.ts';
import { accountLog } from './test/vectors.ts';

const ADDRESS = accountLog.address;
const good: SignedEntry[] = accountLog.entries.map((entry) => decodeSignedEntry(entry.signed));
const whole = verifyAccountLog(good, ADDRESS);

/** The state after so many of the good entries. */
function stateAfter(count: number): AccountState | undefined {
  return count === 0 ? undefined : verifyAccountLog(good.slice(0, count), ADDRESS);
}

describe('entries', () => {
  it.each(accountLog.entries)('$name: golden bytes and head', (vector) => {
    const bytes = fromHex(vector.entry);
    const entry = decodeAccountEntry(bytes);
    expect([entry.index, entry.time, entry.address]).toEqual([vector.index, vector.time, ADDRESS]);
    expect(toHex(entry.previous)).toBe(vector.previous);
    expect(entry.change.type).toBe(vector.type);
    expect(toHex(encodeAccountEntry(entry))).toBe(vector.entry);
    expect(toHex(accountHead(bytes))).toBe(vector.head);
    expect(encodeSignedEntry(decodeSignedEntry(vector.signed))).toEqual(vector.signed);
    const { identity, change } = entry;
    expect(
      toHex(
        encodeAccountEntry(nextEntry(stateAfter(vector.index), { address: ADDRESS, identity }, vector.time, change)),
      ),
    ).toBe(vector.entry);
  });

  it.each(accountLog.entries)('$name: every changed byte is refused', ({ index }) => {
    const before = stateAfter(index);
    const signed = good[index];
    if (signed === undefined) throw new Error('the vectors lack an entry');
    const fields: (keyof SignedEntry)[] = ['entry', 'signature'];
    if (signed.countersignature !== undefined) fields.push('countersignature');
    for (const field of fields) {
      const length = signed[field]?.length ?? 0;
      for (let i = 0; i < length; i++) {
        const changed = (signed[field] ?? new Uint8Array()).map((byte, at) =>
          at === i ? byte ^ (1 << (i % 8)) : byte,
        );
        expect(() => appendEntry(before, { ...signed, [field]: changed }, ADDRESS)).toThrow(CryptoError);
      }
    }
  });

  it('cut anywhere are refused', () => {
    for (const { entry } of good) {
      for (let cut = 0; cut < entry.length; cut++) {
        expect(() => decodeAccountEntry(entry.subarray(0, cut))).toThrow(ProtocolError);
      }
    }
  });

  it('with a signature of another size are refused as they come in', () => {
    const [first] = accountLog.entries;
    if (first === undefined) throw new Error('the vectors lack an entry');
    expect(() => decodeSignedEntry({ ...first.signed, signature: 'AAAA' })).toThrow(ProtocolError);
    expect(() => decodeSignedEntry({ ...first.signed, countersignature: '' })).toThrow(ProtocolError);
  });
});

describe('a good log', () => {
  it('says which devices speak for the address, and which password holds', () => {
    expect([...whole.devices.values()].map((device) => toHex(device.id))).toEqual(
      accountLog.devices.map(({ id }) => id),
    );
    expect(activeDevices(whole).map((device) => toHex(device.id))).toEqual(
      accountLog.devices.slice(1).map(({ id }) => id),
    );
    const phone = deviceOf(whole, fromHex(accountLog.devices[0]?.id ?? ''));
    expect([phone?.enrolled.index, phone?.revoked?.index]).toEqual([0, 3]);
    expect(toHex(whole.identity)).toBe(accountLog.identity);
    const last = accountLog.entries.findLast((entry) => entry.type === 'password');
    expect(whole.passwordVersion).toBe(2);
    expect(whole.password).toEqual({ record: H(fromHex(last?.record ?? '')), vault: H(fromHex(last?.vault ?? '')) });
    expect([whole.position.index, toHex(whole.position.head)]).toEqual([5, accountLog.entries.at(-1)?.head]);
  });

  it('is the same whether read at once, one by one, or continued', () => {
    let state: AccountState | undefined;
    for (const entry of good) state = appendEntry(state, entry, ADDRESS);
    expect(state).toEqual(whole);
    for (let split = 1; split <= good.length; split++) {
      expect(verifyAccountLog(good.slice(split), ADDRESS, stateAfter(split))).toEqual(whole);
    }
    expect(replayAccountLog(good, ADDRESS)).toEqual(whole);
  });

  it('leaves the state that it continues as it was', () => {
    const before = stateAfter(3);
    const heads = before?.heads.length;
    verifyAccountLog(good.slice(3), ADDRESS, before);
    expect([before?.heads.length, before?.devices.size, before?.position.index]).toEqual([heads, 2, 2]);
    expect(activeDevices(before as AccountState)).toHaveLength(2);
  });

  it('tells a position in it from one beyond it and one on another branch', () => {
    expect(comparePosition(whole, START)).toBe('known');
    expect(comparePosition(undefined, START)).toBe('known');
    for (const [index, head] of whole.heads.entries()) expect(comparePosition(whole, { index, head })).toBe('known');
    expect(comparePosition(whole, { index: 6, head: new Uint8Array(32).fill(1) })).toBe('beyond');
    expect(comparePosition(undefined, { index: 0, head: new Uint8Array(32).fill(1) })).toBe('beyond');
    expect(comparePosition(whole, { index: 2, head: new Uint8Array(32).fill(1) })).toBe('fork');
    expect(comparePosition(whole, { index: 2, head: new Uint8Array(32) })).toBe('fork');
  });

  it('its deletion is signed over the golden bytes', () => {
    const bytes = accountDeletionBytes(ADDRESS, whole.position);
    expect(toHex(bytes)).toBe(accountLog.deletion.bytes);
    const signature = fromHex(accountLog.deletion.signature);
    expect(verifyLabelled('account-delete', bytes, whole.identity, signature)).toBe(true);
  });
});

describe('a log is refused', () => {
  it.each(accountLog.refused)('$name', ({ after, given }) => {
    expect(() => appendEntry(stateAfter(after), decodeSignedEntry(given), ADDRESS)).toThrow(CryptoError);
  });

  it('empty, with an entry left out, twice, or in another order', () => {
    expect(() => verifyAccountLog([], ADDRESS)).toThrow(CryptoError);
    for (let i = 0; i < good.length - 1; i++) {
      expect(() => verifyAccountLog(good.toSpliced(i, 1), ADDRESS)).toThrow(CryptoError);
      expect(() => verifyAccountLog(good.toSpliced(i, 0, ...good.slice(i, i + 1)), ADDRESS)).toThrow(CryptoError);
    }
    expect(() => verifyAccountLog(good.toReversed(), ADDRESS)).toThrow(CryptoError);
  });

  it('of somebody else', () => {
    expect(() => verifyAccountLog(good, 'bob@parley.example')).toThrow(CryptoError);
    expect(() => verifyAccountLog([], 'bob@parley.example', whole)).toThrow(CryptoError);
  });

  it('kept by this process, if its chain does not hold', () => {
    expect(() => replayAccountLog(good.slice(1), ADDRESS)).toThrow(CryptoError);
  });
});
