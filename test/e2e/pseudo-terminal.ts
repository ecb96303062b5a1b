// A command on a real terminal, as far as it can tell: typed into, and all that the terminal shows is read, so nothing that is echoed
// for a moment is missed. By `script` of util-linux, which most Linux systems have; Node itself makes no pseudo-terminals.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** Whether this machine has it: other programs of that name take other options. */
export const HAS_PSEUDO_TERMINAL = /util-linux/.test(
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '',
);

export class PseudoTerminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #shown = '';
  #read = 0;
  #wake = () => {};

  /** `command`: a line for sh. */
  constructor(command: string, options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
    // --return: its status is the command's.
    this.#child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], options);
    this.#ended = new Promise((resolve) => this.#child.once('close', (status) => resolve(status)));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
      this.#wake();
    });
    this.#child.stdin?.on('error', () => {});
  }

  /** Waits until the terminal shows `awaited` behind what was awaited before, then types. */
  async type(awaited: string, keys: string): Promise<void> {
    for (let found = -1; found < 0; ) {
      found = this.#shown.indexOf(awaited, this.#read);
      if (found >= 0) this.#read = found + awaited.length;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#child.stdin?.write(keys);
  }

  /** The status of the command, and all that the terminal has shown, a line an element. */
  async end(): Promise<{ readonly status: number | null; readonly shown: readonly string[] }> {
    const status = await this.#ended;
    return { status, shown: this.#shown.replaceAll('\r\n', '\n').trimEnd().split('\n') };
  }
}
