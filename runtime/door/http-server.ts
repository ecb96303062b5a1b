// An HTTP server that clients reach: with TLS or, where nobody on the way could read along, without; bounded in what it waits for.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { MINUTE_MS } from '#protocol/limits.ts';
import { ConfigError, optionOf } from '../config.ts';
import { StartError } from '../start-error.ts';
import { EVERY_ADDRESS, LOOPBACK } from './addresses.ts';

/** Connections that the kernel keeps while the process is busy with others: a whole site may come back at once. */
const BACKLOG = 4_096;
/** A request's head comes at once, or somebody holds sockets. */
const HEAD_MAX_MS = 10_000;
const HEAD_LOOK_MS = 5_000;
/** Part of an upload (PART_BYTES) on the slowest line that a file is sent over, 7 kB/s. What stands still meanwhile is cut much earlier, by who reads it. */
const REQUEST_MAX_MS = 10 * MINUTE_MS;

export type HttpPlace = {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly allowPlain: boolean;
};

/** How the settings are called that host and port came from. */
type PlaceNames = { readonly host: string; readonly port: string };

/** Throws ConfigError: plain where others could read it, or a certificate that cannot be read. */
export function makeHttpServer(place: HttpPlace): Server {
  const server = make(place);
  server.headersTimeout = HEAD_MAX_MS;
  server.requestTimeout = REQUEST_MAX_MS;
  return server;
}

/**
 * Begins to listen; returns host and port as clients on this machine find them, `127.0.0.1:7070` or `[::1]:7070`. `onError`: an accept that failed
 * later, for want of file descriptors; others are served meanwhile. Throws ConfigError or StartError.
 */
export async function listen(
  server: Server,
  { host, port }: HttpPlace,
  names: PlaceNames,
  onError: (error: Error) => void,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, { host, port }, names)));
    server.listen({ host, port, backlog: BACKLOG }, resolve);
  });
  server.on('error', onError);
  const bound = server.address() as AddressInfo; // a port, never a pipe
  const shown = EVERY_ADDRESS.get(host) ?? host; // a client cannot connect to "every address"
  return `${shown.includes(':') ? `[${shown}]` : shown}:${bound.port}`;
}

function make({ host, tlsCert, tlsKey, allowPlain }: HttpPlace): Server {
  if (!tlsCert !== !tlsKey) throw new ConfigError('TLS wants both --tls-cert and --tls-key.');
  if (tlsCert && tlsKey) {
    try {
      return createTlsServer({
        connectionsCheckingInterval: HEAD_LOOK_MS,
        cert: readFileSync(tlsCert),
        key: readFileSync(tlsKey),
      });
    } catch (error) {
      throw new ConfigError(`The TLS certificate cannot be used: ${error instanceof Error ? error.message : error}.`);
    }
  }
  if (!LOOPBACK.test(host) && !allowPlain) {
    throw new ConfigError(
      `Listening on ${host} without TLS lets others read who talks to whom. Give --tls-cert and --tls-key, or --allow-plain behind a proxy with TLS.`,
    );
  }
  return createServer({ connectionsCheckingInterval: HEAD_LOOK_MS });
}

function cannotListen(
  error: Error & { code?: string },
  { host, port }: Pick<HttpPlace, 'host' | 'port'>,
  names: PlaceNames,
): Error {
  const option = optionOf(names.port);
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(`Port ${port} is in use. Stop what uses it, or choose another with ${option}.`);
    case 'EACCES':
      return new StartError(`This user may not listen on port ${port}. Choose one above 1023 with ${option}.`);
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigError(
        `The setting ${names.host} (${optionOf(names.host)}) is ${JSON.stringify(host)}: this machine has no such address.`,
      );
    default:
      return error;
  }
}
