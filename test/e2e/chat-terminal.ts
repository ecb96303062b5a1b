// A chat in a real terminal: tmux with a server of its own, a fixed size, keys sent, and the screen looked at as a person would see it. For the
// tests of the chat and for the demo, so it knows nothing of either.
import { execFile, spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** Of this process alone: nobody else's terminals are touched. One for each terminal: sizes are a matter of the whole server. */
const SOCKET = `parley-chat-${process.pid}`;
/** How often a screen is looked at, and how long until what is awaited must stand there. */
const LOOK_INTERVAL_MS = 50;
export const AWAIT_MAX_MS = 60_000;

export const HAS_TMUX = spawnSync('tmux', ['-V']).status === 0;

export type ChatOptions = {
  readonly columns?: number;
  readonly rows?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Further arguments of the program. */
  readonly options?: readonly string[];
};

let count = 0;
const open = new Set<ChatTerminal>();

export class ChatTerminal {
  readonly #socket = `${SOCKET}-${++count}`;
  #started: Promise<unknown> = Promise.resolve();

  private constructor() {
    open.add(this);
  }

  /** Starts a chat of this profile at a terminal of 80 by 24, unless another size is given. */
  static async start(
    profile: string,
    { columns = 80, rows = 24, environment = {}, options = [] }: ChatOptions = {},
  ): Promise<ChatTerminal> {
    const chat = new ChatTerminal();
    const given = {
      NODE_COMPILE_CACHE: join(tmpdir(), 'parley-compile-cache'),
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      PARLEY_DEVICE_NAME: 'phone',
      ...environment,
    };
    const variables = Object.entries({ ...given, PARLEY_PROFILE: profile }).map(([name, value]) => `${name}=${value}`);
    const program = [process.execPath, '--import', './node-version.js', 'clients/terminal/main.ts', 'chat', ...options];
    // What it says last stays to be seen.
    const line = `env ${[...variables, ...program].map(quoted).join(' ')}; echo "status $?"; exec cat`;
    const size = ['-x', String(columns), '-y', String(rows)];
    chat.#started = chat.#tmux('new-session', '-d', ...size, '-c', ROOT, line);
    await chat.#started;
    return chat;
  }

  /** Text as typed, character by character as far as the terminal can tell. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
  }

  /** Keys by tmux's names: Enter, Tab, C-c, Up. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** A line and Enter. */
  async say(text: string): Promise<void> {
    await this.type(text);
    await this.press('Enter');
  }

  /** As a terminal pastes: between markers, if the program has asked for them. */
  async paste(text: string): Promise<void> {
    await this.#tmux('set-buffer', '--', text);
    await this.#tmux('paste-buffer', '-p');
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
    const { stdout: terminal } = await this.#tmux('display-message', '-p', '#{pane_tty}');
    // tmux draws anew at once, and tells the program a moment later.
    const told = async () =>
      (await run('stty', ['-F', terminal.trim(), 'size'])).stdout.trim() === `${rows} ${columns}`;
    while (!(await told())) await pause();
  }

  /** What stands on the screen, without what is empty at its end. */
  async screen(): Promise<string> {
    const { stdout } = await this.#tmux('capture-pane', '-p');
    return stdout.replace(/[ \t]+$/gm, '').trimEnd();
  }

  /** The same with the escape sequences of its styles, and with rows that the terminal broke as the lines that they were. */
  async styled(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', '-e', '-J')).stdout;
  }

  /** The same with what has moved up and out of it. */
  async scrolled(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', '-S', '-')).stdout;
  }

  /** From now on all that the terminal is told to do goes to this file, too. */
  async record(file: string): Promise<void> {
    await this.#tmux('pipe-pane', `cat > ${quoted(file)}`);
  }

  /** The terminal goes away, as when its window is closed. Resolves when what ran there has ended. */
  async hangUp(): Promise<void> {
    const { stdout } = await this.#tmux('display-message', '-p', '#{pane_pid}');
    await this.#tmux('kill-session');
    while (await works(Number(stdout))) await pause();
  }

  /** Resolves with the screen once this stands on it. */
  async sees(awaited: string | RegExp): Promise<string> {
    const deadline = performance.now() + AWAIT_MAX_MS;
    for (;;) {
      const screen = await this.screen();
      if (typeof awaited === 'string' ? screen.includes(awaited) : awaited.test(screen)) return screen;
      if (performance.now() > deadline) throw new Error(`${awaited} did not come to stand on the screen:\n${screen}`);
      await pause();
    }
  }

  /** Ends all terminals of this process, also one that is just being started. Resolves when what ran there has ended, and writes no more. */
  static async endAll(): Promise<void> {
    for (const chat of open) {
      await chat.#started.catch(() => {}); // what is not there yet cannot be ended
      // It leaves its socket behind.
      const { stdout } = await chat
        .#tmux('display-message', '-p', '#{pane_pid} #{socket_path}')
        .catch(() => ({ stdout: '' }));
      const [, pane, socket] = /^(\d+) (.+)$/m.exec(stdout) ?? [];
      await chat.#tmux('kill-server').catch(() => {});
      if (socket !== undefined) await rm(socket, { force: true });
      if (pane === undefined) continue;
      kill(Number(pane));
      while (await works(Number(pane))) await pause();
    }
    open.clear();
  }

  #tmux(...words: string[]) {
    return run('tmux', ['-L', this.#socket, '-f', '/dev/null', ...words]);
  }
}

/** Until a screen is looked at again. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
}

function kill(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** Whether a process of this group has not ended. One that has may still be listed for seconds: whoever inherits it takes its time to ask how it ended. */
async function works(group: number): Promise<boolean> {
  const { stdout } = await run('ps', ['-A', '-o', 'pgid=,stat=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(([of, state]) => Number(of) === group && !/^Z(?!.*l)/.test(state ?? '')); // l: one of its threads has not ended
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A number to compare, with blanks or a line end between its groups. */
export const SAFETY_NUMBER = /(?:\d{5}\s+){11}\d{5}/g;

/** How what differs from run to run is shown instead. */
export type Masks = {
  readonly port: string;
  readonly date: string;
  readonly time: string;
  readonly number: (found: string) => string;
  readonly device: string;
};

const WORDS: Masks = {
  port: 'PORT',
  date: 'DATE TIME',
  time: 'TIME',
  number: () => 'SAFETY NUMBER',
  device: 'DEVICE',
};

/** Masks what differs from run to run: times, ports, names of devices, numbers to compare, the folder of the test. */
export function steady(screen: string, folder: string, { port, date, time, number, device }: Masks = WORDS): string {
  return screen
    .replaceAll(folder, '/home')
    .replace(/127\.0\.0\.1:\d+/g, `127.0.0.1:${port}`)
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, date)
    .replace(/(?<!\d)\d\d:\d\d(?!\d)/g, time)
    .replace(SAFETY_NUMBER, number)
    .replace(/[A-Za-z0-9+/]{43}=/g, device);
}
