// Where the key of invitations comes from: a setting, a file that a setting names, or, of a server in one process, a file in its data
// folder. Not its database: that is locked while the server runs, and invitations are made beside it.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '#runtime/config.ts';
import { StartError } from '#runtime/start-error.ts';
import { INVITATION_SECRET_BYTES, type InvitationKey } from './invitation-code.ts';
import { readSecretFile } from './secret-file.ts';

const FILE = 'invitation.key';

/** The settings that name a key. */
export const invitationKeySettings = {
  invitationKey: z
    .string()
    .min(1)
    .optional()
    .describe(
      'what invitations are signed with, 32 random bytes in Base64; without: the one in the data folder, if there is one',
    ),
  invitationKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe('a file with that key, as systems that keep secrets give them; without: the setting itself'),
} as const;

/** The secret in these settings, undefined if there is none. Throws ConfigError, which does not hold it. */
export function readInvitationSecret({
  invitationKey,
  invitationKeyFile,
}: {
  readonly invitationKey?: string | undefined;
  readonly invitationKeyFile?: string | undefined;
}): Uint8Array | undefined {
  if (invitationKey !== undefined && invitationKeyFile !== undefined) {
    throw new ConfigError('The settings invitationKey and invitationKeyFile: give only one.');
  }
  if (invitationKeyFile !== undefined) {
    const text = readSecretFile('invitationKeyFile', invitationKeyFile);
    return toSecret(text, `The setting invitationKeyFile: ${invitationKeyFile}`);
  }
  return invitationKey === undefined ? undefined : toSecret(invitationKey, 'The setting invitationKey');
}

function toSecret(text: string, where: string): Uint8Array {
  const secret = /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (secret?.length === INVITATION_SECRET_BYTES) return secret;
  throw new ConfigError(`${where} must be 32 random bytes in Base64, as \`openssl rand -base64 32\` prints.`);
}

/** What the file holds: the domain too, which whoever makes invitations could not ask the locked database for. */
const kept = z.object({
  domain: z.string(),
  key: z.string().regex(/^[\w-]{43}$/),
});

/**
 * The key in a data folder; undefined: there is none. The domain is the one that the server was started with last. Throws StartError if
 * the file cannot be read.
 */
export function keptInvitationKey(data: string): InvitationKey | undefined {
  const file = join(data, FILE);
  if (!existsSync(file)) return undefined;
  const advice =
    'Restore it from a backup; or remove it and start the server, which makes another: then codes that were given out are void.';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(
      `The key of invitations cannot be read: ${reasonOf(error)}. Be the user that the server runs as.`,
    );
  }
  try {
    const { domain, key } = kept.parse(JSON.parse(text));
    return { domain, secret: Buffer.from(key, 'base64url') };
  } catch {
    throw new StartError(`The key of invitations in ${file} is damaged. ${advice}`);
  }
}

/** The same, made if it is missing, for the server that has the data folder to itself. Whoever else runs on the machine cannot read it. */
export function keepInvitationKey(data: string, domain: string): InvitationKey {
  const before = keptInvitationKey(data);
  if (before?.domain === domain) return before;
  const secret = before?.secret ?? randomBytes(INVITATION_SECRET_BYTES);
  const file = join(data, FILE);
  const text = JSON.stringify({ domain, key: Buffer.from(secret).toString('base64url') });
  try {
    writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new StartError(
      `The key of invitations cannot be kept: ${reasonOf(error)}. Make room, or let this user write there.`,
    );
  }
  return { domain, secret };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
