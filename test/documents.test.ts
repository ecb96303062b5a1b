// Documents are product: what they name exists, and the README's conversation is what happens.
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ServerProcess } from './server.fixture.ts';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENTS = ['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md', 'PROTOCOL.md', 'docs/FEATURES.md'];
/** Ten commands, each a process or three. */
const CONVERSATION_MAX_MS = 300_000;
const run = promisify(execFile);
const read = (document: string): string => readFileSync(join(ROOT, document), 'utf8');

/** Paths in backticks or links: with a folder, or a file of the root. */
function pathsIn(text: string): string[] {
  const quoted = [...text.matchAll(/`((?:protocol|runtime|services|clients|bench|demo|docs|test)\/[\w./*-]*)`/g)];
  const linked = [...text.matchAll(/\]\(([\w./-]+)\)/g)];
  return [...quoted, ...linked].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

/** What differs from run to run: times, ids, keys, numbers to compare, the home folder. */
function steady(text: string, home: string): string {
  return text
    .replaceAll(home, '/home/al')
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+Z)?/g, 'TIME')
    .replace(/("(?:id|device)":)"[^"]+"/g, '$1"ID"')
    .replace(/(\d{5} ){11}\d{5}/, 'NUMBER');
}

describe('the documents', () => {
  test.each(DOCUMENTS)('%s names only files that exist', (document) => {
    const missing = pathsIn(read(document)).filter((path) =>
      path.includes('*') ? globSync(path, { cwd: ROOT }).length === 0 : !existsSync(join(ROOT, path)),
    );
    expect(missing).toEqual([]);
  });

  test(
    'the conversation of README.md is what happens',
    async () => {
      const [, block = ''] = /```console\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
      const steps = block.split(/^\$ /m).filter((step) => step !== '');
      const home = mkdtempSync(join(tmpdir(), 'parley-home-'));
      const server = await ServerProcess.start();
      try {
        let environment: NodeJS.ProcessEnv = { ...process.env, HOME: home, PARLEY_SERVER: server.url, NO_COLOR: '1' };
        for (const step of steps) {
          const [command = '', ...expected] = step.trimEnd().split('\n');
          const [, name, value] = /^export (\w+)='(.*)'$/.exec(command) ?? [];
          if (name !== undefined) {
            environment = { ...environment, [name]: value };
            continue;
          }
          const { stdout } = await run('sh', ['-c', `{ ${command}; } 2>&1`], { cwd: ROOT, env: environment });
          expect(steady(stdout.trimEnd(), home), command).toBe(steady(expected.join('\n'), home));
        }
      } finally {
        await server.remove();
        rmSync(home, { recursive: true });
      }
    },
    CONVERSATION_MAX_MS,
  );
});
