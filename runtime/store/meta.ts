// Facts about a store as a whole: whose data it is and in which form, fixed when it was made, and the epochs of its partitions. A start
// that contradicts the facts is refused, because going on would mix the data of two deployments.
import type { ActorKind } from '#protocol/commands.ts';
import { ConfigError } from '../config.ts';
import { StartError } from '../start-error.ts';
import { ownForm } from './forms.ts';

/** What a deployment is configured with and its data was made with. */
export type StoreFacts = { readonly domain: string; readonly partitions: number };

export interface StoreMeta {
  /**
   * Records the facts at first start, compares them at every later one; of several first starts at once, one counts. Throws StartError (the
   * data has a form that this version does not read, or another number of partitions) or ConfigError (another domain).
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

/** The form of data that several instances share, perhaps of two versions. */
export interface RecordedForm {
  /** Throws StartError if this version does not read it, Unavailable if it cannot be known now. */
  form(): Promise<number>;
  /** Records that the data may have the form `to` from now on; does nothing if it has another than `from`. */
  raise(from: number, to: number): Promise<void>;
}

/** The name under which the form is recorded. */
export const FORM = 'schema';

/** The form that is recorded as `text`. `forms`: those that this version reads. Throws StartError if it is none of them. */
export function readForm(text: string, forms: readonly number[], setting: string): number {
  if (text === RESTORING) {
    throw new StartError(
      `A restore of this data has not come to its end. Run npm run restore again, or use another ${setting}.`,
    );
  }
  const form = Number(text);
  if (forms.includes(form)) return form;
  const how =
    form < ownForm(forms) ? 'Start the version of Parley before this one on it first' : 'Use the version that made it';
  throw new StartError(
    `The data has the form of version ${text}; this version of Parley reads ${forms.join(' and ')}. ${how}, or another ${setting}.`,
  );
}

/**
 * Compares the facts with those that a store keeps; returns the form of its data. `keep` records a value under a name unless there is one, and
 * returns the one that counts. `forms`: those that this version reads. `setting`: the option that names the store. Throws as `claim`.
 */
export async function claimFacts(
  keep: (name: string, value: string) => Promise<string>,
  forms: readonly number[],
  facts: StoreFacts,
  setting: string,
): Promise<number> {
  const form = readForm(await keep(FORM, String(ownForm(forms))), forms, setting);
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
  return form;
}
