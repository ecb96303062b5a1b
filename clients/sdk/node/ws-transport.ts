// Node's transport, on `ws`. Writes of one turn of the event loop leave as one: at small frames the system call, not the
// encryption, is what a connection costs (DESIGN section 2, batching).
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import { SERVER_FRAME_MAX_BYTES, SUBPROTOCOL } from '#protocol/limits.ts';
import type { Transport, Wire, WireEvents } from '../transport.ts';

/** How long a TCP, TLS and WebSocket handshake may take together. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long the closing handshake may take: a server that does not answer must not keep the process alive. */
const CLOSE_GRACE_MS = 2_000;
/** A close frame holds 123 bytes of reason; a character that is cut in two grows by at most 2. */
const CLOSE_REASON_MAX_BYTES = 120;
/** What a browser reports, too, when a connection ended without a close frame. */
const ABNORMAL_CLOSE = 1006;

/** `caBundle`: PEM of certificate authorities to trust beside none other, for servers with a private one. */
export type WsTransportOptions = { readonly caBundle?: string };

/** Makes a transport for ws:// and wss:// addresses. */
export function wsTransport(options: WsTransportOptions = {}): Transport {
  return { connect: (url, events) => connect(url, events, options) };
}

function connect(url: string, events: WireEvents, options: WsTransportOptions): Wire {
  let websocket: WebSocket;
  try {
    websocket = new WebSocket(url, SUBPROTOCOL, {
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: SERVER_FRAME_MAX_BYTES,
      perMessageDeflate: false,
      ...(options.caBundle === undefined ? {} : { ca: options.caBundle }),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not a WebSocket address';
    setImmediate(() => events.closed(ABNORMAL_CLOSE, reason));
    return { send() {}, close() {}, terminate() {} };
  }
  let socket: Socket | undefined;
  let corked = false;
  let failure = '';
  websocket.on('upgrade', (response) => {
    socket = response.socket;
  });
  websocket.on('open', () => events.opened());
  websocket.on('message', (data, isBinary) => {
    // ws hands text over as a Buffer with the default binaryType; the cast only drops the other two binary types.
    if (isBinary) events.received('');
    else events.received((data as Buffer).toString('utf8'));
  });
  websocket.on('ping', () => events.heard());
  websocket.on('error', (error) => {
    failure = error.message;
  });
  websocket.on('close', (code, reason) => events.closed(code, reason.toString('utf8') || failure));
  return {
    send(text) {
      if (websocket.readyState !== WebSocket.OPEN) return;
      if (socket !== undefined && !corked) {
        corked = true;
        const held = socket;
        held.cork();
        setImmediate(() => {
          corked = false;
          held.uncork();
        });
      }
      websocket.send(text);
    },
    close(code, reason) {
      websocket.close(code, Buffer.from(reason).subarray(0, CLOSE_REASON_MAX_BYTES).toString());
      setTimeout(() => websocket.terminate(), CLOSE_GRACE_MS).unref();
    },
    terminate() {
      websocket.terminate();
    },
  };
}
