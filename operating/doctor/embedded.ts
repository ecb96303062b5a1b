// Of a server in one process: its data, its door, and what it would need to start.
import { existsSync } from 'node:fs';
import { EVERY_ADDRESS } from '#runtime/door/addresses.ts';
import { certificateFindings, servedFindings } from './certificate.ts';
import { dataFindings } from './data-folder.ts';
import { doorFindings, portFinding } from './door.ts';
import type { Check } from './examination.ts';
import { nodeFindings } from './node.ts';
import { serverKeyOf } from './opaque-setup.ts';
import { plainFindings } from './plain.ts';
import type { DoctorSettings } from './settings.ts';

const START = 'Start it: npm start. If it ended by itself, its last words say why.';

export function embeddedChecks(settings: DoctorSettings, now: () => number): readonly Check[] {
  const { timeoutMs, data, domain, tlsCert, tlsKey } = settings;
  const url = settings.server ?? doorOf(settings);
  const check = (name: string, run: Check['run']): Check => ({ name, maxMs: 2 * timeoutMs, run });
  return [
    check('version', async () => nodeFindings()),
    check('data', () => dataFindings(settings, now())),
    check('settings', async () => plainFindings(settings)),
    check('certificate', async () => {
      if (tlsCert === undefined || tlsKey === undefined) return [];
      return certificateFindings(tlsCert, tlsKey, hostOf(settings.server) ?? domain, now());
    }),
    check('door', async () => {
      if (url === undefined) return [];
      const serverKey = await serverKeyOf(settings);
      if (!existsSync(data)) return [await portFinding(url, '--port', timeoutMs, now)];
      return doorFindings(url, { domain, serverKey }, START, timeoutMs, now);
    }),
    check('certificate', async () => (url?.startsWith('wss:') ? servedFindings(url, timeoutMs, now()) : [])),
  ];
}

/** Where clients on this machine find the server; undefined for a port that the system chooses. With TLS they must call it by its name. */
function doorOf({ host, port, domain, tlsCert }: DoctorSettings): string | undefined {
  if (port === 0) return undefined;
  if (tlsCert !== undefined) return `wss://${domain}:${port}`;
  const shown = EVERY_ADDRESS.get(host) ?? host;
  return `ws://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}

function hostOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).hostname.replace(/^\[|\]$/g, '');
}
