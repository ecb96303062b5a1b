// Tests on real servers: where they are given, by PARLEY_TEST_AMQP_URL, PARLEY_TEST_MONGO_URL and PARLEY_TEST_NATS_URL, the tests run;
// elsewhere they are reported as skipped, by name. With REQUIRE_SERVICES=1 a missing server fails them: a gate must not pass by skipping.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

type Server = 'AMQP' | 'MONGO' | 'NATS';
/** The servers as PARLEY_TEST_CTL knows them. */
type Process = 'rabbitmq' | 'nats' | 'ferretdb';

export type ServerUrls = Readonly<Record<Server, string>>;

/** A `describe` whose tests need that server; `body` is given its URL. */
export function describeOn(server: Server, name: string, body: (url: string) => void): void {
  describeWhere([server], name, (urls) => body(urls[server]));
}

/** A `describe` whose tests need all of them. */
export function describeOnAll(name: string, body: (urls: ServerUrls) => void): void {
  describeWhere(['AMQP', 'MONGO', 'NATS'], name, body);
}

function describeWhere(servers: readonly Server[], name: string, body: (urls: ServerUrls) => void): void {
  const variableOf = (server: Server): string => `PARLEY_TEST_${server}_URL`;
  const urlOf = (server: Server): string => process.env[variableOf(server)] || 'skipped';
  const urls: ServerUrls = { AMQP: urlOf('AMQP'), MONGO: urlOf('MONGO'), NATS: urlOf('NATS') };
  const missing = servers.filter((server) => urls[server] === 'skipped').map(variableOf);
  if (missing.length === 0) return void describe(name, () => body(urls));
  if (process.env.REQUIRE_SERVICES !== '1') return void describe.skip(name, () => body(urls));
  describe(name, () => {
    test.each(missing)('needs %s', (variable) =>
      expect.fail(`${variable} is not set, and REQUIRE_SERVICES=1 forbids to skip.`),
    );
  });
}

/** Whether servers can be killed and started: CI and developers who gave only URLs cannot. */
export const restartable = Boolean(process.env.PARLEY_TEST_CTL && process.env.PARLEY_SERVICES_DIR);

/** A broker that is taken for dead while its start replaces its program (.ci/run says more) is asked for again, once it can be seen. */
const STARTS_MAX = 5;

/** kill: SIGKILL, resolves when it is gone; start: resolves when it answers again, on the same port with the same data. */
export async function control(verb: 'kill' | 'start', name: Process): Promise<void> {
  const { PARLEY_TEST_CTL: program, PARLEY_SERVICES_DIR: folder } = process.env;
  if (!program || !folder) throw new Error('PARLEY_TEST_CTL and PARLEY_SERVICES_DIR say how to restart servers.');
  const call = () => promisify(execFile)(program, [verb, name, folder]);
  for (let tries = 1; ; tries += 1) {
    try {
      return void (await call());
    } catch (error) {
      if (verb !== 'start' || tries === STARTS_MAX || !(await seen(join(folder, `${name}.pid`)))) throw error;
    }
  }
}

/** Whether the process whose id this file has is there: then once it has an environment, by which its program is found. */
async function seen(pidFile: string): Promise<boolean> {
  const environment = `/proc/${readFileSync(pidFile, 'utf8').trim()}/environ`;
  while (existsSync(environment)) {
    if (readFileSync(environment).length > 0) return true;
    await setImmediate();
  }
  return false;
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
