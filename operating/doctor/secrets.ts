// Secrets that the doctor knows of: it says whether they are weak, and shows none, also where a server's own words quote one.

import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { weaknessIn } from '#runtime/strong-passwords.ts';
import { about, type Finding } from './finding.ts';

/** Settings that hold a secret themselves, and variables of the stack's .env that do. */
const SECRET_SETTINGS = ['opaqueSetup', 'invitationKey'];
const SECRET_VARIABLES = /PASSWORD|COOKIE|SETUP|KEY/;
/** What is shorter occurs in words that are no secrets. */
const HIDDEN_MIN_CHARS = 4;
const HIDDEN = '***';

/** Name and password of a URL, decoded; empty where it has none. */
function credentialsOf(url: string): { readonly name: string; readonly password: string } {
  const [, user = ''] = PARTS.exec(url) ?? [];
  const [name = '', ...rest] = user.split(':');
  return { name: decoded(name), password: decoded(rest.join(':')) };
}

/** The hosts of a URL, with their ports. */
export function hostsOf(url: string): string {
  return PARTS.exec(url)?.[2] ?? '';
}

/** URLs of MongoDB and NATS may name several hosts, which is no URL. */
const PARTS = /^[\w+]+:\/\/(?:([^@/]*)@)?([^/?]*)/;

/** Of the URLs by setting: passwords that somebody else on that network would guess. Servers on this machine need none. */
export function passwordFindings(urls: Readonly<Record<string, string | undefined>>): readonly Finding[] {
  const it = about('settings');
  const todo = 'Give that server a long random one, and the same here.';
  const weak = Object.entries(urls).flatMap(([setting, url]) => {
    const reason = url === undefined ? undefined : weaknessIn(setting, url);
    return reason === undefined ? [] : [it.problem(`The password in the setting ${setting} ${reason}.`, todo)];
  });
  return weak.length > 0 ? weak : [it.ok('All settings can be read, and no password in them can be guessed.')];
}

/** All that is secret in what the doctor was told, and in the file of the stack. */
export function secretsIn(
  settings: Readonly<Record<string, unknown>> & { readonly stackEnv: string },
): readonly string[] {
  const urls = ['amqpUrl', 'mongoUrl', 'natsUrl'].map((setting) => credentialsOf(String(settings[setting] ?? '')));
  const own = SECRET_SETTINGS.flatMap((setting) => String(settings[setting] ?? '').split(','));
  const kept = existsSync(settings.stackEnv) ? Object.entries(parseEnv(readable(settings.stackEnv))) : [];
  const inFile = kept.flatMap(([name, value]) => (SECRET_VARIABLES.test(name) && value !== undefined ? [value] : []));
  // NATS takes a name without a password for a token.
  return [...urls.map(({ name, password }) => password || name), ...own, ...inFile];
}

function readable(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // which its own check says
  }
}

/** A function that takes these secrets out of any text, as they are and as URLs write them. */
export function hiding(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= HIDDEN_MIN_CHARS)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // the setting itself is wrong, which its own check says
  }
}
