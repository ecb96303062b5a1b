// What the tests of a chat in a terminal share: suites that need tmux, and screens that are compared with the ones beside this file.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AWAIT_MAX_MS, HAS_TMUX, pause } from './chat-terminal.ts';

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

/** Compares with the text of this name in test/e2e/screens. To write them anew: PARLEY_WRITE_SCREENS=1. */
export function expectText(name: string, text: string): void {
  const path = join(SCREENS, `${name}.txt`);
  if (WRITES_SCREENS) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${text}\n`);
  }
  expect(`${text}\n`).toBe(readFileSync(path, 'utf8'));
}

/**
 * The same of what `look` sees on a screen, once it looks like that: a program draws in several steps, and a slow machine shows each of them.
 * `look` waits for the last thing that comes, so that a screen can be written.
 */
export async function expectScreen(name: string, look: () => Promise<string>): Promise<void> {
  const deadline = performance.now() + AWAIT_MAX_MS;
  for (;;) {
    const screen = await look();
    try {
      return expectText(name, screen);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause();
    }
  }
}
