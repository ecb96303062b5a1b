// A message to a group: whether it is taken, and if not, why (DESIGN section 3, Groups).
import type { GroupMessage } from '#protocol/commands.ts';
import { type ErrorCode, RequestError } from '#protocol/errors.ts';
import { existing, type Standing } from './standing.ts';

/** Refusals after which the client seals the message anew under its number, so that later numbers wait for it. */
const COMES_AGAIN: ReadonlySet<ErrorCode> = new Set(['stale_group', 'missing_slots']);

/** Almost everybody has a device, and one who has one decides: who sends to nobody must not have auth asked for a thousand logs. */
const ASKED_AT_A_TIME = 8;

export type SendJudgement =
  /** Members that no slot is for, or some of them: it has to be known whether they have a device. */
  | { readonly lacking: readonly string[] }
  /** How many it goes to, beside the sender. */
  | { readonly persons: number };

/**
 * What becomes of a message whose id is new. `hasDevice`: of a member; undefined: that is not known. Throws RequestError: `no_such_group`,
 * `not_a_member`, `stale_group`, `bad_envelope`, `missing_slots`.
 */
export function judgeSend(
  standing: Standing | undefined,
  { from, group, epoch, head, slots }: GroupMessage,
  hasDevice: (address: string) => boolean | undefined,
): SendJudgement {
  const present = existing(standing);
  if (present?.group !== group) throw new RequestError('no_such_group');
  const { members, position } = present.state;
  if (!members.has(from)) throw new RequestError('not_a_member');
  if (position.index !== epoch || present.head !== head) throw new RequestError('stale_group');
  let persons = 0;
  for (const address of Object.keys(slots)) {
    if (!members.has(address)) throw new RequestError('bad_envelope', 'A slot is for somebody who is not a member.');
    if (address !== from) persons += 1;
  }
  const without = [...members.keys()].filter((address) => address !== from && !Object.hasOwn(slots, address));
  if (without.some((address) => hasDevice(address) === true)) throw new RequestError('missing_slots');
  const lacking = without.filter((address) => hasDevice(address) === undefined);
  return lacking.length > 0 ? { lacking: lacking.slice(0, ASKED_AT_A_TIME) } : { persons };
}

export function comesAgain({ code, retry }: RequestError): boolean {
  return retry || COMES_AGAIN.has(code);
}
