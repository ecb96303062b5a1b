// How frames leave and reach a client: one interface, because Node and browsers have different WebSockets and tests have none.

/** What a transport tells its connection. After `closed` nothing more comes. */
export interface WireEvents {
  opened(): void;
  /** One text frame. */
  received(text: string): void;
  /** Something came that was no frame (a WebSocket ping): the peer lives. */
  heard(): void;
  /** Ended, for whatever reason: 1006 where there was no close frame. `reason` is a sentence or empty. */
  closed(code: number, reason: string): void;
}

/** One WebSocket. Sending on an ended one does nothing. */
export interface Wire {
  /** Queues a text frame; what one tick queues leaves as one write. */
  send(text: string): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Drops the connection without a handshake: for a peer that does not answer. */
  terminate(): void;
}

export interface Transport {
  /** Starts to connect; never throws: what fails is told by `closed`. */
  connect(url: string, events: WireEvents): Wire;
}
