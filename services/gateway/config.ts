// The gateway's settings. Each has a schema that reads its text, a default, and a description for `--help`.
import { z } from 'zod';
import { deploymentSettings } from '#runtime/deployment.ts';

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

const optionalPath = z.string().min(1).optional();

export const gatewaySettings = {
  host: z.string().min(1).default('127.0.0.1').describe('the address to listen on'),
  port: z.coerce.number().int().min(0).max(65_535).default(7070).describe('the port to listen on; 0 = any free one'),
  ...deploymentSettings,
  tlsCert: optionalPath.describe('a file with a certificate chain (PEM), for wss; without: plain ws'),
  tlsKey: optionalPath.describe('a file with the private key of the certificate (PEM); without: plain ws'),
  allowPlain: z.stringbool().default(false).meta({
    flag: true,
    description: 'allow plain ws on an address that other machines reach, behind a proxy with TLS',
  }),
  trustProxy: z.stringbool().default(false).meta({
    flag: true,
    description: 'take the client address from X-Forwarded-For: only behind a proxy that sets it',
  }),
  rateFactor: z.coerce
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe(
      'a factor for every rate limit and for the connections of one network; for load tests and many people behind one address',
    ),
} as const;

/** Of a gateway that others serve blobs beside. */
export const filesPlace = {
  filesPublicPort: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('the port at which clients reach the files on the host of this gateway; without: that of the gateway'),
} as const;

export type GatewaySettings = { readonly [K in keyof typeof gatewaySettings]: z.output<(typeof gatewaySettings)[K]> };
