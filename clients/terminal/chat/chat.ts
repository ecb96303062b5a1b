// A chat while it runs: what is typed goes to a command or a conversation, what happens is told, and the end loses nothing.
import { type Client, type ClientEvent, Refusal, RequestError, Unavailable } from '../../sdk/index.ts';
import { showUnread } from '../actions/reading.ts';
import { type App, passwordOf } from '../app.ts';
import { Ended, EXIT, endOf, OutputClosed, sentenceOf } from '../exit.ts';
import { endedFor, isLinkState, settled, Trouble } from '../session.ts';
import { Wake } from '../wake.ts';
import { shortName, shortTime } from './chat-lines.ts';
import { aboutChat } from './commands/about.ts';
import { account } from './commands/account.ts';
import { talking } from './commands/talking.ts';
import { trusting } from './commands/trusting.ts';
import { type Chatting, completionsOf, findCommand, usageOf } from './commands.ts';
import { Fates } from './fates.ts';
import type { Front } from './front.ts';
import type { Room } from './room.ts';
import { Talk } from './talk.ts';
import { Turns } from './turns.ts';
import { readTyped } from './typed.ts';

const COMMANDS = [...talking, ...trusting, ...account, ...aboutChat];
/** What happens to own messages within this time is said together. */
const FATES_PAUSE_MS = 1_000;
/** How long a command waits for a server that is away. */
const SERVER_WAIT_MS = 5_000;
/** How long the end waits for what may still leave. */
const LAST_SENDS_MS = 5_000;
/** How often to look whether another process still prints for this profile. */
const TAKE_OVER_INTERVAL_MS = 250;

const WAITS = 'Go on typing: what you write waits in the outbox.';
const LEAVE = 'To leave: /exit, or Ctrl-C once more. Nothing is lost by it.';

export class Chat {
  readonly #client: Client;
  readonly #front: Front;
  readonly #chatting: Chatting;
  readonly #talk: Talk;
  readonly #fates = new Fates();
  readonly #trouble = new Trouble();
  readonly #typed = new Turns();
  readonly #wake = new Wake();
  readonly #told = new Set<string>();
  #fatesTimer: NodeJS.Timeout | undefined;
  #app: App;
  #wasOnline = false;
  /** What is unread was counted once. */
  #welcomed = false;
  /** All that the server had kept has come. */
  #synced = false;
  #interrupted = false;
  #ending = false;
  #erased = false;
  #failure: unknown;

  /** `app`: its output prints on the front, its questions are asked through it. */
  constructor(app: App, client: Client, front: Front) {
    this.#app = app;
    this.#client = client;
    this.#front = front;
    const room: Room = {
      ...app,
      client,
      front,
      now: () => app.platform.clock.now(),
      inSession: (work) => this.#inSession(work),
    };
    this.#talk = new Talk(room, this.#fates);
    this.#chatting = {
      ...{ ...room, talk: this.#talk, commands: COMMANDS },
      send: (to, text) => this.#send(to, text),
      find: (typed) => this.#find(typed),
      showUnread: () => showUnread(room, client),
      password: (more) => passwordOf(this.#app, `Password of ${client.account.address}: `, more),
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
    const look = setInterval(() => this.#wake.set(), TAKE_OVER_INTERVAL_MS);
    try {
      await this.#client.connect({ receive: true });
      output.say(`You are ${this.#client.account.address}. /help lists the commands, /exit leaves.`);
      this.#front.start({
        line: (text) => this.#line(text),
        interrupt: () => this.#interrupt(),
        end: () => void this.#typed.take(async () => this.#end()),
        complete: (line) => completionsOf(COMMANDS, this.#client, line),
      });
      if (ending.aborted) end();
      await this.#loop();
    } finally {
      clearInterval(look);
      ending.removeEventListener('abort', end);
      if (!this.#erased) await this.#lastSends();
      stop();
      clearTimeout(this.#fatesTimer);
      this.#front.close();
    }
    if (!this.#erased) await this.#sayOutbox();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #loop(): Promise<void> {
    while (!this.#ending) {
      await this.#talk.print();
      if (!this.#welcomed && (this.#synced || this.#trouble.error !== undefined)) await this.#welcome();
      else if (this.#synced) await this.#talk.announce();
      if (this.#fates.waiting) this.#fatesTimer ??= setTimeout(() => this.#tellFates(), FATES_PAUSE_MS);
      if (!this.#ending) await this.#wake.wait();
    }
  }

  async #welcome(): Promise<void> {
    this.#welcomed = true;
    await this.#talk.welcome();
  }

  #line(line: string): void {
    this.#interrupted = false;
    void this.#typed.take(async () => {
      if (this.#ending) return;
      try {
        await this.#obey(line);
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#app.endQuestions();
      }
      this.#wake.set();
    });
  }

  async #obey(line: string): Promise<void> {
    const typed = readTyped(line);
    if (typed.kind === 'nothing') return;
    const { output } = this.#app;
    if (typed.kind === 'command') {
      if (this.#front.erasesTyped) output.say(line, 'dim');
      const command = findCommand(COMMANDS, typed.name);
      try {
        await command.run(this.#chatting, typed.rest);
      } catch (error) {
        const { status, sentence } = endOf(error);
        if (status !== EXIT.usage) throw error;
        throw new Ended(EXIT.usage, `${sentence} Usage: ${usageOf(command)}`.trimStart());
      }
      return;
    }
    const to = this.#talk.open;
    if (to === undefined) {
      this.#front.putBack(line);
      throw new Ended(EXIT.refused, 'No conversation is open: /open USER first, or /send USER TEXT…');
    }
    try {
      await this.#send(to, typed.text);
    } catch (error) {
      this.#front.putBack(line);
      throw error;
    }
  }

  async #send(to: string, text: string): Promise<void> {
    const { output, platform } = this.#app;
    const [result] = await this.#client.send([to], [text]);
    if (result === undefined || 'error' in result) throw result?.error ?? new Error('no result');
    const { address, domain } = this.#client.account;
    const whom = this.#talk.open === to ? '' : ` to ${shortName(to, domain)}`;
    if (this.#front.erasesTyped || whom !== '') {
      const now = platform.clock.now();
      output.say(`${shortTime(now, now)} ${shortName(address, domain)}${whom}: ${text}`);
    }
    for (const id of result.ids) this.#fates.sent(id, text);
  }

  async #find(typed: string): Promise<string> {
    const address = this.#client.resolve(typed);
    const known = (await this.#client.contacts()).some((pin) => pin.address === address);
    if (known || (await this.#inSession(() => this.#client.exists(address)))) return address;
    throw new RequestError('unknown_user', `There is no account ${address}.`);
  }

  /** Work that may need a server waits a moment for it, not for ever. */
  async #inSession<T>(work: () => Promise<T>): Promise<T> {
    const away = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      if (this.#client.state.type === 'online') return;
      away.reject(this.#trouble.error ?? new Unavailable('The server does not answer at present. Try again.'));
    }, SERVER_WAIT_MS);
    try {
      return await Promise.race([away.promise, work()]);
    } finally {
      clearTimeout(timer);
    }
  }

  #hear(event: ClientEvent): void {
    const { output } = this.#app;
    if (isLinkState(event)) this.#link(event);
    else if (event.type === 'synced') this.#synced = true;
    else if (event.type === 'accepted') this.#fates.changed(event.id, 'accepted', this.#short(event.conversation));
    else if (event.type === 'refused' || event.type === 'given_up') {
      const name = this.#fates.named(event.id);
      output.note(
        `  Not sent to ${this.#short(event.conversation)}${name === undefined ? '' : `: ${name}`}. ${sentenceOf(event.message)}`,
      );
    } else if (event.type === 'delayed') this.#once(`${event.conversation}: ${sentenceOf(event.message)} ${WAITS}`);
    else if (event.type === 'trouble') output.note(event.message);
    else if (event.type === 'password_changed') {
      output.note('The password was changed on another device: the next start asks for the new one.');
    }
    this.#wake.set();
  }

  #link(state: Extract<ClientEvent, { readonly type: 'connecting' | 'online' | 'reconnecting' | 'stopped' }>): void {
    const { output } = this.#app;
    const away = this.#trouble.error !== undefined;
    this.#trouble.heard(state);
    this.#trouble.tell(state, output, WAITS);
    if (state.type === 'online') {
      if (away) output.note(this.#wasOnline ? 'The server is back.' : `Connected to ${state.server}.`);
      this.#wasOnline = true;
    } else if (state.type === 'reconnecting') this.#synced = false;
    const ended = endedFor(state);
    if (ended === undefined || this.#ending) return;
    this.#failure = ended;
    this.#end();
  }

  #tellFates(): void {
    this.#fatesTimer = undefined;
    for (const line of this.#fates.take()) this.#app.output.say(line, 'dim');
  }

  #interrupt(): void {
    if (this.#interrupted) return this.#end();
    this.#interrupted = true;
    this.#app.output.note(LEAVE);
  }

  #end(erased = false): void {
    this.#ending = true;
    this.#erased ||= erased;
    this.#wake.set();
  }

  #passwordIs(password: string): void {
    const { settings } = this.#app;
    const given = settings.password !== undefined || settings.passwordFile !== undefined;
    this.#app = {
      ...this.#app,
      settings: { ...settings, passwordFile: undefined, password: given ? password : undefined },
    };
  }

  #fail(error: unknown): void {
    if (error instanceof OutputClosed) return this.#end();
    const { sentence } = endOf(error);
    const changed = error instanceof Refusal && error.reason === 'identity_changed';
    this.#app.output.note(
      changed
        ? `Nothing was sent. ${sentence} /safety shows the number, /trust accepts it.`
        : sentence || 'Nothing was done.',
    );
  }

  /** Of what is said again and again, the first. */
  #once(sentence: string): void {
    if (sentence !== '' && !this.#told.has(sentence)) this.#app.output.note(sentence);
    this.#told.add(sentence);
  }

  #short(address: string): string {
    return shortName(address, this.#client.account.domain);
  }

  async #lastSends(): Promise<void> {
    const connecting =
      this.#client.state.type === 'connecting' || (!this.#wasOnline && this.#client.state.type !== 'stopped');
    if (connecting && (await this.#client.outboxSize()) > 0)
      await this.#inSession(() => this.#client.online()).catch(() => {});
    await settled(this.#client, LAST_SENDS_MS);
    await this.#talk.print();
    this.#tellFates();
  }

  async #sayOutbox(): Promise<void> {
    const left = await this.#client.outboxSize();
    const { output } = this.#app;
    if (left > 0)
      output.note(
        `${left === 1 ? '1 message waits' : `${left} messages wait`} in the outbox and will be sent next time.`,
      );
    else output.say('Bye.', 'dim');
  }
}
