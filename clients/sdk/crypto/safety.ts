// Safety numbers: what two people compare by voice to know that no server stands between their identities.
import { ByteWriter, compareBytes } from '#protocol/bytes.ts';
import { S } from '#protocol/hash.ts';

export interface Identified {
  readonly address: string;
  readonly identity: Uint8Array;
}

const DIGITS = 60;
const GROUP_DIGITS = 5;

function identified({ address, identity }: Identified): Uint8Array {
  return new ByteWriter(128).text(address).raw(identity, 32).finish();
}

/**
 * The safety number of two accounts, the same for both: S("safety", lower ‖ higher) of the two LP(address) ‖ identity in
 * bytewise order, read as a big-endian number modulo 10^60, in 12 groups of 5 digits. Forging a pair of identities that
 * agree takes 2^99 hashes.
 */
export function safetyNumber(one: Identified, other: Identified): string {
  const both = [identified(one), identified(other)].sort(compareBytes);
  let value = 0n;
  for (const byte of S('safety', ...both)) value = value * 256n + BigInt(byte);
  const digits = (value % 10n ** BigInt(DIGITS)).toString().padStart(DIGITS, '0');
  const groups: string[] = [];
  for (let i = 0; i < DIGITS; i += GROUP_DIGITS) groups.push(digits.slice(i, i + GROUP_DIGITS));
  return groups.join(' ');
}
