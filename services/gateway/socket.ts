// A WebSocket that closes with Parley's codes where ws would use its own: a client reads 1009 and 1007 as "connect again", and one
// that sends the same frame again would do so for ever (PROTOCOL.md, Close codes).
import { WebSocket } from 'ws';
import { CLOSE } from '#protocol/close-codes.ts';

/** RFC 6455, section 7.4.1, as ws gives them for what it cannot read. */
const PROTOCOL_ERROR = 1002;
const INVALID_TEXT = 1007;
const POLICY = 1008;
const TOO_LARGE = 1009;

export class DoorSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    if (code === TOO_LARGE) return super.close(CLOSE.tooLarge.code, CLOSE.tooLarge.reason);
    const unreadable = code === PROTOCOL_ERROR || code === INVALID_TEXT || code === POLICY;
    if (unreadable) return super.close(CLOSE.protocolError.code, CLOSE.protocolError.reason);
    super.close(code, reason);
  }
}
