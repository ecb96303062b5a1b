// What the client refuses by itself, before or instead of asking a server: the person is told the sentence.
// Apart from RequestError, whose codes cross the wire; these never do.

import { RequestError } from '#protocol/errors.ts';

export type RefusalReason =
  | 'weak_password'
  | 'wrong_password'
  | 'password_changed'
  | 'server_key_changed'
  | 'wrong_domain'
  | 'log_refused'
  | 'identity_changed'
  | 'blocked'
  | 'no_device'
  | 'too_many_devices'
  | 'unknown_device'
  | 'bad_text'
  | 'text_too_long'
  | 'receiver_elsewhere'
  | 'group_ended'
  | 'group_forked'
  | 'nothing_to_trust'
  | 'file_unreadable'
  | 'file_unwritable'
  | 'file_gone'
  | 'file_damaged'
  | 'file_changed'
  | 'file_too_large'
  | 'closed';

/** Nothing was done. `message` is a sentence that says what to do. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Whether asking again, unchanged, will not help: this client or the server has refused for good. */
export function isFinal(error: unknown): error is Refusal | RequestError {
  return error instanceof Refusal || (error instanceof RequestError && !error.retry);
}

/** The sentence of anything that was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
