// Health, readiness and metrics of a service that has no port of its own for clients.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Metrics } from './metrics.ts';
import { StartError } from './start-error.ts';

export const healthSettings = {
  healthHost: z.string().min(1).default('127.0.0.1').describe('the address for /healthz, /readyz and /metrics'),
  healthPort: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('the port for /healthz, /readyz and /metrics, 0 = any free one; without: none'),
} as const;

/** Serves until it is stopped. Returns how to stop it, and its URL; nothing if there is no port. Throws StartError. */
export async function serveHealth(
  { healthHost, healthPort }: { readonly healthHost: string; readonly healthPort?: number | undefined },
  metrics: Metrics,
  isReady: () => boolean,
): Promise<{ readonly url: string; stop(): void } | undefined> {
  if (healthPort === undefined) return undefined;
  metrics.readyIf(isReady);
  const server = createServer(async ({ url }, response) => {
    const reply = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
    if (url === '/healthz') reply(200, 'ok\n');
    else if (url === '/readyz') isReady() ? reply(200, 'ready\n') : reply(503, 'not ready\n');
    else if (url === '/metrics') reply(200, await metrics.text());
    else reply(404, 'Not found.\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(
        new StartError(
          `Health cannot be served on ${healthHost}:${healthPort}: ${message}. Choose another --health-port.`,
        ),
      ),
    );
    server.listen({ host: healthHost, port: healthPort }, resolve);
  });
  const { port } = server.address() as AddressInfo; // a port, never a pipe
  return { url: `http://${healthHost}:${port}`, stop: () => server.close().closeAllConnections() };
}
