// How often blobs are asked for: by device, where there is a ticket; by network, which new connections count for, where there is a port of its own.
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RequestError } from '#protocol/errors.ts';

/** In each WINDOW_S. A device at 400 MB/s sends 100 parts a second; nobody needs more. */
const REQUESTS_MAX = 6_000;
/** As many as a gateway takes. */
const CONNECTIONS_MAX = 1_200;
const WINDOW_S = 60;

export class BlobRates {
  readonly #requests: RateLimiterMemory;
  readonly #connections: RateLimiterMemory;

  /** `factor` multiplies every limit. */
  constructor(factor: number) {
    const make = (keyPrefix: string, points: number): RateLimiterMemory =>
      new RateLimiterMemory({ keyPrefix, points: Math.ceil(points * factor), duration: WINDOW_S });
    this.#requests = make('request', REQUESTS_MAX);
    this.#connections = make('connection', CONNECTIONS_MAX);
  }

  /** One more request of a device. Throws RequestError `rate_limited` with the time to wait. */
  request(device: string): Promise<void> {
    return take(this.#requests, device);
  }

  /** One more connection of a network. Throws as `request`. */
  connection(source: string): Promise<void> {
    return take(this.#connections, source);
  }
}

async function take(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw new RequestError('rate_limited', undefined, error.msBeforeNext);
  }
}
