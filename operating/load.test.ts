// The load tester against real servers. How fast they are is nobody's business here: what is asked is whether it tells the truth.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runToEnd } from '../test/listening.fixture.ts';
import { describeInBothModes } from '../test/modes.fixture.ts';
import { ServerProcess } from '../test/server.fixture.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../test/tls.fixture.ts';
import type { Figures } from './load/figures.ts';
import { type LoadLine, LoadProcess } from './load/load-process.fixture.ts';

/** A run has its accounts, its seconds and its farewell, on a machine that may be slow at all of them. */
const RUN_MAX_MS = 900_000;
const INVITE = join(import.meta.dirname, 'invite.ts');
const AGAIN_MS = 300;
/** What is still on its way by then is called lost; nobody waits longer than for the last one. */
const settle = ['--settle', '300'];
const small = ['--users', '10', '--groups', '3', '--rate', '10', '--group-share', '0.4', '--warm-up', '0.5', ...settle];
const unlimited = ['--rate-factor', '1000'];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-load-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function startLoad(options: readonly string[]): LoadProcess {
  const load = new LoadProcess(options);
  onTestFinished(() => load.kill());
  return load;
}

function figuresIn(folder: string): Figures {
  return JSON.parse(readFileSync(join(folder, 'figures.json'), 'utf8')) as Figures; // the program's own
}

function expectNothingLost({ faults, sent, accepted, delivered }: Figures): void {
  for (const [kind, fault] of Object.entries(faults)) expect({ kind, ...fault }).toEqual({ kind, count: 0 });
  expect(sent).toBeGreaterThan(0);
  expect(accepted).toBe(sent);
  expect(delivered).toBeGreaterThanOrEqual(sent);
}

const isFlowing = ({ phase, delivered = 0 }: LoadLine): boolean => phase === 'measured' && delivered > 0;

describeInBothModes((start) => {
  test(
    'a load test tells how long messages took and that none was lost, and leaves no account behind',
    async () => {
      const server = await start(unlimited);
      onTestFinished(() => server.remove());
      const out = newFolder();
      const load = startLoad([...small, '--server', server.urls.join(), '--seconds', '3', '--out', out]);
      const status = await load.ended();
      expect(load.stderr).toBe('');
      const figures = figuresIn(out);
      expectNothingLost(figures);
      expect(figures.acceptedMs.count).toBeGreaterThan(0);
      expect(figures.deliveredMs.p50).toBeGreaterThan(0);
      // A server on a machine that is busy with others may say that it is: what it said is told, and the message came through.
      expect(Object.keys(figures.errors).filter((code) => code !== 'busy')).toEqual([]);
      expect(status).toBe(figures.verdict.rateReached ? 0 : 1);
      expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('Nothing was lost, duplicated or misordered.');
      expect(readFileSync(join(out, 'latency.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<polyline[\s\S]*<\/svg>\n$/);
      expect(load.lines.find(({ phase }) => phase === 'Farewells')).toBeDefined();
      expect(load.lines.map(({ said = '' }) => said).join()).not.toMatch(/still at the server|could not be deleted/);
    },
    RUN_MAX_MS,
  );

  test(
    'a server that is killed while messages flow loses none, and the clients come back',
    async () => {
      const server = await start(unlimited);
      onTestFinished(() => server.remove());
      const out = newFolder();
      const options = [...small, '--server', server.urls.join(), '--seconds', '3600', '--out', out];
      const load = startLoad([...options, '--workers', '2']);
      await load.line(isFlowing);
      await server.kill();
      await load.line(({ phase, connected }) => phase === 'measured' && connected === 0);
      await server.restart();
      const away = load.lines.length;
      await load.line((line) => load.lines.indexOf(line) >= away && isFlowing(line) && line.connected === 10);
      load.signal('SIGINT');
      await load.ended();
      const figures = figuresIn(out);
      expectNothingLost(figures);
      expect(figures.reconnects).toBeGreaterThanOrEqual(10);
      expect(figures.interrupted).toBe(true);
    },
    RUN_MAX_MS,
  );
});

describe('a load test', () => {
  test(
    'says that a server cannot be reached, and that a setting is wrong, in a sentence each',
    async () => {
      const away = startLoad(['--server', 'ws://127.0.0.1:1', '--out', newFolder()]);
      expect(await away.ended()).toBe(1);
      expect(away.stderr).toMatch(/^ws:\/\/127\.0\.0\.1:1 cannot be reached: .*\n$/);
      const wrong = startLoad(['--rate', 'fast']);
      expect(await wrong.ended()).toBe(2);
      expect(wrong.stderr).toMatch(/^The setting rate \(--rate\) .*\n$/);
    },
    RUN_MAX_MS,
  );

  test(
    'uses an invitation for each user where the server asks for them, over TLS with an authority of its own',
    async () => {
      const folder = newFolder();
      const path = (name: string) => join(folder, name);
      writeFileSync(path('cert.pem'), TEST_CERTIFICATE);
      writeFileSync(path('key.pem'), TEST_KEY);
      const tls = ['--tls-cert', path('cert.pem'), '--tls-key', path('key.pem')];
      const server = await ServerProcess.start([...unlimited, ...tls, '--sign-up', 'invitation']);
      onTestFinished(() => server.remove());
      const made = await runToEnd([INVITE, '--data', server.data, '--count', '2'], {});
      writeFileSync(path('codes'), made.stdout);
      const two = ['--users', '2', '--groups', '0', '--rate', '4', '--seconds', '1', '--warm-up', '0', ...settle];
      const at = ['--server', server.url, '--ca', path('cert.pem'), '--out', path('out')];
      const uninvited = startLoad([...two, ...at]);
      expect(await uninvited.ended()).toBe(2);
      expect(uninvited.stderr).toMatch(/asks for invitations: give --invitations FILE with one a line, 2 of them\.\n$/);
      const invited = startLoad([...two, ...at, '--invitations', path('codes')]);
      await invited.ended();
      expect(invited.stderr).toBe('');
      expectNothingLost(figuresIn(path('out')));
    },
    RUN_MAX_MS,
  );

  test(
    'waits where the server limits it, says why, and ends at once when it is asked twice',
    async () => {
      const server = await ServerProcess.start(['--rate-factor', '0.02']);
      onTestFinished(() => server.remove());
      const load = startLoad([...small, '--server', server.url, '--out', newFolder()]);
      const { said } = await load.line(({ said: sentence }) => sentence?.includes('asks to wait') ?? false);
      expect(said).toContain('PARLEY_RATE_FACTOR');
      load.signal('SIGINT');
      await load.line(({ said: sentence }) => sentence?.startsWith('It ends') ?? false);
      const again = setInterval(() => load.signal('SIGINT'), AGAIN_MS);
      onTestFinished(() => clearInterval(again));
      expect(await load.ended()).toBe(130);
    },
    RUN_MAX_MS,
  );
});
