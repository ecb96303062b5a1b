// What is measured while messages flow: the book of messages, latencies of the measured time, and a line of figures for each second.
import { Latencies, type Latency } from './latencies.ts';
import { Ledger } from './ledger.ts';
import type { Rows, Tick } from './messages.ts';
import type { Plan } from './plan.ts';

/** A thread that is busier than this has latencies of its own. */
export const BUSY_SHARE = 0.85;

/** `s`: seconds since the measured time began (below 0: warm-up). Numbers are of this second; latencies of what was accepted or delivered in it. */
export type Second = {
  readonly s: number;
  readonly offered: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly acceptedMs: Latency;
  readonly deliveredMs: Latency;
  readonly connected: number;
  readonly inFlight: number;
  readonly reconnects: number;
  /** Of the busiest thread, 0 to 1, and how late it sent at worst. */
  readonly busy: number;
  readonly lateMs: number;
};

export class Recorder {
  readonly ledger: Ledger;
  readonly accepted = new Latencies();
  readonly delivered = new Latencies();
  readonly errors: Record<string, number> = {};
  readonly #nowAccepted = new Latencies();
  readonly #nowDelivered = new Latencies();
  readonly #connected: number[] = [];
  /** Of the time that is measured, by `nowMs`. */
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.POSITIVE_INFINITY;
  #before = { sent: 0, accepted: 0, arrived: 0 };
  #secondReconnects = 0;
  #busy = 0;
  #lateMs = 0;
  /** How many were accepted in the measured time, whenever they were due: by the clock of the client, which was told then. */
  acceptedInTime = 0;
  reconnects = 0;

  constructor(plan: Plan) {
    this.ledger = new Ledger((number) => plan.stream(number));
  }

  /** The time that is measured: latencies count of messages that were due in it. It may be cut short while it lasts. */
  measure(fromMs: number, toMs: number): void {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
  }

  take({ rows, errors, connected, reconnects, utilization, lateMs }: Tick, thread: number): void {
    this.#enter(rows);
    for (const [code, count] of Object.entries(errors)) this.errors[code] = (this.errors[code] ?? 0) + count;
    this.#connected[thread] = connected;
    this.reconnects += reconnects;
    this.#secondReconnects += reconnects;
    this.#busy = Math.max(this.#busy, utilization);
    this.#lateMs = Math.max(this.#lateMs, lateMs);
  }

  /** All since the last call, which is meant to be a second ago. */
  second(nowMs: number): Second {
    const { sent, accepted, arrived, inFlight } = this.ledger;
    const second: Second = {
      s: Math.round((nowMs - this.#fromMs) / 1_000),
      offered: sent - this.#before.sent,
      accepted: accepted - this.#before.accepted,
      delivered: arrived - this.#before.arrived,
      acceptedMs: this.#nowAccepted.summary,
      deliveredMs: this.#nowDelivered.summary,
      connected: this.#connected.reduce((sum, count) => sum + count, 0),
      ...{ inFlight, reconnects: this.#secondReconnects, busy: this.#busy, lateMs: this.#lateMs },
    };
    this.#before = { sent, accepted, arrived };
    this.#nowAccepted.reset();
    this.#nowDelivered.reset();
    this.#secondReconnects = 0;
    this.#busy = 0;
    this.#lateMs = 0;
    return second;
  }

  #enter({ sent, accepted, refused, arrived }: Rows): void {
    const { ledger } = this;
    for (const [stream = 0, n = 0] of rowsOf(sent, 2)) ledger.noteSent(stream, n);
    for (const [stream = 0, n = 0, dueMs = 0, ms = 0] of rowsOf(accepted, 4)) {
      ledger.noteAccepted(stream, n);
      this.#nowAccepted.add(ms);
      if (this.#isMeasured(dueMs + ms)) this.acceptedInTime += 1;
      if (this.#isMeasured(dueMs)) this.accepted.add(ms);
    }
    for (const [stream = 0, n = 0] of rowsOf(refused, 2)) ledger.noteRefused(stream, n);
    for (const [recipient = 0, stream = 0, n = 0, order = -1, dueMs = 0, ms = 0] of rowsOf(arrived, 6)) {
      ledger.noteArrived(recipient, stream, n, order < 0 ? undefined : order);
      this.#nowDelivered.add(ms);
      if (this.#isMeasured(dueMs)) this.delivered.add(ms);
    }
  }

  #isMeasured(timeMs: number): boolean {
    return timeMs >= this.#fromMs && timeMs < this.#toMs;
  }
}

function* rowsOf(numbers: Float64Array, width: number): Generator<Float64Array> {
  for (let at = 0; at < numbers.length; at += width) yield numbers.subarray(at, at + width);
}
