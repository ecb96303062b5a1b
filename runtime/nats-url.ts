// The NATS URL of the settings. The driver knows hosts and ports only: name and password in a URL would be taken for parts of them.
import type { ConnectionOptions } from 'nats';
import { ConfigError } from './config.ts';

const EXAMPLE =
  'It looks like nats://name:password@host:4222; special characters of the name and the password are written as %40 and so on.';
const SCHEMES: readonly string[] = ['nats:', 'tls:'];

/** Several servers, separated by commas, have one name and password, which the first brings. Throws ConfigError, without the password. */
export function readNatsUrl(text: string): Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'> {
  const urls = text.split(',').map(readOne);
  const [first] = urls;
  if (!first) throw wrong();
  const servers = urls.map(({ host }) => host);
  const tls = first.protocol === 'tls:' ? { tls: {} } : {};
  const [name, pass] = [decode(first.username), decode(first.password)];
  if (name === '') return { servers, ...tls };
  return pass === '' ? { servers, ...tls, token: name } : { servers, ...tls, user: name, pass };
}

function readOne(text: string): URL {
  const url = URL.parse(text.trim());
  if (!url || !SCHEMES.includes(url.protocol) || url.hostname === '' || !['', '/'].includes(url.pathname))
    throw wrong();
  return url;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong();
  }
}

function wrong(): ConfigError {
  return new ConfigError(`The setting natsUrl is not a NATS URL. ${EXAMPLE}`);
}
