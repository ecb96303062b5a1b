// Blobs as a whole: what answers requests for them, what counts and what sweeps them. On a port of their own (listener.ts), or on the gateway's (services/server.ts).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { MIB, SECOND_MS } from '#protocol/limits.ts';
import type { Settings } from '#runtime/config.ts';
import type { Metrics } from '#runtime/metrics.ts';
import type { Tickets } from '#runtime/tickets.ts';
import type { deliverySettings } from '../config.ts';
import { Expiry } from '../expiry.ts';
import { type BlobSpace, Blobs } from './blobs.ts';
import type { blobSettings } from './config.ts';
import { BlobCounts } from './counts.ts';
import { BlobHttp, DOWNLOAD_STALL_MAX_MS, UPLOAD_STALL_MAX_MS } from './http.ts';
import { BlobRates } from './rates.ts';
import type { BlobStore } from './store.ts';
import { startBlobSweeps } from './sweeps.ts';
import { Total } from './total.ts';
import { Transfers } from './transfers.ts';

/** What is under way at the end may take so long; what is cut then is gone on with elsewhere. */
export const TRANSFERS_DRAIN_MS = 10 * SECOND_MS;

export type BlobService = {
  /** Answers a request for BLOB_PATH. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  readonly rates: BlobRates;
  readonly counts: BlobCounts;
  stopSweeps(): void;
  /** Begins no more transfers; resolves once those under way have ended, or after TRANSFERS_DRAIN_MS. */
  drain(): Promise<void>;
};

export type BlobServiceDeps = {
  readonly store: BlobStore;
  readonly tickets: Tickets;
  readonly space: BlobSpace;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** ms since 1970 */
  readonly now: () => number;
  /** ms that no clock change moves */
  readonly monotonic: () => number;
};

export function startBlobs(
  { store, tickets, space, log, metrics, now, monotonic }: BlobServiceDeps,
  settings: Settings<typeof blobSettings> &
    Pick<Settings<typeof deliverySettings>, 'sweepEveryMs' | 'countEveryMs'> & { readonly rateFactor: number },
): BlobService {
  const expiry = new Expiry(now, monotonic);
  const total = new Total(store, monotonic);
  const transfers = new Transfers();
  const totalBytes = settings.filesTotalMib * MIB;
  const counts = new BlobCounts(metrics, total, { limitBytes: totalBytes, open: () => transfers.open });
  const rates = new BlobRates(settings.rateFactor);
  const quotaBytes = settings.fileQuotaMib * MIB;
  const blobs = new Blobs({ store, total, now, expiry, space, quotaBytes, totalBytes });
  const http = new BlobHttp({
    ...{ blobs, store, tickets, transfers, rates, counts, log },
    uploadStallMaxMs: UPLOAD_STALL_MAX_MS,
    downloadStallMaxMs: DOWNLOAD_STALL_MAX_MS,
  });
  const stopSweeps = startBlobSweeps({
    ...{ store, total, expiry, now, log },
    sweepEveryMs: settings.sweepEveryMs,
    countEveryMs: settings.countEveryMs,
    onSwept: (removed) => counts.swept(removed),
  });
  return {
    handle: (request, response) => http.handle(request, response),
    rates,
    counts,
    stopSweeps,
    async drain() {
      const patience = new AbortController();
      const over = sleep(TRANSFERS_DRAIN_MS, undefined, { signal: patience.signal }).catch(() => {});
      await Promise.race([transfers.close(), over]);
      patience.abort();
    },
  };
}
