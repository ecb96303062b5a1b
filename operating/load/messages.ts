// What the main thread and the threads with the clients say to each other. All share plan and clock, so that an order names no message.
import type { Shape } from './plan.ts';

export type CrewData = {
  readonly shape: Shape;
  readonly seed: number;
  /** Of these users it runs those whose number leaves `index` when divided by `of`. */
  readonly index: number;
  readonly of: number;
  readonly servers: readonly string[];
  readonly caBundle: string | undefined;
  readonly domain: string;
  /** Every name begins with it. */
  readonly prefix: string;
  readonly password: string;
  readonly invitations: readonly string[] | undefined;
};

/** Each but `stop` is answered by `done` of the same phase. */
export type Order =
  | { readonly type: 'sign up' }
  /** `addresses`: of all users. */
  | { readonly type: 'make groups'; readonly addresses: readonly string[] }
  /** Times by `nowMs`. */
  | { readonly type: 'run'; readonly startMs: number; readonly endMs: number }
  /** Nothing more is sent. */
  | { readonly type: 'stop' }
  | { readonly type: 'leave'; readonly keep: boolean };
export type Phase = Exclude<Order['type'], 'stop'>;

/** Rows of numbers, one after the other, so that thousands cost one copy. Times by `nowMs`, latencies in ms since a message was due. */
export type Rows = {
  /** stream, n */
  readonly sent: Float64Array;
  /** stream, n, dueMs, latency */
  readonly accepted: Float64Array;
  /** stream, n */
  readonly refused: Float64Array;
  /** recipient, stream, n, order in the group or -1, dueMs, latency */
  readonly arrived: Float64Array;
};

export type Tick = {
  readonly type: 'tick';
  readonly rows: Rows;
  /** How often something went wrong since the last one, by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly connected: number;
  /** Since the last one. */
  readonly reconnects: number;
  /** How busy this thread was since the last one, 0 to 1. */
  readonly utilization: number;
  /** The longest that a message left later than it was due, because of this thread, in ms. */
  readonly lateMs: number;
};

export type Report =
  | Tick
  /** One more user is through with this phase. */
  | { readonly type: 'one'; readonly phase: Phase }
  /** The server asks to wait. */
  | { readonly type: 'waiting'; readonly reason: string; readonly seconds: number }
  /** `leftBehind`: accounts that could not be deleted, or were to be kept. */
  | {
      readonly type: 'done';
      readonly phase: Phase;
      readonly addresses?: readonly (readonly [number, string])[];
      readonly leftBehind?: number;
    }
  /** This thread cannot go on. `reason`: a sentence. */
  | { readonly type: 'failed'; readonly reason: string };
