// What the tests of a chat in a terminal share: suites that need tmux, and screens that are compared with the ones beside this file.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HAS_TMUX } from './chat-terminal.ts';

const SCREENS = join(import.meta.dirname, 'screens');
/** Set, screens are written instead of compared. */
const WRITES_SCREENS = process.env.PARLEY_WRITE_SCREENS === '1';

/** A `describe` that needs tmux: skipped by name where it is missing, failing where nothing may be skipped. */
export function describeInTerminal(name: string, body: () => void): void {
  if (HAS_TMUX) return void describe(name, body);
  if (process.env.REQUIRE_SERVICES !== '1') return void describe.skip(`${name} (needs tmux)`, body);
  describe(name, () => {
    it('needs tmux', () => expect.fail('tmux is not installed, and REQUIRE_SERVICES=1 forbids to skip.'));
  });
}

/** Compares with the screen of this name in test/e2e/screens. To write them anew: PARLEY_WRITE_SCREENS=1. */
export function expectScreen(name: string, screen: string): void {
  const path = join(SCREENS, `${name}.txt`);
  if (WRITES_SCREENS) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${screen}\n`);
  }
  expect(`${screen}\n`).toBe(readFileSync(path, 'utf8'));
}
