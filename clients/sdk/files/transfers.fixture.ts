// Up- and downloads at a double of the server's blobs, without a client around them: waits take no time, and each session is counted.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FileInfo } from '../content/file.ts';
import { HTTP_STALL_MS, type Http } from '../http.ts';
import { nodeHttp } from '../node/http.ts';
import { memoryProfileHome } from '../node/memory-home.ts';
import { nodeRandom } from '../node/platform.ts';
import type { Timers } from '../platform.ts';
import { exampleAccount, PASSWORD } from '../profile/example.fixture.ts';
import type { Profile } from '../profile/profile.ts';
import { BlobsDouble } from '../test/blobs-double.ts';
import { MemoryTarget } from '../test/files.ts';
import { type DownloadOptions, download } from './download.ts';
import type { FileSource } from './file-source.ts';
import { type UploadDeps, type UploadOptions, upload } from './upload.ts';

/** Everything that waits goes on at once. */
const noWaits: Timers = {
  after(_ms, run) {
    const next = setImmediate(run);
    return () => clearImmediate(next);
  },
};

export const RETENTION = 86_400_000;

export class Transfers {
  readonly files = new BlobsDouble();
  readonly #server = createServer((request, response) => void this.files.answer(request, response));
  #profile: Profile | undefined;
  /** ms that a monotonic clock shows. */
  now = 1_000;
  /** In place of the uploads of a profile in memory. */
  uploads: UploadDeps['uploads'] | undefined;
  /** How long an answer from a blob's beginning may stand still; one that goes on has all the time it wants. */
  stallFirstMs: number | undefined;

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#profile = await memoryProfileHome().create(exampleAccount(), PASSWORD);
    this.uploads = this.#profile.uploads;
    return this;
  }

  async end(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#profile?.close();
  }

  get url(): string {
    // A server on a port, not on a path.
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get deps(): UploadDeps {
    if (this.uploads === undefined) throw new Error('not started');
    const [patient, first] = [nodeHttp(), nodeHttp({ stallMs: this.stallFirstMs ?? HTTP_STALL_MS })];
    const http: Http = { request: (asked) => ('range' in asked.headers ? patient : first).request(asked) };
    return {
      ...{ uploads: this.uploads, random: nodeRandom, timers: noWaits, http },
      clock: { now: () => this.now, monotonic: () => this.now },
      session: async () => ({
        url: this.url,
        put: async ({ blob, size }) => this.files.ticket('put', blob, size),
        get: async ({ blob }) => this.files.ticket('get', blob),
      }),
    };
  }

  /** Uploads, and describes it as a message would. */
  async upload(source: FileSource, options: Partial<UploadOptions> = {}): Promise<FileInfo> {
    const all = { retention: RETENTION, signal: new AbortController().signal, onProgress: () => {}, ...options };
    const { forget: _, ...sealed } = await upload(this.deps, source, all);
    return { ...sealed, size: source.size, type: source.type, name: source.name };
  }

  async download(
    file: FileInfo,
    target = new MemoryTarget(),
    options: Partial<DownloadOptions> = {},
  ): Promise<MemoryTarget> {
    await download(this.deps, file, target, { signal: new AbortController().signal, onProgress: () => {}, ...options });
    return target;
  }
}
