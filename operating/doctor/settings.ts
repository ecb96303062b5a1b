// What the doctor is told: everything that the services are told, by the same options, variables and files, and what to look at.
import { z } from 'zod';
import { backboneSettings } from '#runtime/backbone.ts';
import type { Settings } from '#runtime/config.ts';
import { healthSettings } from '#runtime/health.ts';
import { logSettings } from '#runtime/log.ts';
import { dataSettings } from '#runtime/store/data-settings.ts';
import { authSettings } from '../../services/auth/config.ts';
import { blobSettings } from '../../services/delivery/blobs/config.ts';
import { deliverySettings } from '../../services/delivery/config.ts';
import { gatewaySettings } from '../../services/gateway/config.ts';

const TIMEOUT_MAX_MS = 60_000;

/** Of a deployment that has no such server, its URL is not given. */
const url = (schema: z.ZodString) => schema.optional().describe(schema.description ?? '');

export const doctorSettings = {
  mode: z
    .enum(['embedded', 'distributed', 'compose'])
    .optional()
    .describe(
      'what to look at: embedded, distributed or compose; without: distributed if the URL of a server is given, compose if the file of --stack-env is there, else embedded',
    ),
  server: z
    .string()
    .regex(/^wss?:\/\/[^/]+/, 'it must begin with ws:// or wss://')
    .optional()
    .describe('where clients connect, as wss://chat.example.org: what answers there is looked at, too'),
  // Not --env-file: Node takes that one for its own, wherever it stands.
  stackEnv: z.string().min(1).default('.env').describe("compose: the file with the stack's secrets"),
  project: z.string().min(1).optional().describe("compose: the project's name; without: as compose finds it"),
  timeoutMs: z.coerce
    .number()
    .int()
    .min(100)
    .max(TIMEOUT_MAX_MS)
    .default(5_000)
    .describe('how long a server may take to answer, in ms'),
  json: z.stringbool().default(false).meta({ flag: true, description: 'a line of JSON for each finding' }),
  ...gatewaySettings,
  ...dataSettings,
  ...authSettings,
  ...deliverySettings,
  ...blobSettings,
  ...healthSettings,
  ...logSettings,
  ...backboneSettings,
  amqpUrl: url(backboneSettings.amqpUrl),
  mongoUrl: url(backboneSettings.mongoUrl),
  natsUrl: url(backboneSettings.natsUrl),
} as const;

export type DoctorSettings = Settings<typeof doctorSettings>;
