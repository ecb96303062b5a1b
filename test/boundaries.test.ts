// The arrows between the folders hold, and the rules that say so really catch what they forbid.
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cruise, ROOT } from './boundaries.ts';

/** The whole tree is read and parsed, which on a busy machine takes longer than a test may. */
const TREE_MAX_MS = 180_000;

test('every import of the product follows the arrows', { timeout: TREE_MAX_MS }, async () => {
  const { modules, violations } = await cruise(ROOT);
  expect(violations).toEqual([]);
  expect(modules).toBeGreaterThan(0);
});

describe('the rules', () => {
  /** Lays out a tree with a file for each entry (path to content), beside this project's package.json and dependencies. */
  async function tree(files: Record<string, string>): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-boundaries-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await copyFile(join(ROOT, 'package.json'), join(directory, 'package.json'));
    await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), `${content}\n`);
    }
    return directory;
  }

  /** What the forbidden imports below point at: a file of each folder. */
  const targets = {
    'protocol/ids.ts': 'export const id = 1;',
    'protocol/ids.test.ts': "import 'vitest';\nimport { id } from './ids.ts';\nexport const tested = id;",
    'runtime/bus.ts': "export { id } from '#protocol/ids.ts';",
    'runtime/store/sqlite.ts': "import 'node:sqlite';",
    'runtime/store/mongo.ts': "import 'mongodb';",
    'runtime/actors/mongo-quarantine-store.ts':
      "import type { Collection } from 'mongodb';\nexport type C = Collection;",
    'runtime/nats-signals.ts': "import 'nats';",
    'services/delivery/mongo-store.ts': "import 'mongodb';",
    'services/server.ts': "import './auth/main.ts';\nimport './gateway/main.ts';",
    'services/auth/main.ts': "import '#runtime/bus.ts';\nimport '#protocol/ids.ts';",
    'services/gateway/main.ts': "import 'ws';\nimport 'node:http';",
    'clients/sdk/index.ts': "import '#protocol/ids.ts';\nimport './crypto/box.ts';",
    'clients/sdk/crypto/box.ts': "import 'tweetnacl';",
    'clients/sdk/crypto/fast.node.ts': "import 'node:crypto';",
    'clients/sdk/node/store.ts': "import 'node:sqlite';\nimport 'ws';",
    'clients/terminal/main.ts': "import '../sdk/index.ts';\nimport '#protocol/ids.ts';\nimport 'node:readline';",
    'clients/web/main.ts': "import '../sdk/index.ts';",
    'operating/doctor.ts':
      "import '../services/auth/main.ts';\nimport '#runtime/bus.ts';\nimport '../clients/sdk/index.ts';",
    'bench/main.ts': "import '../services/server.ts';\nimport '../clients/sdk/index.ts';\nimport 'ws';",
    'demo/main.ts': "import '../test/chat.ts';",
    'test/chat.ts': "import '../services/server.ts';",
    'test/chat.test.ts':
      "import '../services/server.ts';\nimport '../clients/sdk/index.ts';\nimport '../bench/main.ts';",
  };

  test('allow what the design allows', async () => {
    const { modules, violations } = await cruise(await tree(targets));
    expect(violations).toEqual([]);
    expect(modules).toBeGreaterThan(Object.keys(targets).length);
  });

  test('catch each import that the design forbids, also of a type', async () => {
    const forbidden = [
      ['protocol-stands-alone', 'protocol/a.ts', '#runtime/bus.ts', 'runtime/bus.ts'],
      ['protocol-stands-alone', 'protocol/b.ts', '../clients/sdk/index.ts', 'clients/sdk/index.ts'],
      ['runtime-stands-on-protocol', 'runtime/a.ts', '../services/auth/main.ts', 'services/auth/main.ts'],
      ['services-are-strangers', 'services/gateway/a.ts', '../auth/main.ts', 'services/auth/main.ts'],
      ['services-are-strangers', 'services/gateway/b.ts', '../server.ts', 'services/server.ts'],
      ['services-never-import-clients', 'services/auth/a.ts', '../../clients/sdk/index.ts', 'clients/sdk/index.ts'],
      ['sdk-stands-on-protocol', 'clients/sdk/a.ts', '#runtime/bus.ts', 'runtime/bus.ts'],
      ['sdk-stands-on-protocol', 'clients/sdk/b.ts', '../terminal/main.ts', 'clients/terminal/main.ts'],
      ['interfaces-stand-on-the-sdk', 'clients/terminal/a.ts', '../web/main.ts', 'clients/web/main.ts'],
      ['interfaces-stand-on-the-sdk', 'clients/terminal/b.ts', '#runtime/bus.ts', 'runtime/bus.ts'],
      ['product-never-imports-tests', 'protocol/c.ts', './ids.test.ts', 'protocol/ids.test.ts'],
      ['product-never-imports-tests', 'clients/terminal/c.ts', '../../demo/main.ts', 'demo/main.ts'],
      ['product-needs-no-dev-dependency', 'runtime/b.ts', 'fast-check', 'node_modules/fast-check/'],
      ['ws-has-a-home', 'runtime/c.ts', 'ws', 'node_modules/ws/'],
      ['ws-has-a-home', 'clients/sdk/c.ts', 'ws', 'node_modules/ws/'],
      ['mongodb-has-a-home', 'services/auth/d.ts', 'mongodb', 'node_modules/mongodb/'],
      ['nats-has-a-home', 'services/gateway/c.ts', 'nats', 'node_modules/nats/'],
      ['tweetnacl-has-a-home', 'services/auth/b.ts', 'tweetnacl', 'node_modules/tweetnacl/'],
      ['sqlite-has-a-home', 'services/auth/c.ts', 'node:sqlite', 'node:sqlite'],
      ['portable-code-knows-no-node', 'clients/sdk/d.ts', 'node:crypto', 'crypto'],
      ['portable-code-knows-no-node', 'protocol/d.ts', 'node:buffer', 'buffer'],
      ['imports-resolve', 'runtime/d.ts', './absent.ts', './absent.ts'],
    ] as const;
    const files = Object.fromEntries(forbidden.map(([, from, to]) => [from, `import '${to}';`]));
    const { violations } = await cruise(
      await tree({
        ...targets,
        ...files,
        'protocol/type.ts': "import type { id } from '#runtime/bus.ts';\nexport type Id = typeof id;",
        'protocol/circle.ts': "export * from './round.ts';",
        'protocol/round.ts': "export * from './circle.ts';",
      }),
    );
    for (const [rule, from, , to] of forbidden) {
      expect(violations).toContainEqual(expect.stringMatching(new RegExp(`^${rule}: ${from} → (.*/)?${to}`)));
    }
    expect(violations).toContain('protocol-stands-alone: protocol/type.ts → runtime/bus.ts');
    expect(violations).toContain('no-circles: protocol/circle.ts → protocol/round.ts');
  });
});
