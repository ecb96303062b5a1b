// What all services of one deployment are told alike: whose server it is, and whom it takes.
import { z } from 'zod';

export const deploymentSettings = {
  domain: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'it must have a-z, 0-9, dots and hyphens, as in chat.example.org')
    .default('localhost')
    .describe('what stands behind the @ of every address here; fixed at first start'),
  signUp: z
    .enum(['open', 'invitation', 'closed'])
    .default('open')
    .describe('who may sign up: open, invitation or closed'),
} as const;
