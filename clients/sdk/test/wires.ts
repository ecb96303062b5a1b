// A transport and a clock that a test moves by hand, for state machines that must be seen at an exact moment.
import type { ClientFrame } from '#protocol/frames/client.ts';
import type { Clock, Timers } from '../platform.ts';
import type { Transport, WireEvents } from '../transport.ts';

/** One connection as the far end sees it. */
export class FakeWire {
  readonly url: string;
  readonly sent: ClientFrame[] = [];
  ended: 'no' | 'closed' | 'terminated' = 'no';
  readonly #events: WireEvents;

  constructor(url: string, events: WireEvents) {
    this.url = url;
    this.#events = events;
  }

  /** The server sends a frame. */
  push(frame: object): void {
    this.#events.received(JSON.stringify(frame));
  }
  pushText(text: string): void {
    this.#events.received(text);
  }
  heard(): void {
    this.#events.heard();
  }
  /** The server or the network ends the connection. */
  drop(code: number, reason = ''): void {
    this.#events.closed(code, reason);
  }
  challenge(): void {
    this.#events.opened();
    this.push({
      type: 'challenge',
      nonce: `${'A'.repeat(43)}=`,
      domain: 'localhost',
      serverKey: 'AAAA',
      signUp: 'open',
      time: 0,
    });
  }
  get last(): ClientFrame {
    const frame = this.sent.at(-1);
    if (frame === undefined) throw new Error('nothing was sent');
    return frame;
  }
  lastId(): number {
    if (!('id' in this.last)) throw new Error('the last frame is no request');
    return this.last.id;
  }
}

export function fakeTransport(): { readonly transport: Transport; readonly wires: FakeWire[] } {
  const wires: FakeWire[] = [];
  const transport: Transport = {
    connect(url, events) {
      const wire = new FakeWire(url, events);
      wires.push(wire);
      return {
        send: (text) => void wire.sent.push(JSON.parse(text)),
        close: () => {
          wire.ended = 'closed';
        },
        terminate: () => {
          wire.ended = 'terminated';
        },
      };
    },
  };
  return { transport, wires };
}

/** Time that passes only when told to. */
export class FakeTime implements Clock, Timers {
  #now = 1_700_000_000_000;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#now;
  }
  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
  get waiting(): number {
    return this.#timers.size;
  }
  /** Passes `ms`, running what falls due in its order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = end;
  }
}

/** Lets continuations of settled promises run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
