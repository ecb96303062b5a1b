// The gateway's settings. Each has a schema that reads its text, a default, and a description for `--help`.
import { z } from 'zod';
import { deploymentSettings } from '#runtime/deployment.ts';
import { doorSettings } from '#runtime/door/settings.ts';

/** For what is behind no balancer: nobody has to notice that it ends, and its clients have nowhere else to go. */
export const NOBODY_ELSE = { noticeMs: 0, moveMs: 0 };

const drainSchema = (initialMs: number, what: string) =>
  z.coerce.number().int().min(0).max(600_000).default(initialMs).describe(what);

/** The settings of how a gateway ends (drain.ts), with these defaults. */
export const drainSettings = ({ noticeMs, moveMs }: typeof NOBODY_ELSE) =>
  ({
    drainNoticeMs: drainSchema(
      noticeMs,
      'how long it serves on at its end, not ready, so that a balancer sees it before clients are sent away, in ms',
    ),
    drainMs: drainSchema(
      moveMs,
      'over how long it spreads asking its clients to go elsewhere at its end, in ms; 0 = all at once',
    ),
  }) as const;

export const gatewaySettings = {
  host: z.string().min(1).default('127.0.0.1').describe('the address to listen on'),
  port: z.coerce.number().int().min(0).max(65_535).default(7070).describe('the port to listen on; 0 = any free one'),
  ...deploymentSettings,
  ...doorSettings,
} as const;

/** Of a gateway that others serve blobs beside. */
export const filesPlace = {
  filesPublicPorts: z
    .string()
    .regex(/^\d{1,5}(,\d{1,5})*$/, 'it must be ports separated by commas')
    .transform((text) => text.split(',').map(Number))
    .refine((ports) => ports.every((port) => port >= 1 && port <= 65_535), 'ports are 1 to 65535')
    .optional()
    .describe(
      'the ports at which clients reach the files on the host of this gateway, separated by commas; without: that of the gateway',
    ),
} as const;

export type GatewaySettings = { readonly [K in keyof typeof gatewaySettings]: z.output<(typeof gatewaySettings)[K]> };
