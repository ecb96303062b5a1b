// How a server says that this device is out of its account for good, and what is said of the messages that can never go then.
import { CLOSE } from '#protocol/close-codes.ts';
import type { ErrorCode } from '#protocol/errors.ts';
import type { Gone } from './profile/profile.ts';

/** `code`: of a session that is refused, and of the messages in the outbox. */
export const GONE: Record<Gone, { readonly close: number; readonly code: ErrorCode; readonly sentence: string }> = {
  revoked: {
    ...{ close: CLOSE.revoked.code, code: 'device_revoked' },
    sentence: 'This device was revoked.',
  },
  deleted: {
    ...{ close: CLOSE.accountDeleted.code, code: 'unknown_user' },
    sentence: 'The account was deleted.',
  },
};

/** What the close code of a session, or the error that refused one, says of this device. */
export function goneBy(code: number | string): Gone | undefined {
  if (code === GONE.revoked.close || code === GONE.revoked.code) return 'revoked';
  if (code === GONE.deleted.close || code === GONE.deleted.code) return 'deleted';
  return undefined;
}
