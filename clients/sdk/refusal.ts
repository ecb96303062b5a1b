// What the client refuses by itself, before or instead of asking a server: the person is told the sentence.
// Apart from RequestError, whose codes cross the wire; these never do.

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
  | 'unknown_device'
  | 'bad_text'
  | 'text_too_long'
  | 'receiver_elsewhere'
  | 'nothing_to_trust'
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
