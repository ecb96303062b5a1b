// What the server says when it cannot start, and with which status it ends.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Ended } from '../test/listening.fixture.ts';
import { runServer } from '../test/server.fixture.ts';
import { startsServers } from '../test/servers.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-process-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const started = startsServers();

afterAll(() => rmSync(folder, { recursive: true }));

/** A setting that is wrong in itself, for this machine or for the data; anything else that stops a start. */
const WRONG_SETTING = 2;
const CANNOT = 1;

describe('a start that cannot be', () => {
  const fresh = (name: string): string[] => ['--port', '0', '--data', join(folder, name)];

  /** One sentence on stderr that says what to do; nothing else, anywhere. */
  function expectSentence({ status, stdout, stderr }: Ended, expected: RegExp, wanted = WRONG_SETTING): void {
    expect(stderr).toMatch(expected);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/\n\s+at |\.ts:\d/);
    expect({ status, stdout }).toEqual({ status: wanted, stdout: '' });
  }

  test.each([
    ['an unknown option', ['--prot', '1'], /unknown option '--prot'.*--help/],
    ['a port that is no number', ['--port', 'http'], /setting port \(--port\) is "http" from the option --port/],
    ['an empty port', ['--port', ''], /setting port \(--port\) is "" from the option/],
    ['a domain with a slash', ['--domain', 'a/b'], /setting domain .* as in chat\.example\.org/],
    ['half of TLS', ['--tls-cert', 'x.pem'], /both --tls-cert and --tls-key/],
    ['a certificate that is not there', ['--tls-cert', 'x.pem', '--tls-key', 'y.pem'], /certificate cannot be used/],
    ['plain ws where others can read it', ['--host', '0.0.0.0'], /0\.0\.0\.0 without TLS.*--allow-plain/],
    ['a name that only looks local', ['--host', '127.evil.example'], /127\.evil\.example without TLS/],
    ['an address that is not this machine', ['--host', '192.0.2.1', '--allow-plain'], /--host\) is "192\.0\.2\.1"/],
    ['a setup that is none', ['--opaque-setup', 'x'], /opaqueSetup is not an OPAQUE server setup/],
    ['a key of invitations that is none', ['--invitation-key', 'x'], /invitationKey must be 32 random bytes/],
  ])('says so: %s', async (name, options, expected) => {
    expectSentence(await runServer([...fresh(name.replaceAll(' ', '-')), ...options]), expected);
  });

  test('names the variable or the file that a wrong value comes from', async () => {
    const byVariable = await runServer(fresh('variable'), { PARLEY_HOLD_MS: 'soon' });
    expectSentence(byVariable, /"soon" from the environment variable PARLEY_HOLD_MS/);
    const config = file('wrong.json', '{"holdMs": "later"}');
    expectSentence(await runServer([...fresh('file'), '--config', config]), /"later" from the file .*wrong\.json/);
    const unknown = file('unknown.json', '{"toString": 1}');
    expectSentence(await runServer([...fresh('file'), '--config', unknown]), /unknown setting toString/);
    expectSentence(await runServer([...fresh('file'), '--config', file('no.json', '{')]), /cannot be read/);
  });

  test('says so when the certificate is none', async () => {
    const bad = file('bad.pem', 'not a certificate');
    const ended = await runServer([...fresh('tls'), '--tls-cert', bad, '--tls-key', bad]);
    expectSentence(ended, /certificate cannot be used/);
  });

  test('says so when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const ended = await runServer(['--port', port, '--data', join(folder, 'used')]);
    expectSentence(
      { ...ended, stderr: ended.stderr.replace(/^\{.*\}\n/gm, '') },
      new RegExp(`Port ${port} is in use`),
      CANNOT,
    );
    other.close();
  });

  test('a port in use at the first start does not fix the domain of the data', async () => {
    const other = await started();
    const data = join(folder, 'domain-open');
    const port = new URL(other.url).port;
    expect((await runServer(['--port', port, '--data', data, '--domain', 'mistyped.example'])).status).toBe(CANNOT);
    const server = await started(['--domain', 'chat.example.org'], data);
    await server.stop();
    expectSentence(
      await runServer(['--port', '0', '--data', data, '--domain', 'mistyped.example']),
      /belongs to the domain chat\.example\.org/,
    );
  });

  test('says so when the data folder is below a file', async () => {
    const data = join(file('regular', ''), 'data');
    expectSentence(await runServer(['--port', '0', '--data', data]), /data folder .* cannot be used.*--data/, CANNOT);
  });

  test.skipIf(!existsSync('/proc'))(
    'says so when no folder can be made there, instead of trying for ever',
    async () => {
      expectSentence(
        await runServer(['--port', '0', '--data', '/proc/nothing/data']),
        /cannot be used.*--data/,
        CANNOT,
      );
    },
  );

  test('says so when the database is none, or only the rest of one', async () => {
    for (const [name, bytes] of [
      ['text', 'this is not a database, it is a text that is longer than a header'],
      ['torn', `SQLite format 3\0${'\x10\x00\x01\x01\x00\x40\x20\x20'.padEnd(4080, '\xff')}`],
    ] as const) {
      const data = join(folder, name);
      mkdirSync(data);
      writeFileSync(join(data, 'parley.db'), bytes, 'latin1');
      expectSentence(await runServer(['--port', '0', '--data', data]), /cannot be used: .*Restore a backup/, CANNOT);
    }
  });

  test('says so when another server has the data, which goes on', async () => {
    const server = await started();
    expectSentence(await runServer(['--port', '0', '--data', server.data]), /Stop the other Parley server/, CANNOT);
    expect((await server.http('/readyz')).status).toBe(200);
  });

  test('says so when the domain is another than that of the data', async () => {
    const server = await started(['--domain', 'chat.example.org']);
    await server.stop();
    const options = ['--port', '0', '--data', server.data];
    expectSentence(
      await runServer([...options, '--domain', 'example.org']),
      /belongs to the domain chat\.example\.org/,
    );
    expectSentence(await runServer(options), /belongs to the domain chat\.example\.org.*--domain chat\.example\.org/);
  });
});
