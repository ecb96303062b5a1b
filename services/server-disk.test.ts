// A disk that is nearly full, full, or fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { PATIENTLY } from '../test/patience.fixture.ts';
import { runServer, type ServerProcess } from '../test/server.fixture.ts';
import { startsServers } from '../test/servers.fixture.ts';
import { deliveries, short } from '../test/wire.fixture.ts';
import { WirePerson } from '../test/wire-person.fixture.ts';

const started = startsServers();

describe('a disk that is nearly full', () => {
  test('refuses messages and new accounts, and still opens sessions, delivers and takes acks', async () => {
    const server = await started();
    const al = await WirePerson.signedUp(server.url, 'al@localhost');
    const bo = await WirePerson.signedUp(server.url, 'bo@localhost');
    const early = await al.session(server.url, { receive: false });
    const message = al.message(bo);
    await early.ok({ type: 'send', ...message });
    await server.stop();
    const full = await started(['--reserve-mib', '1000000000'], server.data);
    const from = await al.session(full.url, { receive: false });
    const refused = al.message(bo);
    expect(await from.request({ type: 'send', ...refused })).toMatchObject({ code: 'no_space', retry: true });
    expect(await from.request({ type: 'send', ...al.message(bo) })).toMatchObject({ retry: true });
    const to = await bo.session(full.url);
    expect(await to.take('deliver')).toMatchObject({ body: message.body });
    to.send({ type: 'ack', upTo: 1, tags: [] });
    expect(await bo.loginFields(to)).toBeDefined();
    const cy = new WirePerson('cy@localhost');
    expect(await to.refusal({ type: 'signup.finish', ...(await cy.signUpFields(to)) })).toBe('no_space');
    const lost = bo.revokeEntry(bo.device); // a stolen device can always be revoked
    await to.ok({ type: 'log.append', address: bo.address, entry: lost });
    expect(await to.closed).toEqual(CLOSE.revoked);
    expect(await full.stop()).toBe(0);
  });

  test('of 4 MB keeps what was accepted, and takes what it refused once there is room', async ({ skip }) => {
    const disk = mountTmpfs('4m') ?? skipped(skip);
    const filler = join(disk, 'filler');
    writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
    const server = await started(['--reserve-mib', '0', '--rate-factor', '1000'], join(disk, 'data'));
    const al = await WirePerson.signedUp(server.url, 'al@localhost');
    const bo = await WirePerson.signedUp(server.url, 'bo@localhost');
    const from = await al.session(server.url, { receive: false });
    const accepted: string[] = [];
    let refused: ReturnType<WirePerson['message']> | undefined;
    const answers: Promise<void>[] = [];
    while (!refused && answers.length < 100) {
      const message = al.message(bo, {}, 50_000);
      const answered = from.request({ type: 'send', ...message }).then((answer) => {
        if (answer.type === 'ok') return void accepted.push(short(message));
        // What was under way together with the first that was refused met the full disk with it.
        const codes = refused ? /^(earlier_refused|no_space)$/ : /^no_space$/;
        expect(answer).toMatchObject({ code: expect.stringMatching(codes), retry: true });
        refused ??= message;
      });
      answers.push(answered);
      let isAnswered = false;
      const settled = (): void => {
        isAnswered = true;
      };
      void answered.then(settled, settled);
      // What was accepted waits for room, too, and is tried again. To send on without waiting for that would fill whatever room is made.
      const before = turnsTriedAgain(server);
      await vi.waitUntil(() => isAnswered || turnsTriedAgain(server) > before, PATIENTLY);
    }
    rmSync(filler);
    await Promise.all(answers);
    expect(accepted.length).toBeGreaterThan(5);
    if (!refused) throw new Error('nothing was refused');
    expect(await from.request({ type: 'send', ...refused })).toMatchObject({ type: 'ok' });
    accepted.push(short(refused));
    await server.kill();
    await server.restart();
    const to = await bo.session(server.url, { ackAll: true });
    expect(deliveries(to)).toEqual(accepted);
  });

  test('from the very start is a sentence', async ({ skip }) => {
    const disk = mountTmpfs('64k') ?? skipped(skip);
    writeFileSync(join(disk, 'filler'), Buffer.alloc(56 * 1024));
    const { status, stderr } = await runServer(['--port', '0', '--data', join(disk, 'data')]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/cannot be used: .*Make room/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

test('a disk that fails, and is not full, is said to fail', () => {
  const data = mkdtempSync(join(tmpdir(), 'parley-fails-'));
  const server = join(import.meta.dirname, 'server.ts');
  // No file may grow beyond 4 KiB: what SQLite is told then is an error that is not "no space".
  const command = 'ulimit -f 8; exec "$@"';
  const args = ['-c', command, 'sh', process.execPath, server, '--port', '0', '--data', data];
  const { status, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
  rmSync(data, { recursive: true });
  expect(stderr).toMatch(/cannot be used: .*I\/O error\. Its disk fails/);
  expect(status).toBe(1);
});

const turnsTriedAgain = ({ stderr }: ServerProcess): number => stderr.split('trying again').length;

/** Where servers and disks were promised, a test that cannot run has failed. */
function skipped(skip: (note: string) => never): never {
  const note = 'mounting a tmpfs needs root';
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(note);
  return skip(note);
}

/** A disk of that size, until the test and its hooks are through; undefined where this user may not mount. */
function mountTmpfs(size: string): string | undefined {
  const disk = mkdtempSync(join(tmpdir(), 'parley-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    rmSync(disk, { recursive: true });
    return undefined;
  }
  onTestFinished(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });
  return disk;
}
