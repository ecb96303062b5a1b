// Everything that comes in, printed once and in order: by this process, whichever process received it. The journal of the profile
// says what was printed; here is only when to look into it, and when to end.
import type { Command } from 'commander';
import { type Client, type ClientEvent, type ProfileEvent, Refusal } from '../../sdk/index.ts';
import { type App, withClient } from '../app.ts';
import { countFrom1, secondsOption } from '../arguments.ts';
import { Ended, EXIT } from '../exit.ts';
import { eventLine } from '../lines.ts';
import { endedFor, isLinkState, settled, Trouble } from '../session.ts';
import { Tally } from '../tally.ts';
import { Wake } from '../wake.ts';
import { type Define, example } from './define.ts';

/** How often to look whether the process that receives, or prints, has ended. */
const TAKE_OVER_INTERVAL_MS = 250;
const ALL_EVENTS = Number.MAX_SAFE_INTEGER;

/** What programs may rely on. All times are RFC 3339 in UTC; a field with a question mark may be absent. */
const JSON_LINES = `
With --json, a line of standard output is one of
  {"type":"message","id","from","device","conversation","text","sentAt","receivedAt"}
  {"type":"delivered"|"read"|"expired","id","conversation","by","at"}   an own message, and whom it went to
  {"type":"gap","conversation","from","device","first","last","why":"missing"|"missed","at"}
  {"type":"identity","address","change","device"?,"at"}            change: device_added, device_revoked, changed, …
  {"type":"unreadable","reason","from"?,"device"?,"conversation"?,"id"?,"at"}
  {"type":"membership","conversation","change","by","subject"?,"role"?,"policy"?,"at"}
                             change: create, add, remove, join, leave, admin, policy, delete; by: who did it, subject: to whom
  {"type":"group","conversation","change":"forked"|"other_group"|"refused_log","reason"?,"at"}
A conversation is the other person's address, or a group's #name@domain; sentAt is its sender's claim, receivedAt the server's word. Only messages count for --count. Nobody is told that they were read.

What is printed is marked as printed directly after. Ended by kill -9 or a crash just between, it prints that one line
again next time (a line may also be cut off: then it comes again whole); after a power cut it may be a few hundred lines.
Whoever must not act twice remembers the ids of messages. None is ever left out.`;

type ListenOptions = { readonly count?: number; readonly timeout?: number };

export const listenCommand: Define = (program, run) =>
  program
    .command('listen')
    .description('print every message that was not printed yet, and those that come, until Ctrl-C')
    .option('--count <N>', 'end after so many messages', countFrom1)
    .addOption(secondsOption('--timeout <S>', 'end after so many seconds, with status 3 (4 if no server was reached)'))
    .addHelpText('after', example('listen --json --count 1') + JSON_LINES)
    .action((options: ListenOptions, command: Command) =>
      run(command, (app) => {
        const started = performance.now();
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
  /** Positions shown of each conversation, not yet marked as read. */
  readonly #seen = new Map<string, number[]>();
  /** Another process receives or prints for this profile: nothing tells when it ends. */
  #waitsForOther = false;
  #toldOfOther = false;
  #hadSession = false;
  #messages = 0;
  #timedOut = false;
  #ended: Ended | undefined;

  constructor(app: App, client: Client, { count = ALL_EVENTS, timeout }: ListenOptions, started: number) {
    this.#app = app;
    this.#client = client;
    this.#countMax = count;
    this.#timeoutMs = timeout;
    this.#started = started;
  }

  /** Resolves after --count or a signal, which is how one ends it. Throws Ended after --timeout or where the server ends the session for good. */
  async run(): Promise<void> {
    const { ending, output } = this.#app;
    const wake = () => this.#wake.set();
    const stop = this.#client.on((event) => this.#hear(event));
    ending.addEventListener('abort', wake);
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
      ending.removeEventListener('abort', wake);
      clearTimeout(timer);
      clearInterval(look);
      await this.#markRead();
    }
  }

  async #loop(): Promise<void> {
    let receiving = false;
    for (;;) {
      receiving ||= await this.#tryReceive();
      const { busy, more } = await this.#client.journal.printNext(ALL_EVENTS, (event) => this.#print(event));
      this.#endTally();
      if (this.#messages >= this.#countMax || this.#app.ending.aborted) return;
      if (this.#timedOut) throw this.#timeoutEnd(receiving);
      if (this.#ended !== undefined) throw this.#ended;
      this.#waitsForOther = !receiving || busy;
      if (!receiving) this.#tellOfOther();
      if (more && !busy) continue;
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

  #print(event: ProfileEvent): 'more' | 'enough' {
    const { output } = this.#app;
    // Marked as printed while they are counted: who is killed just then leaves out a line that says nothing of what others wrote.
    if (!output.json && this.#tally.takes(event)) return this.#enough();
    this.#endTally();
    if (!output.json && this.#tally.takes(event)) return this.#enough();
    const { record, text, style } = eventLine(event, this.#client.account.address);
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

  #enough(): 'more' | 'enough' {
    return this.#messages >= this.#countMax || this.#timedOut || this.#app.ending.aborted ? 'enough' : 'more';
  }

  #hear(event: ClientEvent): void {
    if (isLinkState(event)) {
      this.#hadSession ||= event.type === 'online';
      this.#trouble.heard(event);
      this.#trouble.tell(event, this.#app.output, this.#patience());
      this.#ended ??= endedFor(event);
      if (this.#ended === undefined) return;
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

  #timer(): NodeJS.Timeout | undefined {
    if (this.#timeoutMs === undefined) return undefined;
    const leftMs = Math.max(0, this.#timeoutMs - (performance.now() - this.#started));
    return setTimeout(() => {
      this.#timedOut = true;
      this.#wake.set();
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
