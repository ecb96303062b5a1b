// The settings of `npm run invite`.
import { z } from 'zod';
import { deploymentSettings } from '#runtime/deployment.ts';
import { invitationKeySettings } from '../../services/auth/invitation-key.ts';

const COUNT_MAX = 1_000;
/** Whoever finds a code in an old letter should find it void. */
const DAYS_MAX = 365;

export const inviteSettings = {
  count: z.coerce.number().int().min(1).max(COUNT_MAX).default(1).describe('how many invitations to make'),
  days: z.coerce.number().int().min(1).max(DAYS_MAX).default(7).describe('for how many days they serve'),
  server: z
    .string()
    .regex(/^wss?:\/\/[^\s/]+\/?$/, 'it must be an address as in wss://chat.example.org')
    .optional()
    .describe('the address of the server, for the command that is shown; without: its place is shown'),
  data: z
    .string()
    .min(1)
    .optional()
    .describe('the data folder of a server in one process; without: ./data, unless a key is given'),
  ...invitationKeySettings,
  domain: deploymentSettings.domain
    .removeDefault()
    .optional()
    .describe('the domain of the deployment whose key is given; a data folder knows its own (default: localhost)'),
} as const;
