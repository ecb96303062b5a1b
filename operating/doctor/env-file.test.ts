// The stack's .env: one that `npm run env` made is well, and each thing that can be wrong in it is said without a secret.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { runToEnd } from '../../test/listening.fixture.ts';
import { ran } from './doctor.fixture.ts';
import { readEnvFile } from './env-file.ts';

const ENV = join(import.meta.dirname, '../env.ts');

let folder: string;
let file: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-doctor-env-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  file = join(folder, '.env');
  await runToEnd([ENV, '--file', file], {});
});

const change = (name: string, value: string): void =>
  writeFileSync(file, readFileSync(file, 'utf8').replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`));
const found = async () => (await readEnvFile(file)).findings.map(({ level, says }) => `${level}: ${says}`);

describe('an .env', () => {
  test('that npm run env made is well, and tells the key of the server', async () => {
    expect(await found()).toEqual([expect.stringMatching(/^ok: .* has all that the stack needs/)]);
    expect((await readEnvFile(file)).serverKey).toMatch(/^[\w-]{43}$/);
  });

  test.each([
    ['RABBITMQ_PASSWORD', 'short', 'RABBITMQ_PASSWORD has fewer than 16 characters.'],
    ['MONGO_PASSWORD', 'aaaaaaaaaaaaaaaaaaaaaaaa', 'MONGO_PASSWORD repeats a few characters.'],
    ['NATS_PASSWORD', 'parley-2026-secret', 'NATS_PASSWORD is made of words that everybody tries.'],
    ['PARLEY_OPAQUE_SETUP', 'x', 'PARLEY_OPAQUE_SETUP is not an OPAQUE server setup: auth does not start.'],
    ['PARLEY_DOMAIN', 'Chat Example', expect.stringMatching(/^PARLEY_DOMAIN is "Chat Example", which it cannot be/)],
    ['PARLEY_PUBLIC_PORT', 'http', expect.stringMatching(/^PARLEY_PUBLIC_PORT is "http"/)],
    ['PARLEY_SIGN_UP', 'all', expect.stringMatching(/^PARLEY_SIGN_UP is "all"/)],
    ['MONGO_USER', '', expect.stringMatching(/ lacks MONGO_USER\.$/)],
  ])('with %s=%s is a problem', async (name, value, expected) => {
    change(name, value);
    const { findings } = await readEnvFile(file);
    expect(findings.map(({ level, says }) => [level, says])).toEqual([['problem', expected]]);
  });

  test('that others read, or of another version, is said', async () => {
    chmodSync(file, 0o644);
    change('PARLEY_VERSION', '99.0.0');
    expect(await found()).toEqual([
      expect.stringMatching(/^problem: Others on this machine may read .* \(mode 644\)/),
      expect.stringMatching(/^warning: PARLEY_VERSION is 99\.0\.0, and this folder holds Parley/),
    ]);
  });

  test('that is not there is a problem', async () => {
    rmSync(file);
    expect(await found()).toEqual([expect.stringMatching(/^problem: .* cannot be read: ENOENT/)]);
  });
});

test('on a machine without Docker the rest is looked at all the same, and nothing secret is shown', async () => {
  change('NATS_PASSWORD', 'short');
  const values = (await readEnvFile(file)).values;
  const { status, stdout, stderr } = await ran(['--stack-env', file], { PATH: folder });
  expect(stdout).toMatch(/problem +\.env +NATS_PASSWORD has fewer than 16 characters\./);
  expect(stdout).toMatch(/problem +docker +There is no docker command here\./);
  expect(status).toBe(1);
  for (const name of ['RABBITMQ_PASSWORD', 'MONGO_PASSWORD', 'PARLEY_OPAQUE_SETUP', 'PARLEY_INVITATION_KEY']) {
    expect(`${stdout}${stderr}`).not.toContain(values[name]);
  }
});
