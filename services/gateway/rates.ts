// Rate limits, all in one table: by device where there is a session, by network address before.
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf, Request, RequestType } from '#protocol/frames/client.ts';

/** `points` of a key in each `seconds`. Sends are bounded by their window too; this is the ceiling for a device gone wild. */
const TABLE = {
  connection: { points: 1_200, seconds: 60 },
  credentials: { points: 240, seconds: 60 },
  account: { points: 120, seconds: 60 },
  /** A point for each entry: it is kept as long as the group, and goes to everybody in it. */
  group: { points: 1_200, seconds: 60 },
  session: { points: 2_400, seconds: 60 },
  lookUp: { points: 6_000, seconds: 60 },
  send: { points: 120_000, seconds: 60 },
  /** A point for each request, and for each 32 persons that it names: each may cost a push, and a look into a mailbox. */
  presence: { points: 600, seconds: 60 },
  typing: { points: 600, seconds: 60 },
  ticket: { points: 600, seconds: 60 },
  /** Frames of a session that are none of the protocol: reading one costs up to 28 ms, and no other limit counts it. */
  refused: { points: 120, seconds: 60 },
} as const;
export type RateName = keyof typeof TABLE;
export const RATE_NAMES = Object.keys(TABLE) as readonly RateName[]; // the keys of a constant

/** Which limit a request counts towards. A ping costs no more than the TCP segment that it came in. */
export const RATE_OF: Readonly<Record<Exclude<RequestType, 'send' | 'ping'>, RateName>> = {
  'group.append': 'group',
  'group.get': 'lookUp',
  'group.state': 'lookUp',
  'group.list': 'lookUp',
  'presence.set': 'presence',
  'presence.watch': 'presence',
  'blob.put': 'ticket',
  'blob.get': 'ticket',
  'signup.start': 'credentials',
  'signup.finish': 'credentials',
  'login.start': 'credentials',
  'login.finish': 'credentials',
  session: 'session',
  'log.get': 'lookUp',
  'log.append': 'account',
  'password.start': 'credentials',
  'password.finish': 'credentials',
  'devices.used': 'lookUp',
  'account.delete': 'account',
};

const WATCHED_FOR_A_POINT = 32;

/** What a request costs. */
export function pointsOf(frame: Exclude<Request, ClientFrameOf<'send' | 'ping'>>): number {
  if (frame.type === 'presence.watch') return 1 + Math.ceil(frame.addresses.length / WATCHED_FOR_A_POINT);
  return frame.type === 'group.append' ? frame.entries.length : 1;
}

/** Points that a sender takes at once, so that most sends ask nobody. */
const LEASE_POINTS = 256;

export class Rates {
  readonly #limiters: Readonly<Record<RateName, RateLimiterMemory>>;
  readonly #onLimited: (name: RateName) => void;

  /** `factor` multiplies every limit. `onLimited`: called when one says no. */
  constructor(factor: number, onLimited: (name: RateName) => void = () => {}) {
    this.#onLimited = onLimited;
    const make = (name: RateName): RateLimiterMemory => {
      const { points, seconds } = TABLE[name];
      return new RateLimiterMemory({ keyPrefix: name, points: Math.ceil(points * factor), duration: seconds });
    };
    this.#limiters = {
      connection: make('connection'),
      credentials: make('credentials'),
      account: make('account'),
      group: make('group'),
      session: make('session'),
      lookUp: make('lookUp'),
      send: make('send'),
      presence: make('presence'),
      typing: make('typing'),
      ticket: make('ticket'),
      refused: make('refused'),
    };
  }

  /** Takes points of a key. Throws RequestError `rate_limited` with the time to wait. */
  async take(name: RateName, key: string, points = 1): Promise<void> {
    try {
      await this.#limiters[name].consume(key, points);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      this.#onLimited(name);
      throw new RequestError('rate_limited', undefined, error.msBeforeNext);
    }
  }

  /** The allowance of one device's sends, which answers at once. */
  allowance(device: string): SendAllowance {
    return new SendAllowance(() => this.take('send', device, LEASE_POINTS));
  }
}

/** Sends must be decided in their order, on their tick: points are leased ahead, before the last are spent. */
export class SendAllowance {
  readonly #lease: () => Promise<void>;
  #left = LEASE_POINTS;
  #leasing = false;
  #refused: { readonly error: RequestError; readonly until: number } | undefined;

  constructor(lease: () => Promise<void>) {
    this.#lease = lease;
  }

  /** Spends one point; a RequestError says that there is none and how long to wait. `now` in ms. */
  spend(now: number): RequestError | undefined {
    if (this.#left < LEASE_POINTS / 2 && !this.#leasing && (this.#refused?.until ?? 0) <= now) this.#renew(now);
    if (this.#left > 0) {
      this.#left -= 1;
      return undefined;
    }
    return this.#refused?.error ?? new RequestError('rate_limited', undefined, 0);
  }

  #renew(now: number): void {
    this.#leasing = true;
    this.#lease().then(
      () => {
        this.#leasing = false;
        this.#left += LEASE_POINTS;
        this.#refused = undefined;
      },
      (error: unknown) => {
        this.#leasing = false;
        const refusal = error instanceof RequestError ? error : new RequestError('rate_limited', undefined, 1_000);
        this.#refused = { error: refusal, until: now + (refusal.retryAfterMs ?? 0) };
      },
    );
  }
}
