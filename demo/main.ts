// `npm run demo`: people talk in real terminals, on a server that is started for them, and what they see is recorded. Whatever ends it,
// nothing is left of terminals, server and profiles.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ChatTerminal, HAS_TMUX, steady } from '../test/e2e/chat-terminal.ts';
import { ServerProcess } from '../test/server.fixture.ts';
import { type Scene, scenes } from './conversation.ts';
import { plainOf, svgOf } from './picture.ts';
import { rowsOf } from './screen.ts';

const ROOT = join(import.meta.dirname, '..');
const USAGE = `npm run demo [-- --to DIR]
Records conversations of two and three people as text and SVG, into docs/demo unless told otherwise.
`;
const NO_TMUX = 'The demo needs tmux, in which it types: install the package tmux (apt, dnf, brew) and try again.\n';
const INTERRUPTED = 130;
/** A safety number, of nobody. */
const NUMBER = '45871 65305 70747 35817 07932 68917 38407 37829 34809 81821 58935 90054';

// Not only its status: interrupted, the conversation still waits for a screen that will not come.
process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  const directory = readArguments(args);
  if (directory === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (!HAS_TMUX) {
    process.stderr.write(NO_TMUX);
    return 1;
  }
  const interrupted = new Promise<number>((done) => {
    // Each time: below npm, Ctrl-C comes twice, and the second one must not cut off what the first has begun.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => done(INTERRUPTED));
  });
  forgetSettings();
  const folder = mkdtempSync(join(tmpdir(), 'parley-demo-'));
  const server = ServerProcess.start();
  const recorded = async (): Promise<number> => {
    for await (const scene of scenes(folder, await server)) record(scene, folder, directory);
    return 0;
  };
  try {
    return await Promise.race([recorded(), interrupted]);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 1;
  } finally {
    await ChatTerminal.endAll();
    await server.then((started) => started.remove()).catch(() => {}); // one that did not start was told of above
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What people have set is for their own servers and chats. */
function forgetSettings(): void {
  for (const name of Object.keys(process.env)) if (/^PARLEY_|COLOR$/.test(name)) delete process.env[name];
}

function record({ name, windows }: Scene, folder: string, directory: string): void {
  const drawn = windows.map(({ who, columns, screen }) => ({
    who,
    columns,
    rows: rowsOf(masked(screen, folder), columns),
  }));
  mkdirSync(directory, { recursive: true });
  for (const [ending, content] of [
    ['txt', plainOf(drawn)],
    ['svg', svgOf(drawn)],
  ] as const) {
    const file = join(directory, `${name}.${ending}`);
    writeFileSync(file, content);
    process.stdout.write(`${relative(process.cwd(), file)}\n`);
  }
}

/** The same in each run, and as wide as what stood there. */
function masked(screen: string, folder: string): string {
  const number = (found: string) => {
    const groups = NUMBER.split(' ').values();
    return found.replace(/\d+/g, () => groups.next().value ?? '');
  };
  return steady(screen, folder, { port: '27070', date: '2026-11-21 12:31', time: '12:31', number, device: 'x' });
}

/** Where to record; a path is meant from where the person stands, whom npm moves to the folder of the package. */
function readArguments(args: readonly string[]): string | undefined {
  try {
    const { to } = parseArgs({ args: [...args], options: { to: { type: 'string' } } }).values;
    return to === undefined ? join(ROOT, 'docs/demo') : resolve(process.env.INIT_CWD ?? '.', to);
  } catch {
    return undefined; // an option that there is not
  }
}
