// Auth's settings. Each has a schema that reads its text, a default where it may be absent, and a description for `--help`.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { INVITATION_MAX_CHARS } from '#protocol/limits.ts';
import { ConfigError } from '#runtime/config.ts';
import { deploymentSettings } from '#runtime/deployment.ts';
import { type SignUpPolicy, signUpPolicy } from './invitations.ts';

const TRIES_MAX = 1_000;
/** A network may guess 240 codes a minute (services/gateway/rates.ts): what is shorter, or a word, can be guessed. */
const INVITATION_ADVISED_CHARS = 12;
const tries = z.coerce.number().int().min(1).max(TRIES_MAX);

/** Every setting that auth reads, by name. */
export const authSettings = {
  ...deploymentSettings,
  invitations: z
    .string()
    .default('')
    .describe(
      'codes that each let one person sign up, separated by commas, 12 random characters or more; without: none',
    ),
  invitationsFile: z.string().min(1).optional().describe('a file with further such codes, one a line; without: none'),
  opaqueSetup: z
    .string()
    .min(1)
    .optional()
    .describe('the OPAQUE server setup that passwords are registered with; without: made at first start'),
  opaqueSetupFile: z
    .string()
    .min(1)
    .optional()
    .describe('a file with that setup, as systems that keep secrets give them; without: the setting itself'),
  triesPerAccount: tries.default(3).describe('how many sign-ins to one account may fail before delays begin'),
  triesPerSource: tries.default(20).describe('how many sign-ins from one network may fail before delays begin'),
} as const;

/**
 * Who may sign up by these settings; reads the file of invitations. `warn` is given a sentence, which holds no code, if some can be guessed.
 * Throws ConfigError that names the setting.
 */
export function readSignUpPolicy(
  settings: {
    readonly signUp: SignUpPolicy['policy'];
    readonly invitations: string;
    readonly invitationsFile?: string | undefined;
  },
  warn: (sentence: string) => void,
): SignUpPolicy {
  const { signUp, invitations, invitationsFile } = settings;
  if (signUp !== 'invitation') return signUpPolicy(signUp, []);
  const lines = invitationsFile === undefined ? [] : readText('invitationsFile', invitationsFile).split('\n');
  const codes = [...invitations.split(','), ...lines].map((code) => code.trim()).filter((code) => code !== '');
  if (codes.length === 0) {
    throw new ConfigError('The setting signUp is invitation, but neither invitations nor invitationsFile has a code.');
  }
  if (codes.some((code) => code.length > INVITATION_MAX_CHARS)) {
    throw new ConfigError(
      `The settings invitations and invitationsFile: a code has at most ${INVITATION_MAX_CHARS} characters.`,
    );
  }
  const short = codes.filter((code) => code.length < INVITATION_ADVISED_CHARS).length;
  if (short > 0) {
    warn(
      `The settings invitations and invitationsFile: codes can be guessed, and ${short} of ${codes.length} have fewer than ${INVITATION_ADVISED_CHARS} characters. Choose longer ones, at random.`,
    );
  }
  return signUpPolicy(signUp, codes);
}

/** OPAQUE's server setup, from its setting or its file; undefined: neither is given. Throws ConfigError, which does not hold it. */
export function readOpaqueSetup({
  opaqueSetup,
  opaqueSetupFile,
}: {
  readonly opaqueSetup?: string | undefined;
  readonly opaqueSetupFile?: string | undefined;
}): string | undefined {
  if (opaqueSetupFile === undefined) return opaqueSetup;
  if (opaqueSetup !== undefined) throw new ConfigError('The settings opaqueSetup and opaqueSetupFile: give only one.');
  const setup = readText('opaqueSetupFile', opaqueSetupFile).trim();
  if (setup === '') throw new ConfigError(`The setting opaqueSetupFile: ${opaqueSetupFile} is empty.`);
  return setup;
}

function readText(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The setting ${setting}: ${reason}`);
  }
}
