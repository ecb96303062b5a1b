// Facts about a store as a whole: whose data it is and in which form, fixed when it was made, and the epochs of its partitions. A start
// that contradicts the facts is refused, because going on would mix the data of two deployments.
import type { ActorKind } from '#protocol/commands.ts';
import { ConfigError } from '../config.ts';
import { StartError } from '../start-error.ts';

/** What a deployment is configured with and its data was made with. */
export type StoreFacts = { readonly domain: string; readonly partitions: number };

export interface StoreMeta {
  /**
   * Records the facts at first start, compares them at every later one; of several first starts at once, one counts. Throws StartError (the
   * data has another version or number of partitions) or ConfigError (another domain).
   */
  claim(facts: StoreFacts): Promise<void>;
}

/** The name under which the domain is recorded. */
export const DOMAIN = 'domain';

/** Auth's public key, base64url, which the gateway shows to every client. */
export const SERVER_KEY = 'serverKey';

/** What one service tells the others that start later: public, and the same for as long as the data lives. */
export interface SharedFacts {
  /** Records the value unless there is one; returns the one that counts. */
  keepFact(name: string, value: string): Promise<string>;
  fact(name: string): Promise<string | undefined>;
}

export interface PartitionEpochs {
  /** A number greater than all that were taken for this partition before, by whomever. First 1. A crash may leave numbers out. */
  take(kind: ActorKind, partition: number): Promise<number>;
}

/** The form of data that a restore has begun to write and not finished. */
export const RESTORING = 'restoring';

/**
 * Compares the facts with those that a store keeps. `keep` records a value under a name unless there is one, and returns the one that
 * counts. `setting`: the option that names the store. Throws as `claim`.
 */
export async function claimFacts(
  keep: (name: string, value: string) => Promise<string>,
  schemaVersion: number,
  facts: StoreFacts,
  setting: string,
): Promise<void> {
  const schema = await keep('schema', String(schemaVersion));
  if (schema === RESTORING) {
    throw new StartError(
      `A restore of this data has not come to its end. Run npm run restore again, or use another ${setting}.`,
    );
  }
  if (schema !== String(schemaVersion)) {
    throw new StartError(
      `The data has the form of version ${schema}; this version of Parley reads ${schemaVersion}. Use the version that made it, or another ${setting}.`,
    );
  }
  const domain = await keep(DOMAIN, facts.domain);
  if (domain !== facts.domain) {
    throw new ConfigError(
      `The data belongs to the domain ${domain}, not ${facts.domain}. Start with --domain ${domain}, or with another ${setting}.`,
    );
  }
  const partitions = await keep('partitions', String(facts.partitions));
  if (partitions !== String(facts.partitions)) {
    throw new StartError(
      `The data has ${partitions} partitions; this version of Parley uses ${facts.partitions}. Use the version that made it, or another ${setting}.`,
    );
  }
}
