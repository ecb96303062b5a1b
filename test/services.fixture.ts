// Tests on real servers: where they are given, by PARLEY_TEST_AMQP_URL, PARLEY_TEST_MONGO_URL and PARLEY_TEST_NATS_URL, the tests run;
// elsewhere they are reported as skipped, by name. With REQUIRE_SERVICES=1 a missing server fails them: a gate must not pass by skipping.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

type Server = 'AMQP' | 'MONGO' | 'NATS';
/** The servers as PARLEY_TEST_CTL knows them. */
type Process = 'rabbitmq' | 'nats' | 'ferretdb';

/** A `describe` whose tests need that server; `body` is given its URL. */
export function describeOn(server: Server, name: string, body: (url: string) => void): void {
  const variable = `PARLEY_TEST_${server}_URL`;
  const url = process.env[variable];
  if (url) return void describe(name, () => body(url));
  if (process.env.REQUIRE_SERVICES === '1') {
    return void describe(name, () => {
      test(`needs ${variable}`, () => expect.fail(`${variable} is not set, and REQUIRE_SERVICES=1 forbids to skip.`));
    });
  }
  describe.skip(name, () => body('skipped'));
}

/** Whether servers can be killed and started: CI and developers who gave only URLs cannot. */
export const restartable = Boolean(process.env.PARLEY_TEST_CTL && process.env.PARLEY_SERVICES_DIR);

/** kill: SIGKILL, resolves when it is gone; start: resolves when it answers again, on the same port with the same data. */
export async function control(verb: 'kill' | 'start', name: Process): Promise<void> {
  const { PARLEY_TEST_CTL: program, PARLEY_SERVICES_DIR: folder } = process.env;
  if (!program || !folder) throw new Error('PARLEY_TEST_CTL and PARLEY_SERVICES_DIR say how to restart servers.');
  await promisify(execFile)(program, [verb, name, folder]);
}

/** A name that no other test has, for a database, a subject or a virtual host. */
export function freshName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

/** The URL of a MongoDB database on that server. */
export function databaseUrl(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
