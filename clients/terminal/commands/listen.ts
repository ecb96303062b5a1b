// Everything that comes in, printed once and in order: by this process, whichever process received it. The journal of the profile
// says what was printed; here is only when to look into it, and when to end.
import type { Command } from 'commander';
import {
  type Client,
  type ClientEvent,
  type FileInfo,
  type Printed,
  type ProfileEvent,
  Refusal,
} from '../../sdk/index.ts';
import { folderAt } from '../../sdk/node/file-target.ts';
import { type App, withClient } from '../app.ts';
import { countFrom1, secondsOption } from '../arguments.ts';
import { Ended, EXIT } from '../exit.ts';
import type { Saved } from '../files/file-words.ts';
import { trySaveFile } from '../files/saving.ts';
import { eventLine, messageLine, said } from '../lines.ts';
import { endedFor, isLinkState, settled, Trouble } from '../session.ts';
import { Tally } from '../tally.ts';
import { Wake } from '../wake.ts';
import { type Define, example } from './define.ts';
import { LISTEN_LINES } from './listen-lines.ts';

/** How often to look whether the process that receives, or prints, has ended. */
const TAKE_OVER_INTERVAL_MS = 250;
const ALL_EVENTS = Number.MAX_SAFE_INTEGER;

type ListenOptions = { readonly count?: number; readonly timeout?: number; readonly saveTo?: string };

export const listenCommand: Define = (program, run) =>
  program
    .command('listen')
    .description('print every message that was not printed yet, and those that come, until Ctrl-C')
    .option('--count <N>', 'end after so many messages', countFrom1)
    .addOption(secondsOption('--timeout <S>', 'end after so many seconds, with status 3 (4 if no server was reached)'))
    .option('--save-to <DIR>', 'save files that come in this folder, which is there already')
    .addHelpText('after', example('listen --json --count 1') + LISTEN_LINES)
    .action((given: ListenOptions, command: Command) =>
      run(command, async (app) => {
        const started = performance.now();
        const { saveTo } = given;
        const options = saveTo === undefined ? given : { ...given, saveTo: await folderAt(app.path(saveTo)) };
        return withClient({ ...app, ending: new AbortController().signal }, (client) =>
          new Listening(app, client, options, started).run(),
        );
      }),
    );

class Listening {
  readonly #app: App;
  readonly #client: Client;
  readonly #wake = new Wake();
  readonly #trouble = new Trouble();
  readonly #tally = new Tally();
  readonly #countMax: number;
  readonly #timeoutMs: number | undefined;
  readonly #started: number;
  /** Absolute. */
  readonly #saveTo: string | undefined;
  /** What ends a file that is being saved. */
  readonly #stop = new AbortController();
  /** Positions shown of each conversation, not yet marked as read. */
  readonly #seen = new Map<string, number[]>();
  /** Another process receives or prints for this profile: nothing tells when it ends. */
  #waitsForOther = false;
  #toldOfOther = false;
  /** A message stands first that cannot be printed yet. */
  #later = false;
  #hadSession = false;
  #messages = 0;
  #timedOut = false;
  #ended: Ended | undefined;

  constructor(app: App, client: Client, { count = ALL_EVENTS, timeout, saveTo }: ListenOptions, started: number) {
    this.#app = app;
    this.#client = client;
    this.#countMax = count;
    this.#timeoutMs = timeout;
    this.#saveTo = saveTo;
    this.#started = started;
  }

  /** Resolves after --count or a signal, which is how one ends it. Throws Ended after --timeout or where the server ends the session for good. */
  async run(): Promise<void> {
    const { ending, output } = this.#app;
    const wake = () => this.#wake.set();
    const end = () => this.#end();
    const stop = this.#client.on((event) => this.#hear(event));
    ending.addEventListener('abort', end);
    if (ending.aborted) end();
    const timer = this.#timer();
    const look = setInterval(() => {
      if (this.#waitsForOther) wake();
    }, TAKE_OVER_INTERVAL_MS);
    if (!output.json) output.note(`Listening as ${this.#client.account.address}. Ctrl-C ends it.`);
    try {
      await this.#loop();
    } finally {
      if (!this.#timedOut) await settled(this.#client, undefined, ending);
      stop();
      ending.removeEventListener('abort', end);
      clearTimeout(timer);
      clearInterval(look);
      await this.#markRead();
    }
  }

  async #loop(): Promise<void> {
    let receiving = false;
    for (;;) {
      receiving ||= await this.#tryReceive();
      this.#later = false;
      const { busy, more } = await this.#client.journal.printNext(ALL_EVENTS, (event) => {
        const file = this.#toSave(event);
        return file === undefined ? this.#print(event) : this.#saveAndPrint(event, file, receiving);
      });
      this.#endTally();
      if (this.#messages >= this.#countMax || this.#app.ending.aborted) return;
      if (this.#timedOut) throw this.#timeoutEnd(receiving);
      if (this.#ended !== undefined) throw this.#ended;
      this.#waitsForOther = !receiving || busy;
      if (!receiving) this.#tellOfOther();
      if (more && !busy && !this.#later) continue;
      await this.#markRead();
      await this.#wake.wait();
    }
  }

  /** False: another process receives for this profile, and what it commits is printed here. */
  async #tryReceive(): Promise<boolean> {
    try {
      await this.#client.connect({ receive: true });
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'receiver_elsewhere') return false;
      throw error;
    }
  }

  #tellOfOther(): void {
    if (this.#toldOfOther) return;
    this.#toldOfOther = true;
    this.#app.output.note(
      'Another listen of this profile runs: what comes is printed once, by one of the two, mostly by that one. This one takes over when it ends.',
    );
  }

  /** The file of a message that is to be saved first. */
  #toSave(event: ProfileEvent): FileInfo | undefined {
    if (this.#saveTo === undefined || event.type !== 'message') return undefined;
    const what = said(event.entry.content);
    return 'text' in what ? what.file : undefined;
  }

  async #saveAndPrint(event: ProfileEvent, file: FileInfo, receiving: boolean): Promise<Printed> {
    const { signal } = this.#stop;
    this.#endTally();
    try {
      // Only who receives has a session to fetch it in. Another process may print it meanwhile, without it.
      if (receiving) return this.#print(event, await this.#saved(file, signal));
    } catch (error) {
      if (!signal.aborted && !(error instanceof Refusal && error.reason === 'closed')) throw error;
    }
    this.#later = true;
    return 'later';
  }

  #saved(file: FileInfo, signal: AbortSignal): Promise<Saved> {
    // There is a folder as long as there is something to save.
    return trySaveFile(this.#client, this.#app.output, { file, folder: this.#saveTo ?? '.', signal });
  }

  #print(event: ProfileEvent, saved?: Saved): Printed {
    const { output } = this.#app;
    // Marked as printed while they are counted: who is killed just then leaves out a line that says nothing of what others wrote.
    if (!output.json && this.#tally.takes(event)) return this.#enough();
    this.#endTally();
    if (!output.json && this.#tally.takes(event)) return this.#enough();
    const { address } = this.#client.account;
    const { record, text, style } =
      event.type === 'message' ? messageLine(event.entry, address, saved) : eventLine(event, address);
    output.show(record, text, style);
    if (event.type === 'message') {
      const { conversation, position } = event.entry;
      const shown = this.#seen.get(conversation);
      if (shown === undefined) this.#seen.set(conversation, [position]);
      else shown.push(position);
    }
    if (record.type === 'message') this.#messages++;
    return this.#enough();
  }

  #endTally(): void {
    const line = this.#tally.end();
    if (line !== undefined) this.#app.output.show(line.record, line.text, line.style);
  }

  #enough(): Printed {
    return this.#messages >= this.#countMax || this.#timedOut || this.#app.ending.aborted ? 'enough' : 'more';
  }

  #hear(event: ClientEvent): void {
    if (isLinkState(event)) {
      this.#hadSession ||= event.type === 'online';
      this.#trouble.heard(event);
      this.#trouble.tell(event, this.#app.output, this.#patience());
      this.#ended ??= endedFor(event);
      if (this.#ended === undefined) return;
      this.#end();
    } else if (event.type === 'trouble') this.#app.output.note(event.message);
    else if (event.type === 'password_changed') {
      this.#app.output.note('The password was changed on another device: the next start asks for the new one.');
    }
    if (isLinkState(event) || event.type === 'journal') this.#wake.set();
  }

  async #markRead(): Promise<void> {
    const seen = [...this.#seen];
    this.#seen.clear();
    for (const [conversation, shown] of seen) await this.#client.history.markRead(conversation, shown);
  }

  #end(): void {
    this.#stop.abort();
    this.#wake.set();
  }

  #timer(): NodeJS.Timeout | undefined {
    if (this.#timeoutMs === undefined) return undefined;
    const leftMs = Math.max(0, this.#timeoutMs - (performance.now() - this.#started));
    return setTimeout(() => {
      this.#timedOut = true;
      this.#end();
    }, leftMs);
  }

  #patience(): string {
    const end = this.#timeoutMs === undefined ? 'until it answers; Ctrl-C ends it.' : 'until the time given is over.';
    return `It is tried again and again ${end}`;
  }

  /** `receiving`: by this process, so that a server should have answered it. */
  #timeoutEnd(receiving: boolean): Ended {
    const [came, max] = [this.#messages, this.#countMax];
    const count = max === ALL_EVENTS ? counted(came) : `${came} of ${counted(max)}`;
    const away = receiving && !this.#hadSession;
    const sentence = this.#trouble.sentence || (away ? 'No server has answered.' : '');
    const status = away ? EXIT.unreachable : EXIT.timeout;
    return new Ended(status, `${count} came in the time given.${sentence === '' ? '' : ` ${sentence}`}`);
  }
}

function counted(messages: number): string {
  return messages === 1 ? '1 message' : `${messages} messages`;
}
