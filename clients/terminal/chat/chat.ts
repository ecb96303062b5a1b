// A chat while it runs: what is typed goes to a command or a conversation, what happens is told, and the end loses nothing.
import type { Client, ClientEvent } from '../../sdk/index.ts';
import { showUnread } from '../actions/reading.ts';
import { type App, passwordOf } from '../app.ts';
import { Ended, EXIT, endOf, OutputClosed } from '../exit.ts';
import { isLinkState } from '../session.ts';
import { Wake } from '../wake.ts';
import { COMMANDS } from './all-commands.ts';
import { type Chatting, typedCommand, usageOf } from './commands.ts';
import { Company } from './company.ts';
import { completionsOf } from './completing.ts';
import { pathsBelow } from './completing-paths.ts';
import type { Front } from './front.ts';
import { Outgoing } from './outgoing.ts';
import type { Room } from './room.ts';
import { Server } from './server.ts';
import { Talk } from './talk.ts';
import { Transfers } from './transfers.ts';
import { Turns } from './turns.ts';
import { readTyped } from './typed.ts';
import { Typing } from './typing.ts';

/** How often to look whether another process still prints for this profile, and what is to be said after a while. */
const LOOK_INTERVAL_MS = 250;

const LEAVE = 'To leave: /exit, or Ctrl-C once more. Nothing is lost by it.';

export class Chat {
  readonly #client: Client;
  readonly #front: Front;
  readonly #chatting: Chatting;
  readonly #talk: Talk;
  readonly #outgoing: Outgoing;
  readonly #server: Server;
  readonly #company: Company;
  readonly #typing: Typing;
  readonly #transfers: Transfers;
  readonly #typed = new Turns();
  readonly #wake = new Wake();
  #app: App;
  /** What is unread was counted once. */
  #welcomed = false;
  #interrupted = false;
  #ending = false;
  #erased = false;
  #failure: Ended | undefined;

  /** `app`: its output prints on the front, its questions are asked through it. */
  constructor(app: App, client: Client, front: Front) {
    this.#app = app;
    this.#client = client;
    this.#front = front;
    this.#server = new Server(app.output, client);
    const { clock } = app.platform;
    const room: Room = {
      ...{ ...app, client, front, now: () => clock.now() },
      inSession: (work) => this.#server.inSession(work),
    };
    this.#outgoing = new Outgoing(room);
    const elapsed = () => performance.now();
    this.#company = new Company({ ...room, elapsed, open: () => this.#talk.open });
    this.#typing = new Typing({ client, elapsed, changed: () => this.#redraw() });
    this.#transfers = new Transfers({ ...room, elapsed, changed: () => this.#redraw() });
    const beside = { company: this.#company, typing: this.#typing, transfers: this.#transfers };
    this.#talk = new Talk(room, { fates: this.#outgoing.fates, ...beside });
    this.#chatting = {
      ...{ ...room, talk: this.#talk, company: this.#company, transfers: this.#transfers },
      commands: COMMANDS,
      send: (to, text) => this.#outgoing.send(to, text, this.#talk.open),
      sentFile: (results, file) => this.#outgoing.sentFile(results, file, this.#talk.open),
      find: (typed) => this.#outgoing.find(typed),
      showUnread: () => showUnread(room, client),
      password: (more, said = '') => passwordOf(this.#app, `${said}Password of ${client.account.address}: `, more),
      passwordIs: (password) => this.#passwordIs(password),
      end: (erased) => this.#end(erased),
    };
  }

  /** Resolves when the person has left. Throws Ended where the server ends it for good, Refusal `receiver_elsewhere`. */
  async run(): Promise<void> {
    const { ending, output } = this.#app;
    const stop = this.#client.on((event) => this.#hear(event));
    const end = () => this.#end();
    ending.addEventListener('abort', end);
    const paths = pathsBelow(this.#app.path);
    const look = setInterval(() => this.#wake.set(), LOOK_INTERVAL_MS);
    try {
      await this.#client.connect({ receive: true });
      output.say(`You are ${this.#client.account.address}. /help lists the commands, /exit leaves.`);
      this.#front.start({
        line: (text) => this.#line(text),
        interrupt: () => this.#interrupt(),
        end: () => void this.#endBehindTyped(),
        typing: (line) => this.#typing.typed(line, this.#talk.open),
        complete: (line) => completionsOf(COMMANDS, this.#client, line, paths),
      });
      if (ending.aborted) end();
      await this.#loop();
      await this.#leave();
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
      await this.#leaveUnseen();
    } finally {
      clearInterval(look);
      ending.removeEventListener('abort', end);
      stop();
      this.#typing.stop();
      this.#stopReading();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #loop(): Promise<void> {
    while (!this.#ending) {
      await this.#talk.print();
      await this.#company.look();
      if (!this.#welcomed && (this.#server.synced || this.#server.away)) {
        this.#welcomed = true;
        await this.#talk.welcome();
      } else if (this.#server.synced) await this.#talk.announce();
      await this.#outgoing.tellSoon();
      if (!this.#ending) await this.#wake.wait();
    }
  }

  async #leave(): Promise<void> {
    await this.#endBehindTyped();
    await this.#transfers.stop();
    this.#front.close();
    if (this.#erased) return;
    const waiting = this.#failure === undefined && (await this.#client.outboxSize()) > 0;
    // A pipe may end before there was a session at all.
    if (waiting && this.#server.undecided) await this.#server.inSession(() => this.#client.online()).catch(() => {});
    await this.#outgoing.last();
    await this.#talk.print();
    await this.#outgoing.sayLeft();
  }

  /** Nobody sees any more what is said: what was typed before is done all the same, and leaves if it can. */
  async #leaveUnseen(): Promise<void> {
    this.#stopReading();
    await this.#endBehindTyped();
    await this.#transfers.stop();
    if (!this.#erased) await this.#outgoing.settle();
  }

  #line(line: string): Promise<void> {
    this.#interrupted = false;
    return this.#typed.take(async () => {
      // A text that somebody has written is not lost because they leave before its turn: it waits in the outbox.
      if (this.#ending && readTyped(line).kind !== 'text') return;
      try {
        await this.#obey(line);
      } catch (error) {
        this.#tellFailure(error);
      } finally {
        this.#app.endQuestions();
        this.#wake.set();
      }
    });
  }

  async #obey(line: string): Promise<void> {
    const typed = readTyped(line);
    if (typed.kind === 'nothing') return;
    if (typed.kind === 'text') return this.#say(line, typed.text);
    if (this.#front.erasesTyped) this.#app.output.say(line, 'dim');
    const command = typedCommand(COMMANDS, typed.name);
    try {
      await command.run(this.#chatting, typed.rest);
    } catch (error) {
      const { status, sentence } = endOf(error);
      if (status !== EXIT.usage) throw error;
      throw new Ended(EXIT.usage, `${sentence} Usage: ${usageOf(command)}`.trimStart());
    }
  }

  /** What could not be sent comes back to the line: it may be sent after the answer to what stood in its way. */
  async #say(line: string, text: string): Promise<void> {
    const { open } = this.#talk;
    try {
      if (open === undefined) {
        throw new Ended(EXIT.refused, 'No conversation is open: /open USER first, or /send USER TEXT…');
      }
      await this.#chatting.send([open], text);
    } catch (error) {
      this.#front.putBack(line);
      throw error;
    }
  }

  #hear(event: ClientEvent): void {
    if (isLinkState(event)) {
      this.#company.hearLink(event.type);
      const ended = this.#server.hear(event);
      if (ended !== undefined && !this.#ending) {
        this.#failure = ended;
        this.#end();
      }
    } else if (event.type === 'synced') this.#server.hearSynced();
    else if (event.type === 'presence') this.#company.hear(event);
    else if (event.type === 'typing') this.#typing.hear(event);
    else if (event.type === 'trouble') this.#app.output.note(event.message);
    else if (event.type === 'password_changed') {
      this.#app.output.note(
        'The password was changed on another device. The next start asks for the one that unlocks this one now, and then for the new one.',
      );
    } else this.#outgoing.hear(event);
    this.#wake.set();
  }

  #interrupt(): void {
    if (this.#interrupted) return this.#end();
    this.#interrupted = true;
    this.#app.output.note(LEAVE);
  }

  #redraw(): void {
    if (!this.#front.asking) this.#talk.redraw().catch((error: unknown) => this.#tellFailure(error));
  }

  #stopReading(): void {
    try {
      this.#front.close();
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
    }
  }

  #endBehindTyped(): Promise<void> {
    return this.#typed.take(async () => {
      // What comes out of a pipe ends there: its files are awaited, as its texts are.
      if (!this.#front.erasesTyped && !this.#ending) await this.#transfers.done();
      this.#end();
    });
  }

  #end(erased = false): void {
    this.#ending = true;
    void this.#transfers.stop();
    this.#erased ||= erased;
    this.#wake.set();
  }

  #passwordIs(password: string): void {
    const { settings } = this.#app;
    const given = settings.password !== undefined || settings.passwordFile !== undefined;
    const now = given ? password : undefined;
    this.#app = { ...this.#app, settings: { ...settings, passwordFile: undefined, password: now } };
  }

  #tellFailure(error: unknown): void {
    if (error instanceof OutputClosed) {
      this.#stopReading();
      void this.#endBehindTyped();
      return;
    }
    this.#app.output.note(endOf(error).sentence || 'Nothing was done.');
  }
}
