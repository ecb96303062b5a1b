// Every variable that .env has, in its order, and what a new one holds.
import { randomBytes } from 'node:crypto';
import type { Settings } from '#runtime/config.ts';
import { PARLEY_VERSION } from '#runtime/version.ts';
import type { envSettings } from './config.ts';

/** 256 bits, in characters that need no escape in a URL. */
const SECRET_BYTES = 32;
const secret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
/** For compose.cluster.yaml: in characters that Erlang takes for a value and MongoDB for Base64. */
const key = (): string => randomBytes(SECRET_BYTES).toString('hex');

/** Values by name. `opaqueSetup`: a new one of OPAQUE. */
export function variables(opaqueSetup: string): ReadonlyMap<string, string> {
  return new Map([
    ['PARLEY_DOMAIN', 'localhost'],
    ['PARLEY_BIND', '127.0.0.1'],
    ['PARLEY_PUBLIC_PORT', '8080'],
    ['PARLEY_SIGN_UP', 'open'],
    ['PARLEY_VERSION', PARLEY_VERSION],
    ['RABBITMQ_USER', 'parley'],
    ['RABBITMQ_PASSWORD', secret()],
    ['RABBITMQ_COOKIE', key()],
    ['MONGO_USER', 'parley'],
    ['MONGO_PASSWORD', secret()],
    ['MONGO_KEY', key()],
    ['NATS_USER', 'parley'],
    ['NATS_PASSWORD', secret()],
    // For compose.watch.yaml.
    ['GRAFANA_PASSWORD', secret()],
    ['PARLEY_OPAQUE_SETUP', opaqueSetup],
    ['PARLEY_INVITATION_KEY', secret()],
  ]);
}

/** What a person asked for, by the names in .env. */
export function given(settings: Omit<Settings<typeof envSettings>, 'file'>): ReadonlyMap<string, string> {
  const { domain, bind, port, signUp } = settings;
  const asked = { PARLEY_DOMAIN: domain, PARLEY_BIND: bind, PARLEY_PUBLIC_PORT: port, PARLEY_SIGN_UP: signUp };
  return new Map(
    Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
