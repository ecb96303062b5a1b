// The client: the only thing that a user interface talks to. It wires profile, connection, sending and receiving together; what
// each of them decides stands in its own file.
import { resolveAddress } from '#protocol/address.ts';
import { Unavailable } from '#protocol/errors.ts';
import { Accounts } from './accounts.ts';
import { Contacts, type Safety } from './contacts.ts';
import { textContent } from './content/content.ts';
import type { FileInfo } from './content/file.ts';
import { DeviceNames } from './device-names.ts';
import { type DeviceInfo, deleteAccount } from './devices.ts';
import { type ClientEvent, Emitter, type Listener } from './events.ts';
import type { FileOptions, FileSource, FileTarget } from './files/file-source.ts';
import { Files } from './files/files.ts';
import { Groups } from './groups/groups.ts';
import { Inbox } from './inbox.ts';
import type { LinkState } from './link.ts';
import { logIn } from './login.ts';
import { Online } from './online.ts';
import { Outbox, type SendResult } from './outbox.ts';
import { OwnAccount } from './own-account.ts';
import { type OwnDevice, ownDevice } from './own-device.ts';
import type { Platform } from './platform.ts';
import { Presence } from './presence.ts';
import type {
  Account,
  DeviceId,
  EventsPart,
  Gone,
  History,
  MessageId,
  NewEvent,
  Pin,
  Profile,
  SentMessage,
} from './profile/profile.ts';
import { Receipts } from './receipts.ts';
import { atServers } from './servers.ts';
import { type Credentials, signUp } from './signup.ts';
import { Upkeep } from './upkeep.ts';

export type SendOptions = {
  /** Deleted on every device, and by the server, this long after sending. */
  readonly expiresInMs?: number;
};

export class Client {
  readonly account: Account;
  /** Groups: who is in them, and all that is done in them but writing, which `send` does. */
  readonly groups: Groups;
  readonly #platform: Platform;
  readonly #profile: Profile;
  readonly #own: OwnDevice;
  readonly #events = new Emitter<ClientEvent>();
  readonly #contacts: Contacts;
  readonly #mine: OwnAccount;
  readonly #outbox: Outbox;
  readonly #files: Files;
  readonly #receipts: Receipts;
  readonly #names: DeviceNames;
  readonly #presence: Presence;
  readonly #online: Online;
  readonly #stopWatching: () => void;
  readonly #upkeep: Upkeep;

  /** Creates an account, and this device's profile with it. See signup.ts for what it throws. */
  static async signUp(
    platform: Platform,
    credentials: Credentials & { readonly invitation?: string },
  ): Promise<Client> {
    return Client.#on(platform, await signUp(platform, credentials));
  }

  /** Enrols this device in an existing account. See login.ts for what it throws. */
  static async logIn(platform: Platform, credentials: Credentials): Promise<Client> {
    return Client.#on(platform, await logIn(platform, credentials));
  }

  /**
   * Unlocks the profile that is there. Throws ProfileError. No connection is made yet. `servers`: to go to instead of those that the profile
   * remembers, which `setServers` alone changes; empty: to those.
   */
  static async open(platform: Platform, password: string, servers: readonly string[] = []): Promise<Client> {
    const profile = await platform.profiles.open(password);
    return Client.#on(platform, servers.length === 0 ? profile : atServers(profile, servers));
  }

  static async #on(platform: Platform, profile: Profile): Promise<Client> {
    return new Client(platform, profile, await profile.account.get());
  }

  private constructor(platform: Platform, profile: Profile, account: Account) {
    this.account = account;
    this.#platform = platform;
    this.#profile = profile;
    this.#own = ownDevice(account);
    const emit = (event: ClientEvent) => this.#events.emit(event);
    const grown = (address: string, events: readonly NewEvent[]) => this.#onGrown(address, events);
    const accounts = new Accounts({ profile, clock: platform.clock, own: this.#own, grown });
    const { clock, timers, random } = platform;
    this.#upkeep = new Upkeep({ profile, clock, timers, emit }, account.sureTime);
    const { sureTime } = this.#upkeep;
    const session = () => this.#online.session();
    this.groups = new Groups({ own: this.#own, profile, accounts, clock, timers, random, session, emit });
    const deps = { own: this.#own, profile, accounts, clock, timers, random, sureTime, emit, groups: this.groups };
    this.#contacts = new Contacts({ accounts, mine: account, session });
    this.#mine = new OwnAccount({ ...deps, platform }, account.passwordChanged);
    this.#outbox = new Outbox(deps);
    const { http } = platform;
    const { uploads } = profile;
    this.#files = new Files({ http, clock, timers, random, session, uploads, outbox: this.#outbox });
    const saidStale = (address: string) => this.#outbox.saidStale(address);
    this.#receipts = new Receipts({ ...deps, outbox: this.#outbox });
    this.#names = new DeviceNames({ ...deps, outbox: this.#outbox });
    this.#presence = new Presence({
      ...deps,
      groupOf: (conversation) => profile.groups.get(conversation),
      groupNamed: (name) => profile.groups.byName(name),
    });
    this.#online = new Online({
      ...{
        ...deps,
        platform,
        outbox: this.#outbox,
        inbox: new Inbox({ ...deps, saidStale }),
        presence: this.#presence,
      },
      timeHeard: (serverNow) => this.#upkeep.timeHeard(serverNow),
      refreshOwn: async (connection) => {
        await this.#mine.refresh(connection);
        await this.#names.tell();
      },
    });
    this.#stopWatching = profile.events.watch(() => emit({ type: 'journal' }));
    this.#upkeep.run();
  }

  /** Conversations, their lines, what is unread, what is found. */
  get history(): History {
    const { history } = this.#profile;
    return { ...history, search: (search) => history.search(search, this.#upkeep.sureTime.now()) };
  }

  /**
   * These positions were shown to a person: they count as read as by `history.markRead`, and their writers are told within about a second, if
   * this device may tell.
   */
  read(conversation: string, shown: readonly number[]): Promise<void> {
    return this.#receipts.read(conversation, shown);
  }

  /** Whether others are told what was read here, and what they tell is shown: both or none. */
  async receipts(): Promise<boolean> {
    return (await this.#profile.account.get()).receipts !== false;
  }

  async setReceipts(receipts: boolean): Promise<void> {
    await this.#profile.account.setReceipts(receipts);
  }

  /** Who of those that are watched is online, and whether others see this device. */
  get presence(): Pick<Presence, 'watch' | 'of' | 'visible' | 'setVisible'> {
    return this.#presence;
  }

  /** The person types in a conversation: told to those who watch them, once in 3 s at most, and only where others may see this device. */
  typing(conversation: string): void {
    this.#presence.typing(conversation);
  }

  /** What must be shown once, in order: messages, delivered, read, expired, gaps, identities, unreadable ones. */
  get journal(): EventsPart {
    return this.#profile.events;
  }

  /** How the connection is now: connecting, online, reconnecting with seconds, stopped with a code and a sentence. */
  get state(): LinkState {
    return this.#online.state;
  }

  /** Another device changed the password: `adoptPassword` before `connect`. */
  get passwordChanged(): boolean {
    return this.#mine.passwordChanged;
  }

  /** Tells everything that happens from now on; returns what stops it. */
  on(listener: Listener<ClientEvent>): () => void {
    return this.#events.on(listener);
  }

  /** The canonical address of what a person typed: a bare name is of the own domain. Throws RequestError `bad_name`. */
  resolve(typed: string): string {
    return resolveAddress(typed, this.account.domain);
  }

  /**
   * Connects and stays connected until `close`. `receive`: takes messages, too; one process of a profile at a time. Resolves at once; `state`
   * and events tell the rest. Throws Refusal `receiver_elsewhere`, `password_changed`.
   */
  async connect({ receive }: { readonly receive: boolean }): Promise<void> {
    this.#mine.mustHavePassword();
    await this.#online.connect(receive);
  }

  /** Resolves when there is a session. Throws Refusal `closed` with the reason if the link stops for good. */
  async online(): Promise<void> {
    await this.#online.session();
  }

  /**
   * Sends texts to each address, in order: one act, one result each. Resolves when they are sealed and on disk; `accepted` events follow.
   * Throws Refusal `bad_text` or `text_too_long` before anything is queued. Waits for a session where somebody is written to for the first time.
   */
  async send(to: readonly string[], texts: readonly string[], options: SendOptions = {}): Promise<SendResult[]> {
    const drafts = texts.map((text) => ({ content: textContent(text), ...options }));
    return this.#outbox.send(to, drafts, () => this.#online.session());
  }

  /**
   * Sends a file to each address: uploaded once, and then one message each, in order. Waits for sessions and goes on after cuts by itself, also with what an
   * earlier attempt left; resolves when all messages are sealed and on disk. Where nobody can be written to, nothing is uploaded. Throws Refusal
   * (`file_too_large`, `file_changed`, `bad_text`, `closed`), RequestError (`files_over_quota`, `no_space`), Unavailable after many tries in vain, ProfileError, the
   * signal's reason, or what the source throws.
   */
  sendFile(to: readonly string[], source: FileSource, options: SendOptions & FileOptions = {}): Promise<SendResult[]> {
    return this.#files.send(to, source, options);
  }

  /**
   * Brings the file of a message to `target`, behind what is there of an earlier attempt, and resolves with what `target.keep()` did once all of it is proven.
   * Waits for sessions and goes on after cuts by itself. Throws Refusal `file_gone`, `file_damaged` (the target is empty then), `closed`, RequestError, Unavailable
   * after many tries in vain, the signal's reason, or what the target throws.
   */
  fetchFile(file: FileInfo, target: FileTarget, options: FileOptions = {}): Promise<string> {
    return this.#files.fetch(file, target, options);
  }

  /** Where this account's servers are, from the next `connect` on: ws:// or wss:// addresses, at least one. */
  async setServers(servers: readonly string[]): Promise<void> {
    await this.#profile.account.setServers(servers);
  }

  /** What became of a message that this device queued, by whichever process; undefined once it is forgotten. */
  async outcome(id: MessageId): Promise<SentMessage['outcome'] | undefined> {
    return (await this.#profile.sending.sent(this.#own.device, id))?.outcome;
  }

  /** The same with what became of it for each who it went to: of a message by its author's device (an own one) and id. */
  sent(device: DeviceId, id: MessageId): Promise<SentMessage | undefined> {
    return this.#profile.sending.sent(device, id);
  }

  /** Messages that the server has not accepted yet, those of other processes included. */
  outboxSize(): Promise<number> {
    return this.#profile.sending.outboxSize();
  }

  /** Resolves when all that may leave in this session has left: the outbox, slots for new devices, anchors of groups. At once without a session; the rest goes with the next. */
  async settled(): Promise<void> {
    await this.#receipts.flush();
    await this.#online.settled();
  }

  /** Everybody whose log this device has pinned, itself included, by address. */
  contacts(): Promise<Pin[]> {
    return this.#profile.pins.list();
  }

  /** What both compare by voice. Throws Refusal, RequestError `unknown_user`, Unavailable. */
  safetyNumber(address: string): Promise<Safety> {
    return this.#contacts.safetyNumber(address);
  }

  /** Whether the server still has an account of this address; waits for a session. Throws RequestError, Refusal, Unavailable. */
  exists(address: string): Promise<boolean> {
    return this.#contacts.exists(address);
  }

  /** Remembers that the safety numbers agreed (or not any more). Throws as `safetyNumber`. */
  async verify(address: string, verified = true): Promise<void> {
    await this.#contacts.mark(address, { verified });
  }

  /**
   * Accepts the changed identity of a person: messages go to it from now on. `compared`: the safety number that was compared (`changed` of
   * `safetyNumber`). Throws Refusal `nothing_to_trust`, `identity_changed` (again, since then).
   */
  async trust(address: string, compared: string): Promise<void> {
    await this.#contacts.trust(address, compared);
  }

  /** Shows nothing more of a person, and tells them nothing about it; or does so again. Throws as `safetyNumber`. */
  async block(address: string, blocked = true): Promise<void> {
    await this.#contacts.mark(address, { blocked });
  }

  /** The own devices as this one knows them; freshly fetched where there is a session. */
  devices(): Promise<DeviceInfo[]> {
    return this.#mine.devices(this.#online.connection);
  }

  /** Why this device is out of its account for good, if it is: as is proved, as a server says now, or as one said last. It can be signed out without a sign-in. */
  async gone(): Promise<Gone | undefined> {
    return (await this.revocationProved()) ? 'revoked' : this.#online.gone();
  }

  /**
   * Whether the own account log proves that this device was revoked, as far as it is known here: a server's word alone (`gone`) does not. Its
   * keys and history are to be erased then.
   */
  revocationProved(): Promise<boolean> {
    return this.#mine.revocationProved();
  }

  /** Calls this device so; the own other devices learn it, and nobody else. Throws Refusal `bad_text`. */
  rename(name: string): Promise<void> {
    return this.#names.rename(name);
  }

  /** Throws Refusal `unknown_device`, `wrong_password`, `log_refused`, RequestError, Unavailable. A `device` of this account; revoked already: nothing is done. */
  async revoke(device: DeviceId, password: string): Promise<void> {
    await this.#mine.revoke(device, password);
    this.groups.revoked(this.#online.connection);
  }

  /** Needs a session: `connect` first. See password.ts for what it throws. */
  async changePassword(old: string, fresh: string): Promise<void> {
    await this.#mine.changePassword(await this.#online.session(), { old, fresh });
  }

  /** Proves the password that another device set, and protects this profile with it. Throws Refusal `wrong_password`, `log_refused`, RequestError, Unavailable. */
  async adoptPassword(password: string): Promise<void> {
    await this.#mine.adoptPassword(password);
  }

  /**
   * Revokes this device, unless it is `gone`, and erases its profile; the client is closed then. Throws Refusal `wrong_password`, `log_refused`,
   * RequestError, Unavailable: nothing was erased.
   */
  async signOut(password: string): Promise<void> {
    await this.#leave('revoked', 'This device was signed out.', async () => {
      if ((await this.gone()) === undefined) await this.#mine.signOut(password);
    });
  }

  /** Deletes the account for ever and erases the profile. Needs a session: `connect` first. Throws as `signOut`. */
  async deleteAccount(password: string): Promise<void> {
    await this.#leave('deleted', 'The account was deleted.', async () => {
      try {
        await deleteAccount(this.#platform, this.#profile, await this.#online.session(), password);
      } catch (error) {
        // All sessions of a deleted account are closed, this one perhaps ahead of its answer.
        if (!(error instanceof Unavailable) || (await this.gone()) !== 'deleted') throw error;
      }
    });
  }

  /** Ends the session, finishes what is being written, closes the profile. What is in the outbox stays there. */
  async close(): Promise<void> {
    await this.#receipts.flush();
    await this.#end('Closed by this client.');
    await this.#profile.close();
  }

  /** Has the server take this device out of its account, and keeps nothing of it. */
  async #leave(gone: Gone, reason: string, act: () => Promise<void>): Promise<void> {
    await this.#online.asking(gone, async () => {
      await act();
      await this.#end(reason);
    });
    await this.#profile.erase();
  }

  async #end(reason: string): Promise<void> {
    this.#upkeep.stop();
    await this.#files.stop();
    this.#receipts.stop();
    this.#stopWatching();
    await this.#online.end(reason);
    await this.#names.stop();
  }

  #onGrown(address: string, events: readonly NewEvent[]): void {
    const added = events.flatMap((event) =>
      event.type === 'identity' && event.change === 'device_added' && event.device !== undefined ? [event.device] : [],
    );
    if (added.length > 0) this.#outbox.newDevices(address, added);
    if (address === this.#own.address) this.#mine.grown();
  }
}
