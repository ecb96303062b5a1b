// Whether a backup is of the deployment that it is restored for, in a form that this version reads.
import { ConfigError } from '#runtime/config.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { claimFacts } from '#runtime/store/meta.ts';
import type { Manifest } from './manifest.ts';

/** `forms`: those that this version reads. `domain`: as it is configured, if it is. Throws ConfigError, and StartError as a start on such data does. */
export async function mustFit(manifest: Manifest, forms: readonly number[], domain: string | undefined): Promise<void> {
  if (domain !== undefined && domain !== manifest.domain) {
    throw new ConfigError(
      `The backup is of the domain ${manifest.domain}, and the setting domain is ${domain}. Use the backup or the setting of the other one.`,
    );
  }
  const said: Readonly<Record<string, string>> = {
    schema: manifest.schema,
    domain: manifest.domain,
    partitions: String(manifest.partitions),
  };
  const facts = { domain: manifest.domain, partitions: PARTITIONS_DEFAULT };
  await claimFacts(async (name, value) => said[name] ?? value, forms, facts, '--from');
}
