// What backup and restore refuse, with a sentence and a status, and what they leave behind: nothing.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Ended, runToEnd } from '../../test/listening.fixture.ts';
import { ServerProcess } from '../../test/server.fixture.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';

const BACKUP = join(import.meta.dirname, '../backup.ts');
const RESTORE = join(import.meta.dirname, '../restore.ts');
const SETUP = 'a setup that is none';
/** A module that ends its process when it is about to give a file its name: all is written by then, and the server's copy still there. */
const KILLED_BEFORE_ITS_NAME = `data:text/javascript,${encodeURIComponent(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  fs.renameSync = () => process.kill(process.pid, 'SIGKILL');
  syncBuiltinESMExports();`)}`;

function expectSentence({ status, stdout, stderr }: Ended, wanted: number, sentence: RegExp): void {
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect({ status, stdout }).toEqual({ status: wanted, stdout: '' });
}

/** Each test starts several programs, on a machine that may be busy with others. */
const PATIENCE_MS = 240_000;

describe('a backup of a server in one process', { timeout: PATIENCE_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-backup-'));
  const file = join(folder, 'backup');
  let server: ServerProcess;
  let places = 0;

  beforeAll(async () => {
    server = await ServerProcess.start(['--log-level', 'warn']);
    await WirePerson.signedUp(server.url, 'al@localhost');
    const { status } = await runToEnd([BACKUP, '--to', file, '--data', server.data], {});
    expect(status).toBe(0);
  }, PATIENCE_MS);

  afterAll(async () => {
    await server.remove();
    rmSync(folder, { recursive: true });
  });

  const place = (): string => {
    places += 1;
    return join(folder, `place ${places}`);
  };
  const restore = (...options: string[]): Promise<Ended> => runToEnd([RESTORE, ...options], {});

  test('is private, is made while the server runs, and leaves nothing in its folder', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['backup']);
    // The server removes its copy when it hears that the backup has hung up.
    while (readdirSync(server.data).some((name) => name.startsWith('backup-'))) await server.http('/healthz');
    expect(readdirSync(server.data).sort()).toEqual(['backup.sock', 'parley.db', 'parley.db-wal']);
    const { status, stderr } = await runToEnd([BACKUP, '--check', file], {});
    expect(stderr).toMatch(/^It is whole\. A backup of localhost, embedded, .*\n.*auth_accounts 1, /);
    expect(status).toBe(0);
  });

  test('that was cut off or changed is refused before anything is written', async () => {
    const broken = place();
    copyFileSync(file, broken);
    truncateSync(broken, statSync(file).size - 7);
    const data = place();
    expectSentence(
      await restore('--from', broken, '--data', data),
      1,
      /is damaged or cut off \(.*\)\. Use another backup\.$/m,
    );
    expectSentence(await runToEnd([BACKUP, '--check', broken], {}), 1, /is damaged or cut off/);
    expectSentence(
      await restore('--from', RESTORE, '--data', data),
      1,
      /restore\.ts is no backup of Parley\. Give the file/,
    );
    expectSentence(await restore('--from', place(), '--data', data), 1, /cannot be read \(ENOENT.*Give a file/);
    expect(existsSync(data)).toBe(false);
  });

  test('is not restored over data, nor for another domain, mode or OPAQUE setup', async () => {
    const data = place();
    const before = statSync(join(server.data, 'parley.db')).mtimeMs;
    expectSentence(await restore('--from', file, '--data', server.data), 1, /has data already.*Move it away/);
    expect(statSync(join(server.data, 'parley.db')).mtimeMs).toBe(before);
    const domain = await restore('--from', file, '--data', data, '--domain', 'chat.example.org');
    expectSentence(domain, 2, /of the domain localhost, and the setting domain is chat\.example\.org\. Use/);
    const mode = await restore(
      '--from',
      file,
      '--mongo-url',
      'mongodb://127.0.0.1:1',
      '--amqp-url',
      'amqp://127.0.0.1:1',
    );
    expectSentence(mode, 2, /is of a server in one process: restore it with --data/);
    const setup = await restore('--from', file, '--data', data, '--opaque-setup', SETUP);
    expectSentence(
      setup,
      2,
      /opaqueSetup is another than the one of the backup \(fingerprint .+\): nobody could sign in/,
    );
    expectSentence(await runToEnd([BACKUP, '--to', place(), '--data', data], {}), 1, /nothing to back up in .*--data/);
    expectSentence(await runToEnd([BACKUP], {}), 2, /^Give --to FILE .* or --check FILE/);
    expect(existsSync(data)).toBe(false);
  });

  test('goes through pipes', async () => {
    const [piped, data] = [place(), place()];
    const script = `"${process.execPath}" "${BACKUP}" --to - --data "${server.data}" > "${piped}" && "${process.execPath}" "${RESTORE}" --from - --data "${data}" < "${piped}"`;
    execFileSync('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    expect(readdirSync(data)).toEqual(['parley.db']);
    expect(statSync(join(data, 'parley.db')).mode & 0o777).toBe(0o600);
  });

  test('that has no room leaves no file under its name', async () => {
    const disk = mountTmpfs('1m');
    const full = join(disk, 'backup');
    writeFileSync(join(disk, 'filler'), Buffer.alloc(1024 * 1024));
    expectSentence(
      await runToEnd([BACKUP, '--to', full, '--data', server.data], {}),
      1,
      /cannot be written to .*ENOSPC.*Make room/,
    );
    expect(readdirSync(disk)).toEqual(['filler']);
    expectSentence(
      await restore('--from', file, '--data', join(disk, 'data')),
      1,
      /cannot be restored to .*ENOSPC.*Make room/,
    );
    expect(readdirSync(join(disk, 'data'))).toEqual([]);
  });

  test('that is killed while it writes leaves no file under its name, and nothing with the server', async () => {
    const to = place();
    const child = spawn(
      process.execPath,
      ['--import', KILLED_BEFORE_ITS_NAME, BACKUP, '--to', to, '--data', server.data],
      {
        stdio: 'ignore',
      },
    );
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
    expect(existsSync(to)).toBe(false);
    while (readdirSync(server.data).some((name) => name.startsWith('backup-'))) await server.http('/healthz');
  });
});

/** A disk of that size, until the test is through: where servers and disks were promised, it must be there. */
function mountTmpfs(size: string): string {
  const disk = mkdtempSync(join(tmpdir(), 'parley-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk], { stdio: 'ignore' });
  onTestFinished(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });
  return disk;
}
