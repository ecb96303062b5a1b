// The port of files where services run apart: BLOB_PATH and nothing else, for clients, or for the proxy in front of them.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { RequestError } from '#protocol/errors.ts';
import { BLOB_PATH } from '#protocol/sealed-file.ts';
import type { Settings } from '#runtime/config.ts';
import { Admission } from '#runtime/door/admission.ts';
import { measureCertificate } from '#runtime/door/certificate.ts';
import { type HttpPlace, listen, makeHttpServer } from '#runtime/door/http-server.ts';
import { refuse } from '#runtime/door/refusal.ts';
import type { doorSettings } from '#runtime/door/settings.ts';
import type { Metrics } from '#runtime/metrics.ts';
import type { filesDoorSettings } from './config.ts';
import type { BlobService } from './service.ts';

export class FilesListener {
  readonly #blobs: BlobService;
  readonly #log: Logger;
  readonly #place: HttpPlace;
  readonly #server: Server;
  readonly #admission: Admission;
  #ready = false;

  /** Throws ConfigError: plain HTTP where others could read it, or a certificate that cannot be read. */
  constructor(
    blobs: BlobService,
    { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
    settings: Settings<typeof filesDoorSettings & typeof doorSettings>,
  ) {
    const { filesHost: host, filesPort: port, tlsCert, tlsKey, allowPlain } = settings;
    this.#blobs = blobs;
    this.#log = log;
    this.#place = { host, port, tlsCert, tlsKey, allowPlain };
    this.#server = makeHttpServer(this.#place);
    this.#admission = new Admission(settings, () => blobs.counts.request('other', 'rate_limited'));
    this.#server.on('connection', (socket: Socket) => this.#admission.admit(socket));
    this.#server.on('request', (request, response) => void this.#respond(request, response));
    this.#server.on('checkContinue', (request, response) => void this.#respond(request, response));
    if (tlsCert) measureCertificate(metrics, tlsCert);
  }

  /** Begins to listen; requests are refused until `open`. Returns the URL. Throws ConfigError or StartError. */
  async listen(): Promise<string> {
    const at = await listen(this.#server, this.#place, { host: 'filesHost', port: 'filesPort' }, (err) =>
      this.#log.error({ err }, 'a connection for files could not be accepted'),
    );
    return `${this.#place.tlsCert ? 'https' : 'http'}://${at}`;
  }

  /** Serves from now on. */
  open(): void {
    this.#ready = true;
  }

  /** Refuses from now on; resolves once what is under way has ended, or been given up. */
  async drain(): Promise<void> {
    this.#ready = false;
    await this.#blobs.drain();
    this.#server.close();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const turnAway = (error: RequestError, status?: number): Promise<void> =>
      refuse(request, response, error, { close: true, ...(status === undefined ? {} : { status }) });
    try {
      if (request.url !== BLOB_PATH) return turnAway(new RequestError('bad_request', 'Files are at /blob.'), 404);
      if (!this.#ready) return turnAway(new RequestError('unavailable'));
      await this.#admission.visit(request, (source) => this.#blobs.rates.connection(source));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#blobs.counts.request('other', error.code);
      return turnAway(error);
    }
    await this.#blobs.handle(request, response);
  }
}
