// What `npm run env` may be told. Each has a schema that reads its text, and a description for `--help`; without, .env gets the default of
// variables.ts.
import { isIP } from 'node:net';
import { z } from 'zod';
import { deploymentSettings } from '#runtime/deployment.ts';

const { domain, signUp } = deploymentSettings;

export const envSettings = {
  file: z.string().min(1).default('.env').describe('the file to write; compose reads .env'),
  domain: domain.unwrap().optional().describe('what stands behind the @ of every address; without: localhost'),
  bind: z
    .string()
    .refine((text) => isIP(text) !== 0, 'it must be an IP address')
    .optional()
    .describe('the address of this machine that clients reach, 0.0.0.0 = every one; without: 127.0.0.1'),
  port: z.coerce.number().int().min(1).max(65_535).optional().describe('the port that clients reach; without: 8080'),
  signUp: signUp.unwrap().optional().describe('who may sign up: open, invitation or closed; without: open'),
} as const;
