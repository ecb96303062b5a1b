// What the doctor finds about a server in one process: nothing where all is well, and each thing that can be wrong.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { createServerSetup } from '../../services/auth/opaque.ts';
import type { ServerProcess } from '../../test/server.fixture.ts';
import { startsServers } from '../../test/servers.fixture.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../test/tls.fixture.ts';
import { examined, ran } from './doctor.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const started = startsServers();
const DAY_MS = 86_400_000;

/** The options by which the doctor finds this server. */
const of = ({ url, data }: ServerProcess): string[] => ['--port', new URL(url).port, '--data', data];

/** A port that nobody else is given: the program on it stays until the test is over. */
async function taken(): Promise<string> {
  const server = createServer((_, response) => response.writeHead(404).end('Something else.'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return String((server.address() as AddressInfo).port); // a port, never a pipe
}

describe('all is well', () => {
  test('with a server that runs, and after it was stopped but for the door', async () => {
    const server = await started();
    const running = await examined(of(server));
    expect(running.problems).toEqual([]);
    expect(running.ok).toContainEqual(expect.stringMatching(/^door: The server of localhost answers at ws:/));
    expect(running.ok).toContainEqual(expect.stringMatching(/^clock: The clock of the server .* agree/));
    await server.stop();
    const stopped = await examined(of(server));
    expect(stopped.problems).toEqual([expect.stringMatching(/^door: Nobody listens/)]);
    expect(stopped.ok).toContainEqual(
      expect.stringMatching(/^data: .* is that of localhost, in the form of version 2/),
    );
  });

  test('before the first start, which it does not prepare', async () => {
    const data = join(folder, 'not-yet');
    const { problems } = await examined(['--data', data, '--port', '0']);
    expect(problems).toEqual([]);
    expect(readdirSync(folder)).not.toContain('not-yet');
  });

  test('and nothing is changed by being looked at', async () => {
    const server = await started();
    await server.stop();
    const state = () => readdirSync(server.data).map((name) => [name, statSync(join(server.data, name)).mtimeMs]);
    const before = state();
    await examined(of(server));
    expect(state()).toEqual(before);
  });
});

describe('what is wrong with the data is said', () => {
  test('another domain', async () => {
    const server = await started(['--domain', 'chat.example.org']);
    const running = await examined(of(server));
    expect(running.problems).toEqual([
      expect.stringMatching(/^door: .* is that of chat\.example\.org, not of localhost/),
    ]);
    await server.stop();
    const { problems } = await examined(of(server));
    expect(problems).toContainEqual(expect.stringMatching(/^data: The data belongs to the domain chat\.example\.org/));
  });

  test('a disk with less room than the reserve', async () => {
    const { problems } = await examined(['--port', '0', '--data', folder, '--reserve-mib', '1000000000']);
    expect(problems).toEqual([expect.stringMatching(/^disk: .*below the reserve of .*: messages are refused/)]);
  });

  test('a disk that files may fill up, and not one that has room for what they may take', async () => {
    const server = await started();
    await server.stop();
    const tight = await examined([...of(server), '--files-total-mib', '1000000000']);
    expect(tight.warnings).toContainEqual(
      expect.stringMatching(/^files: Files may take .* more, and the disk of the data folder has .* for them: before/),
    );
    const { warnings } = await examined([...of(server), '--files-total-mib', '1']);
    expect(warnings.filter((says) => says.startsWith('files:'))).toEqual([]);
  });

  test('a folder that others read', async () => {
    const server = await started();
    await server.stop();
    chmodSync(server.data, 0o755);
    const mayLook = await examined(of(server));
    expect(mayLook.warnings).toContainEqual(expect.stringMatching(/^data: Others .* \(mode 755\)/));
    chmodSync(join(server.data, 'parley.db'), 0o644);
    const mayRead = await examined(of(server));
    expect(mayRead.problems).toContainEqual(expect.stringMatching(/^data: Others .* may read .*parley\.db/));
  });

  test('a database that is none', async () => {
    const data = join(folder, 'damaged');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(data, 'parley.db'), 'not a database'.repeat(1_000));
    const { problems } = await examined(['--port', '0', '--data', data]);
    expect(problems).toEqual([expect.stringMatching(/^data: .* cannot be used: file is not a database/)]);
  });

  test('a clock that went back', async () => {
    const server = await started();
    await server.stop();
    const tomorrow = (Date.now() + DAY_MS) / 1_000;
    utimesSync(join(server.data, 'parley.db'), tomorrow, tomorrow);
    const { problems } = await examined(of(server));
    expect(problems).toContainEqual(expect.stringMatching(/^clock: This machine's clock says .* was written at/));
  });
});

describe('what is wrong with the door is said', () => {
  test('a port that something else has, before the first start and later', async () => {
    const port = await taken();
    const first = await examined(['--data', join(folder, 'not-yet'), '--port', port]);
    expect(first.problems).toEqual([expect.stringMatching(/^door: .* is taken by something else/)]);
    const later = await examined(['--data', folder, '--port', port]);
    expect(later.problems).toEqual([expect.stringMatching(/^door: .* is no Parley server: .*404/)]);
  });

  test('a server that says nothing', async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo; // a port, never a pipe
    const { problems } = await examined(['--data', folder, '--port', String(port), '--timeout-ms', '5000']);
    expect(problems).toEqual([
      expect.stringMatching(/^door: Somebody listens at .* and says nothing: no answer within/),
    ]);
  });

  test('a key that is not the one that is configured', async () => {
    const server = await started();
    const { problems } = await examined(of(server), { PARLEY_OPAQUE_SETUP: await createServerSetup() });
    expect(problems).toEqual([expect.stringMatching(/^door: .* has another key than this deployment/)]);
  });

  test('a name that has no address', async () => {
    const { problems } = await examined(['--data', folder, '--server', 'ws://parley.invalid']);
    expect(problems).toEqual([expect.stringMatching(/^door: The host of ws:\/\/parley\.invalid has no address/)]);
  });

  test('plain ws where others read it, and half of TLS', async () => {
    const plain = await examined(['--data', join(folder, 'not-yet'), '--port', '0', '--host', '0.0.0.0']);
    expect(plain.problems).toEqual([expect.stringMatching(/^settings: .* 0\.0\.0\.0 without TLS/)]);
    const behind = await examined([
      '--data',
      join(folder, 'not-yet'),
      '--port',
      '0',
      '--host',
      '0.0.0.0',
      '--allow-plain',
    ]);
    expect({ problems: behind.problems, warnings: behind.warnings.length }).toEqual({ problems: [], warnings: 1 });
    const half = await examined(['--data', join(folder, 'not-yet'), '--port', '0', '--tls-cert', 'x.pem']);
    expect(half.problems).toEqual([expect.stringMatching(/^settings: Of --tls-cert and --tls-key only one/)]);
  });

  test('a certificate that clients do not trust; one that they do is well', async () => {
    const tls = ['--tls-cert', file('cert.pem', TEST_CERTIFICATE), '--tls-key', file('key.pem', TEST_KEY)];
    const server = await started(tls);
    const strange = await examined([...of(server), ...tls]);
    expect(strange.problems).toContainEqual(expect.stringMatching(/^certificate: Clients refuse .*SELF_SIGNED/));
    expect(strange.problems).toContainEqual(expect.stringMatching(/^door: The certificate at wss:.* is refused/));
    // Node reads this variable at its start only.
    const trusted = await ran([...of(server), ...tls], { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') });
    expect(trusted.stdout).toMatch(/ok +certificate +The certificate at wss:.*\n0 problems/s);
    expect(trusted.status).toBe(0);
  });
});

describe('the program', () => {
  test('ends with 0 if there is no problem, with 1 if there is one, and says what to do', async () => {
    const data = ['--data', join(folder, 'not-yet'), '--port', '0'];
    const well = await ran(data);
    expect(well.stdout).toMatch(/^ok +version +Parley .*\n0 problems, 0 warnings, \d+ ok\.\n$/s);
    expect({ status: well.status, stderr: well.stderr }).toEqual({ status: 0, stderr: '' });
    const not = await ran([...data, '--host', '0.0.0.0', '--json']);
    const lines = not.stdout.trim().split('\n');
    const problem = {
      check: 'settings',
      level: 'problem',
      says: expect.anything(),
      todo: expect.stringMatching(/--tls-cert/),
    };
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(problem);
    expect({ status: not.status, stderr: not.stderr }).toEqual({ status: 1, stderr: '' });
  });

  test('ends with 2 and a sentence for a setting that is wrong in itself', async () => {
    const { status, stdout, stderr } = await ran(['--port', 'http']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^The setting port \(--port\) is "http" .*\n$/);
  });
});
