// What is set alike for every port that clients reach: the gateway's, and that of files.
import { z } from 'zod';

const optionalPath = z.string().min(1).optional();

export const doorSettings = {
  tlsCert: optionalPath.describe('a file with a certificate chain (PEM), for TLS; without: plain ws and http'),
  tlsKey: optionalPath.describe(
    'a file with the private key of the certificate (PEM), for TLS; without: plain ws and http',
  ),
  allowPlain: z.stringbool().default(false).meta({
    flag: true,
    description: 'allow to listen without TLS on an address that other machines reach, behind a proxy with TLS',
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
