// What a stranger sends of a message that is not whole yet. ws keeps it, up to the longest frame that a session may send, and knows of no
// session: a thousand strangers would keep a thousand times that.
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { DOOR_FRAME_MAX_BYTES, KIB } from '#protocol/limits.ts';

/** What one read of a socket brings at most: it may hold several whole messages. */
const CHUNK_MAX_BYTES = 64 * KIB;
/** Beside its payload, a frame has 14 bytes; what pongs and the like have is little. */
const OVERHEAD_BYTES = 1 * KIB;
const UNFINISHED_MAX_BYTES = DOOR_FRAME_MAX_BYTES + CHUNK_MAX_BYTES + OVERHEAD_BYTES;

/** Calls `tooMuch` once more bytes have come since the last whole message than any stranger needs. Returns what ends it. */
export function boundUnfinished(websocket: WebSocket, socket: Socket, tooMuch: () => void): () => void {
  let bytes = 0;
  const came = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > UNFINISHED_MAX_BYTES) tooMuch();
  };
  const whole = (): void => {
    bytes = 0;
  };
  socket.prependListener('data', came); // ahead of ws, which makes messages of the same bytes
  websocket.on('message', whole);
  return () => {
    socket.off('data', came);
    websocket.off('message', whole);
  };
}
