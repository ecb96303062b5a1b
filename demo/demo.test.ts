// The demo makes what is committed in docs/demo, which README.md shows, and leaves nothing behind, whatever ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { describeInTerminal } from '../test/e2e/chat.fixture.ts';

const ROOT = join(import.meta.dirname, '..');
const RECORDED = join(ROOT, 'docs/demo');
const OWN_SETTINGS = { PARLEY_DOMAIN: 'example.org', PARLEY_PASSWORD: 'not of the demo', NO_COLOR: '1', LC_ALL: 'C' };
/** Some hundred looks at screens, each a process of its own, beside eight chats and a server. */
const DEMO_MAX_MS = 600_000;

/** A folder for this test alone. */
function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'parley-demo-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** `temporary`: where it keeps what it needs while it runs, terminals included. */
function demo(options: readonly string[], temporary: string, environment: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, ['demo/main.ts', ...options], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary, TMUX_TMPDIR: temporary, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill());
  return child;
}

async function ended(child: ChildProcess): Promise<{ status: number | null; stderr: string }> {
  const [stderr] = await Promise.all([child.stderr === null ? '' : text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, stderr };
}

/** Files of this folder and all below it, without the compile cache, which is for the next ones. */
const left = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.parentPath.includes('parley-compile-cache'))
    .map(({ name }) => name);

const filesOf = (directory: string) =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]));

describeInTerminal('the demo', () => {
  it(
    'makes the screens and pictures of docs/demo, whatever the person has set, and leaves nothing else',
    async () => {
      const [temporary, to] = [folder(), folder()];
      expect(await ended(demo(['--to', to], temporary, OWN_SETTINGS))).toEqual({ status: 0, stderr: '' });
      expect(filesOf(to), 'npm run demo records them anew').toEqual(filesOf(RECORDED));
      expect(left(temporary)).toEqual([]);
    },
    DEMO_MAX_MS,
  );

  it(
    'leaves nothing when it is interrupted, also more than once',
    async () => {
      const [temporary, to] = [folder(), folder()];
      const child = demo(['--to', to], temporary);
      const end = ended(child);
      await Promise.race([once(child.stdout ?? child, 'data'), end]);
      child.kill('SIGINT');
      const again = setInterval(() => child.kill('SIGINT'), 20);
      const ending = await end;
      clearInterval(again);
      expect(ending).toEqual({ status: 130, stderr: '' });
      expect(left(temporary)).toEqual([]);
    },
    DEMO_MAX_MS,
  );
});

it('says what to install where there is no tmux', async () => {
  const child = demo([], folder(), { PATH: folder() });
  expect(await ended(child)).toEqual({ status: 1, stderr: expect.stringMatching(/install the package tmux/) });
});

it('says what it takes where it is asked for something else', async () => {
  const child = demo(['--form', 'gif'], folder());
  expect(await ended(child)).toEqual({ status: 2, stderr: expect.stringContaining('npm run demo') });
});

it('is what README.md shows', () => {
  const pictures = [
    ...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/!\[[^\]]+\]\(docs\/demo\/([\w-]+\.svg)\)/g),
  ];
  expect(pictures).not.toEqual([]);
  for (const [, name] of pictures) expect(readdirSync(RECORDED)).toContain(name);
});
