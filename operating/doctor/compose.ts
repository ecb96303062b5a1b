// Of the stack of compose.yaml, from the host: its secrets, Docker, its containers, its door, and from inside a container the rest.
import { existsSync } from 'node:fs';
import { MIB } from '#protocol/limits.ts';
import { SILENCE_MAX_MS } from '#runtime/bus/amqp/members.ts';
import { EVERY_ADDRESS } from '#runtime/door/addresses.ts';
import { PARLEY_VERSION } from '#runtime/version.ts';
import { certificateFindings, servedFindings } from './certificate.ts';
import { containerFindings } from './containers.ts';
import { diskFinding, freeBytesAt } from './disk.ts';
import { Docker } from './docker.ts';
import { doorFindings, portFinding } from './door.ts';
import { readEnvFile } from './env-file.ts';
import type { Check } from './examination.ts';
import { about } from './finding.ts';
import { insideFindings } from './inside.ts';
import { type Door, plainFindings } from './plain.ts';
import type { DoctorSettings } from './settings.ts';

/** Certificate and key in one, where compose.yaml looks for them. */
const CERTIFICATE = 'tls/parley.pem';
/** Below it RabbitMQ stops taking messages, by its own default of 50 MB; images and logs need some. */
const RESERVE_BYTES = 512 * MIB;
/** Starting Node in a container of a busy machine. */
const EXEC_MS = 2_000;

export function composeChecks(settings: DoctorSettings, now: () => number): readonly Check[] {
  const { stackEnv, project, timeoutMs } = settings;
  const docker = new Docker({ stackEnv, project, timeoutMs });
  const env = readEnvFile(stackEnv);
  const containers = docker.containers();
  const address = env.then(({ values }) => addressOf(settings.server, values));
  const insideMs = 2 * timeoutMs + SILENCE_MAX_MS + EXEC_MS;
  const check = (name: string, run: Check['run'], maxMs = 3 * timeoutMs): Check => ({ name, maxMs, run });
  return [
    check('version', async () => [about('version').ok(`Parley ${PARLEY_VERSION} in this folder.`)]),
    check('.env', async () => (await env).findings),
    check('settings', async () => plainFindings(await address)),
    check('docker', () => docker.findings()),
    check('containers', async () => {
      const found = await containers;
      return found === undefined ? [] : containerFindings(found);
    }),
    check('door', async () => {
      const [{ values, serverKey }, { url }, found] = await Promise.all([env, address, containers]);
      const isUp = found?.some(({ service, status }) => service === 'haproxy' && status === 'running');
      if (!isUp) return [await portFinding(url, 'PARLEY_PUBLIC_PORT in .env', timeoutMs, now)];
      const expected = { domain: values.PARLEY_DOMAIN ?? settings.domain, serverKey };
      return doorFindings(url, expected, 'docker compose restart haproxy', timeoutMs, now);
    }),
    check('certificate', async () => {
      const { url, tlsCert } = await address;
      const host = new URL(url).hostname;
      const files = tlsCert === undefined ? [] : certificateFindings(tlsCert, tlsCert, host, now());
      return [...files, ...(url.startsWith('wss:') ? await servedFindings(url, timeoutMs, now()) : [])];
    }),
    check(
      'inside',
      async () => insideFindings(docker, (await containers) ?? [], timeoutMs, insideMs),
      insideMs + timeoutMs,
    ),
    check('disk', async () => {
      const root = await docker.root();
      if (root === undefined || !existsSync(root)) return [];
      return [diskFinding("Docker's volumes", (await freeBytesAt(root)).bytes, RESERVE_BYTES)];
    }),
  ];
}

/** The stack's door as its HAProxy is told to open it, and where clients find it. With TLS they must call it by its name. */
function addressOf(
  server: string | undefined,
  values: Readonly<Record<string, string | undefined>>,
): Door & { readonly url: string } {
  // Empty is absent, as for compose. The defaults are those of compose.yaml.
  const host = values.PARLEY_BIND || '127.0.0.1';
  const port = values.PARLEY_PUBLIC_PORT || '8080';
  const tls = existsSync(CERTIFICATE) ? CERTIFICATE : undefined;
  const shown = EVERY_ADDRESS.get(host) ?? host;
  const here =
    tls === undefined
      ? `ws://${shown.includes(':') ? `[${shown}]` : shown}`
      : `wss://${values.PARLEY_DOMAIN || 'localhost'}`;
  const url = server ?? `${here}:${port}`;
  return { url, host, tlsCert: tls, tlsKey: tls, allowPlain: values.PARLEY_ALLOW_PLAIN === 'true' };
}
