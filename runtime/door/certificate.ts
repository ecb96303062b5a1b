// When the certificate ends that a port serves: as it was read at the start, since that is the one that clients see.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Metrics } from '../metrics.ts';

/** `file`: PEM, one that TLS was made with. Its first certificate is the server's own. */
export function measureCertificate(metrics: Metrics, file: string): void {
  const endsAt = Date.parse(new X509Certificate(readFileSync(file)).validTo);
  metrics.gauge(
    'parley_certificate_expiry_timestamp_seconds',
    'When the TLS certificate ends that is served',
    () => endsAt / 1_000,
  );
}
