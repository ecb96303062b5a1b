// The four kinds of failure, by what their reader must do, and the codes that cross the wire.
// One list, because PROTOCOL.md, the gateway and every client must agree on what a code asks of them.

/** Every code of an `error` frame: whether the same request may be repeated, and the default sentence for a person. */
export const ERROR_CODES = {
  bad_request: { retry: false, text: 'The request does not have the form that PROTOCOL.md describes.' },
  bad_envelope: { retry: false, text: 'The message was refused: its header, body or slots are not well formed.' },
  bad_signature: { retry: false, text: 'A signature or key did not verify.' },
  not_signed_in: { retry: false, text: 'Sign in first.' },
  already_signed_in: { retry: false, text: 'This connection already has a session.' },
  name_taken: { retry: false, text: 'That name is taken. Choose another.' },
  bad_name: {
    retry: false,
    text: 'Names have 2 to 32 of a-z, 0-9, dot, underscore and hyphen, and begin and end with a letter or digit.',
  },
  login_failed: { retry: false, text: 'Wrong name or password.' },
  too_many_tries: { retry: true, text: 'Too many tries. Wait before you try again.' },
  unknown_user: { retry: false, text: 'There is no such user here.' },
  remote_domain: { retry: false, text: 'This server does not exchange messages with other domains.' },
  stale_log: { retry: false, text: 'The account changed meanwhile. Fetch its log and sign again.' },
  log_full: { retry: false, text: 'The account log has no room for another entry.' },
  device_revoked: { retry: false, text: 'This device was revoked.' },
  sign_up_closed: { retry: false, text: 'This server takes no new accounts. Ask its operator.' },
  invitation_required: {
    retry: false,
    text: 'This server wants a valid invitation for a new account. Ask its operator.',
  },
  stale_devices: { retry: false, text: 'None of the addressed devices is in use any more. Fetch the account log.' },
  no_such_group: { retry: false, text: 'There is no such group.' },
  group_exists: { retry: false, text: 'A group of that name exists already. Choose another name.' },
  stale_group: { retry: false, text: 'The group changed meanwhile. Fetch its log and sign or seal again.' },
  missing_slots: { retry: false, text: 'Members of the group have devices that the message has no slot for.' },
  not_a_member: { retry: false, text: 'You are not a member of this group.' },
  not_an_admin: { retry: false, text: 'Only an admin of the group may do that.' },
  already_a_member: { retry: false, text: 'They are a member of the group already.' },
  no_such_member: { retry: false, text: 'They are not a member of the group.' },
  hand_over_first: { retry: false, text: 'The last admin cannot go: make another member admin first.' },
  group_closed: { retry: false, text: 'The group is closed: one of its admins has to add you.' },
  group_refused: { retry: false, text: 'You were removed from this group: one of its admins has to add you again.' },
  group_full: { retry: false, text: 'The group is full.' },
  policy_fixed: { retry: false, text: 'What kind of group this is cannot be changed.' },
  nothing_changes: { retry: false, text: 'That is so already.' },
  over_quota: { retry: true, text: 'The mailbox is full. It takes messages again when its owner has come back.' },
  earlier_refused: { retry: true, text: 'An earlier message of this conversation was refused; send that one first.' },
  rate_limited: { retry: true, text: 'Too many requests. Slow down.' },
  busy: { retry: true, text: 'The server is busy. Try again in a moment.' },
  no_space: { retry: true, text: 'The server has no disk space left for new messages. Its operator has to make room.' },
  bad_ticket: { retry: false, text: 'The ticket is none of this server, or has expired. Ask for another.' },
  no_such_file: { retry: false, text: 'The file is not there: it has expired, or was never sent to its end.' },
  wrong_offset: { retry: false, text: 'The upload stands elsewhere. Go on from there.' },
  files_over_quota: {
    retry: false,
    text: 'Your files take all the space that this server has for you. They leave it as their messages do.',
  },
  rejected: { retry: false, text: 'The server could not process this request.' },
  unavailable: { retry: true, text: 'The server cannot do this right now. Try again in a moment.' },
} as const satisfies Record<string, { retry: boolean; text: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Something a person must be told; crosses the wire as an `error` frame. `retryAfterMs`: wait at least this long. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message?: string, retryAfterMs?: number) {
    super(message ?? ERROR_CODES[code].text);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed later, unchanged. */
  get retry(): boolean {
    return ERROR_CODES[this.code].retry;
  }
}

/** Bytes or frames that no correct peer sends: refuse them and, on a connection, close it. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** The steps of opening a message, in order (DESIGN section 5): the first that fails names the error. */
export type OpenStep =
  | 'parse'
  | 'self'
  | 'conversation'
  | 'device'
  | 'slot'
  | 'commit'
  | 'body'
  | 'signature'
  | 'member'
  | 'dedupe';

/** A message or key that does not verify: keep it, show it, go on. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';
  readonly step: OpenStep;

  constructor(step: OpenStep, message: string) {
    super(message);
    this.step = step;
  }
}

/** A piece that this one stands on is away or full: retry with backoff. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
