// Refuses to start on servers that other machines reach with a password that can be guessed. Whoever is let in by RabbitMQ, MongoDB or NATS
// learns who talks to whom and can delete what waits; that they stand on a network of their own is no reason to rely on it.
import { ConfigError } from './config.ts';

/** Of random letters and digits, 95 bits. */
const PASSWORD_MIN_CHARS = 16;
/** 16 random hexadecimal digits have fewer different ones once in some 100,000 times. */
const DIFFERENT_MIN_CHARS = 5;
/** What examples and habits are made of, alone or in a row. */
const COMMON =
  /^(?:admin|change|default|example|guest|letme|in|it|me|mongo(?:db)?|my|nats|parley|pass(?:word|wd)?|please|qwerty|rabbit(?:mq)?|root|secret|test|this|user|[\d\W_])+$/i;
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?$/i;
/** Other ways to sign in to MongoDB. */
const NO_PASSWORD_NEEDED = /[?&]authMechanism=(?:MONGODB-(?:X509|AWS|OIDC)|GSSAPI)(?:&|$)/i;

/** What somebody must know whom a server refuses. */
export const KEPT_PASSWORD =
  'A server keeps the password that its data was made with: to change it in .env alone changes nothing there.';

/**
 * Looks at the URLs of servers, by the names of their settings; of several separated by commas, the first brings name and password. Throws
 * ConfigError, without the password, for the first weak one. What is no URL passes: whoever connects says so.
 */
export function refuseWeakPasswords(urls: Readonly<Record<string, string>>): void {
  for (const [setting, url] of Object.entries(urls)) {
    const weakness = weaknessIn(setting, url);
    if (weakness === undefined) continue;
    throw new ConfigError(
      `The setting ${setting} is for a server on another machine, and the password in it ${weakness}: choose ${PASSWORD_MIN_CHARS} random characters or more (for compose, "npm run env" does).`,
    );
  }
}

/** What is weak in the URL of that setting, as `weaknessOf` says it; undefined: nothing, or only this machine reaches the server. */
export function weaknessIn(setting: string, url: string): string | undefined {
  const [, userinfo = '', hosts] = /^[a-z+]+:\/\/(?:([^@/]*)@)?([^/?]+)/i.exec(url) ?? [];
  if (hosts === undefined || isLoopback(url) || NO_PASSWORD_NEEDED.test(url)) return undefined;
  const colon = userinfo.indexOf(':');
  // A token of NATS stands where the name would.
  const isToken = colon < 0 && setting === 'natsUrl';
  const name = decoded(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = isToken ? name : colon < 0 ? '' : decoded(userinfo.slice(colon + 1));
  return weaknessOf(password, isToken ? '' : name);
}

/** Why a password can be guessed, as the end of a sentence; undefined: it cannot. `name`: of whom it is. */
export function weaknessOf(password: string, name = ''): string | undefined {
  if (password === '') return 'is missing';
  if (password.length < PASSWORD_MIN_CHARS) return `has fewer than ${PASSWORD_MIN_CHARS} characters`;
  if (password === name) return 'is the name that it belongs to';
  if (COMMON.test(password)) return 'is made of words that everybody tries';
  return new Set(password).size < DIFFERENT_MIN_CHARS ? 'repeats a few characters' : undefined;
}

/** As the server gets it: written as %21, a sign is no longer than it is. What cannot be decoded is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether nobody but this machine reaches any of its servers. */
function isLoopback(url: string): boolean {
  const [, list = ''] = /:\/\/([^?]*)/.exec(url) ?? [];
  const hosts = list
    .replaceAll(/[a-z+]+:\/\//gi, '') // NATS: each of several may have its own
    .split(',')
    .map((one) => one.replace(/^.*@/, '').replace(/\/.*$/, ''));
  return hosts.every((host) => LOOPBACK.test(host));
}
