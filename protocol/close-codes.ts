// WebSocket close codes. The range says what the client does next, so that a code it does not know still tells it.

/** What a client does after a close: by range, for known and unknown codes alike. */
export type AfterClose = 'reconnect' | 'sign-in-again' | 'stop';

export const CLOSE = {
  /** 4000–4099: connect again with jittered backoff, to another server if there are several. */
  goElsewhere: { code: 4001, reason: 'This server is going away: go elsewhere.' },
  silent: { code: 4002, reason: 'Nothing was heard for 45 s.' },
  tooSlow: { code: 4003, reason: 'The client does not read what it is sent.' },
  failed: { code: 4005, reason: 'This server had to end the connection.' },
  /** 4100–4199: connect again and prove the device anew. */
  unauthenticated: { code: 4100, reason: 'No session was opened in time.' },
  /** 4200–4299: do not connect again by yourself; tell the person. */
  protocolError: { code: 4200, reason: 'A frame was not what the protocol allows.' },
  tooLarge: { code: 4201, reason: 'A frame was too large.' },
  replaced: { code: 4202, reason: 'A newer session of this device has taken over.' },
  revoked: { code: 4203, reason: 'This device was revoked.' },
  accountDeleted: { code: 4204, reason: 'The account was deleted.' },
} as const satisfies Record<string, { code: number; reason: string }>;

export type CloseName = keyof typeof CLOSE;

/** What to do after a connection closed with this code. Everything outside 4100–4299 means: reconnect (PROTOCOL.md, Close codes). */
export function afterClose(code: number): AfterClose {
  if (code >= 4100 && code < 4200) return 'sign-in-again';
  if (code >= 4200 && code < 4300) return 'stop';
  return 'reconnect';
}
