// How requests for blobs leave a client: one interface, because Node and browsers have different HTTP, and because a whole blob is in nobody's memory.

export type HttpRequest = {
  readonly method: 'HEAD' | 'PATCH' | 'GET';
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body; must not be changed before the answer is there. */
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
};

export interface HttpAnswer {
  readonly status: number;
  /** `name`: in lower case. */
  header(name: string): string | undefined;
  /**
   * The body, in pieces of any size, read no faster than it is taken. Throws Unavailable where it ends before its length, or where nothing came for
   * HTTP_STALL_MS. Who leaves it early ends the connection. To be read or left in any case.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Http {
  /** Resolves with the head of the answer; a redirect is an answer like any other. Throws Unavailable (no answer: it may have been done), or the signal's reason. */
  request(request: HttpRequest): Promise<HttpAnswer>;
}

/** A connection on which nothing moved for so long, in either direction, is given up. */
export const HTTP_STALL_MS = 30_000;
