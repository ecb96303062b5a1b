// What is counted of blobs. Labels have few values: methods, and codes of the protocol.
import type { Metrics } from '#runtime/metrics.ts';
import type { Total } from './total.ts';

const METHODS = ['head', 'patch', 'get'] as const;
export type BlobMethod = (typeof METHODS)[number] | 'other';
/** From 0, so that the first one is seen as an increase. */
const WATCHED = ['ok', 'cut', 'files_over_quota', 'no_space', 'unavailable'] as const;

export class BlobCounts {
  readonly #requests;
  #received = 0;
  #sent = 0;
  #whole = 0;
  #swept = 0;

  /** `limitBytes`: what all blobs may take. `open`: transfers. */
  constructor(metrics: Metrics, total: Total, { limitBytes, open }: { limitBytes: number; open: () => number }) {
    this.#requests = metrics.counter('parley_blob_requests_total', 'Requests for files, by method and outcome', [
      'method',
      'outcome',
    ]);
    for (const method of METHODS) for (const outcome of WATCHED) this.#requests.inc({ method, outcome }, 0);
    metrics.gauge('parley_blob_stored', 'Files stored, also those that are not whole', () => total.counted?.blobs);
    metrics.gauge('parley_blob_stored_bytes', 'What all files take or will take, in bytes', () => total.counted?.bytes);
    metrics.gauge('parley_blob_limit_bytes', 'What all files may take, in bytes', () => limitBytes);
    metrics.gauge('parley_blob_transfers', 'Parts of files that are under way, in or out', open);
    metrics.total('parley_blob_uploads_total', 'Files whose upload came to its end', () => this.#whole);
    metrics.total(
      'parley_blob_swept_total',
      'Files that were removed: their retention ended, or their upload was given up',
      () => this.#swept,
    );
    metrics.total('parley_blob_received_bytes_total', 'Bytes of files that came in', () => this.#received);
    metrics.total('parley_blob_sent_bytes_total', 'Bytes of files that went out', () => this.#sent);
  }

  /** `outcome`: ok, cut, or the code of the error. */
  request(method: BlobMethod, outcome: string): void {
    this.#requests.inc({ method, outcome });
  }

  received(bytes: number): void {
    this.#received += bytes;
  }

  sent(bytes: number): void {
    this.#sent += bytes;
  }

  whole(): void {
    this.#whole += 1;
  }

  swept(blobs: number): void {
    this.#swept += blobs;
  }
}
