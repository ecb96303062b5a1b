// What backup and restore are told: the deployment, of one process or of services, and the file.
import { z } from 'zod';
import { backboneSettings } from '#runtime/backbone.ts';
import { deploymentSettings } from '#runtime/deployment.ts';

export const STANDARD = '-';

/** The same settings, under the same names, as the server or the services have. */
export const whereSettings = {
  data: z.string().min(1).default('./data').describe('the data folder of a server in one process'),
  mongoUrl: backboneSettings.mongoUrl
    .optional()
    .describe('of services: their MongoDB; where it is given, it and not --data is meant'),
  amqpUrl: backboneSettings.amqpUrl.optional().describe('of services: their RabbitMQ'),
  queuePrefix: backboneSettings.queuePrefix,
} as const;

export const withoutFilesSetting = z.stringbool().default(false).meta({
  flag: true,
  description:
    'leave out the files that people sent, which may be most of it: after a restore nobody can fetch those that are on their way now',
});

export const domainSetting = deploymentSettings.domain
  .unwrap()
  .optional()
  .describe('the domain that the backup must be of; without: whichever it is of');
