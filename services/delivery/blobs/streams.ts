// The bodies of requests and answers as pieces, each waited for so long and no longer: who stands still holds what others want.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The connection ended in the middle, or was ended because nothing came or went. */
export class Cut extends Error {
  override readonly name = 'Cut';
}

/** The body of a request. Whoever stops reading may still answer. Throws Cut. */
export async function* piecesOf(request: IncomingMessage, stallMaxMs: number): AsyncGenerator<Uint8Array> {
  const withinTime = () => setTimeout(() => request.destroy(new Cut(`Nothing came for ${stallMaxMs} ms.`)), stallMaxMs);
  let stalled = withinTime();
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      clearTimeout(stalled);
      yield piece; // a Buffer, since no encoding is set
      stalled = withinTime();
    }
  } catch (error) {
    throw new Cut('The connection ended in the middle of a body.', { cause: error });
  } finally {
    clearTimeout(stalled);
  }
}

/**
 * Writes all pieces and ends the answer, as fast as they are taken. `onPiece`: bytes that were given to the connection. Throws Cut, and what `pieces`
 * throws; the caller destroys the answer then.
 */
export async function sendPieces(
  response: ServerResponse,
  pieces: AsyncIterable<Uint8Array>,
  stallMaxMs: number,
  onPiece: (bytes: number) => void,
): Promise<void> {
  for await (const piece of pieces) {
    if (response.destroyed) break;
    const taken = response.write(piece);
    onPiece(piece.length);
    if (!taken) await comes(response, 'drain', stallMaxMs);
  }
  if (!response.destroyed) {
    const closed = comes(response, 'close', stallMaxMs);
    response.end();
    await closed;
  }
  if (!response.writableFinished) throw new Cut('The connection ended in the middle of an answer.');
}

/** Waits for the event or for the end of the connection, which it brings about if neither comes in time. */
function comes(response: ServerResponse, event: 'drain' | 'close', stallMaxMs: number): Promise<void> {
  return new Promise((resolve) => {
    const stalled = setTimeout(() => response.destroy(), stallMaxMs);
    const done = (): void => {
      clearTimeout(stalled);
      response.off(event, done).off('close', done);
      resolve();
    };
    response.on(event, done);
    if (event !== 'close') response.on('close', done);
    if (response.closed) done();
  });
}
