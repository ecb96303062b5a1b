// The last line of a test run, and the status that goes with it.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** Runs these test files (name to content) with this project's configuration; the last line of stdout and the status. */
async function run(files: Record<string, string>): Promise<{ last: string | undefined; status: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-count-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, 'test'));
  for (const needed of ['node_modules', 'vitest.config.ts', 'package.json', 'test/count-reporter.ts']) {
    await symlink(join(ROOT, needed), join(directory, needed));
  }
  for (const [name, body] of Object.entries(files)) {
    await writeFile(join(directory, name), `import { expect, describe, beforeAll, test } from 'vitest';\n${body}\n`);
  }
  const vitest = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', directory], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const status = new Promise<number>((resolve) => vitest.once('close', (code) => resolve(code ?? -1)));
  const stdout = await text(vitest.stdout);
  return { last: stdout.trimEnd().split('\n').at(-1), status: await status };
}

test('a run that passes ends with its count and status 0', async () => {
  const files = { 'a.test.ts': "test('x', () => {});\ntest('y', () => {});\ntest.skip('z', () => {});" };
  expect(await run(files)).toEqual({ last: '2 passed, 0 failed, 1 skipped', status: 0 });
});

test('failed tests, failed hooks, files that do not load and errors outside tests count as failures', async () => {
  const files = {
    'fails.test.ts': "test('x', () => expect(1).toBe(2));\ntest('y', () => {});",
    'hook.test.ts': "describe('s', () => { beforeAll(() => { throw new Error('hook'); }); test('x', () => {}); });",
    'load.test.ts': "throw new Error('load');",
    'outside.test.ts': "test('x', () => { Promise.reject(new Error('outside')); });",
  };
  expect(await run(files)).toEqual({ last: '2 passed, 4 failed, 1 skipped', status: 1 });
});

test('a run in which no test ran is a failure', async () => {
  expect(await run({})).toEqual({ last: '0 passed, 0 failed, 0 skipped', status: 1 });
  const files = { 'a.test.ts': "test.skip('x', () => {});" };
  expect(await run(files)).toEqual({ last: '0 passed, 0 failed, 1 skipped', status: 1 });
});
