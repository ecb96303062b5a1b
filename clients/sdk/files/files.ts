// Files, as the client has them: sent as a blob that is uploaded once and a message for each addressee that describes it; fetched by what such a
// message says.
import { ProtocolError } from '#protocol/errors.ts';
import { RETENTION_DEFAULT_MS } from '#protocol/limits.ts';
import { retentionOf } from '../compose.ts';
import type { Connection } from '../connection.ts';
import { fileContent } from '../content/content.ts';
import { BLOB_BYTES, FILE_KEY_BYTES, type FileInfo } from '../content/file.ts';
import type { Outbox, SendResult } from '../outbox.ts';
import { Refusal } from '../refusal.ts';
import type { BlobSession } from './blob-door.ts';
import { type DownloadDeps, download } from './download.ts';
import type { FileOptions, FileSource, FileTarget } from './file-source.ts';
import { type UploadDeps, upload } from './upload.ts';

export type FilesDeps = Omit<UploadDeps & DownloadDeps, 'session'> & {
  readonly outbox: Outbox;
  session(): Promise<Connection>;
};

/** `expiresInMs`: of the message, and of the file on the server. */
export type SendFileOptions = FileOptions & { readonly expiresInMs?: number };

export class Files {
  readonly #deps: FilesDeps;
  readonly #transfers: UploadDeps & DownloadDeps;
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(deps: FilesDeps) {
    this.#deps = deps;
    this.#transfers = { ...deps, session: async () => blobSession(await deps.session()) };
  }

  /** See `Client.sendFile`. */
  send(to: readonly string[], source: FileSource, options: SendFileOptions): Promise<SendResult[]> {
    return this.#run(options, (signal) => this.#send(to, source, { ...options, signal }));
  }

  /** See `Client.fetchFile`. */
  fetch(file: FileInfo, target: FileTarget, options: FileOptions): Promise<string> {
    const { onProgress = () => {} } = options;
    return this.#run(options, (signal) => download(this.#transfers, file, target, { signal, onProgress }));
  }

  /** Ends all transfers; resolves when nothing of them is being written any more. */
  async stop(): Promise<void> {
    this.#ending.abort(new Refusal('closed', 'Closed by this client.'));
    await Promise.allSettled(this.#running);
  }

  async #run<T>({ signal }: FileOptions, transfer: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const running = transfer(AbortSignal.any([this.#ending.signal, ...(signal === undefined ? [] : [signal])]));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #send(
    to: readonly string[],
    source: FileSource,
    { expiresInMs, onProgress = () => {}, signal }: SendFileOptions & { readonly signal: AbortSignal },
  ): Promise<SendResult[]> {
    const { outbox } = this.#deps;
    const session = () => this.#deps.session();
    describable(source);
    // Nobody should upload for hours to hear that there is no such person.
    const refused = await outbox.refused(to, session);
    if (refused.every((one) => one !== undefined)) return to.map((address, at) => refusedResult(address, refused[at]));
    const retention = expiresInMs === undefined ? RETENTION_DEFAULT_MS : retentionOf(expiresInMs);
    const { forget, ...sealed } = await upload(this.#transfers, source, { retention, signal, onProgress });
    const content = fileContent({ ...described(source), ...sealed });
    const results = await outbox.send(
      to,
      [{ content, ...(expiresInMs === undefined ? {} : { expiresInMs }) }],
      session,
    );
    if (results.some((result) => 'ids' in result)) await forget();
    return results;
  }
}

function blobSession(session: Connection): BlobSession {
  return {
    url: session.url,
    put: (asked) => session.ask('blob.put', asked),
    get: (asked) => session.ask('blob.get', asked),
  };
}

function described({ size, type, name, image }: FileSource): Pick<FileInfo, 'size' | 'type' | 'name' | 'image'> {
  return { size, type, name, ...(image === undefined ? {} : { image }) };
}

/** Throws Refusal `bad_text` for what no message can describe: before it is uploaded. */
function describable(source: FileSource): void {
  const nothing = { blob: new Uint8Array(BLOB_BYTES), key: new Uint8Array(FILE_KEY_BYTES), root: new Uint8Array(32) };
  try {
    // Too large a size is upload's to refuse.
    fileContent({ ...described(source), size: 0, ...nothing });
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new Refusal('bad_text', `The file cannot be described: ${error.message}`);
  }
}

function refusedResult(to: string, error = new Error('not refused')): SendResult {
  return { to, error };
}
