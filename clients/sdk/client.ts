// The client: the only thing that a user interface talks to. It wires profile, connection, sending and receiving together; what
// each of them decides stands in its own file.
import { resolveAddress } from '#protocol/address.ts';
import { Accounts } from './accounts.ts';
import type { Connection } from './connection.ts';
import { textContent } from './content.ts';
import { safetyNumber } from './crypto/safety.ts';
import { type DeviceInfo, deleteAccount, listDevices, revoke } from './devices.ts';
import { type ClientEvent, Emitter, type Listener } from './events.ts';
import { Inbox } from './inbox.ts';
import type { LinkState } from './link.ts';
import { logIn } from './login.ts';
import { Online } from './online.ts';
import { Outbox, type SendResult } from './outbox.ts';
import { type OwnDevice, ownDevice } from './own-device.ts';
import { adoptPassword, changePassword } from './password.ts';
import type { Known } from './pins.ts';
import type { Platform } from './platform.ts';
import type {
  Account,
  DeviceId,
  EventsPart,
  HistoryPart,
  MessageId,
  NewEvent,
  Pin,
  Profile,
  SentMessage,
} from './profile/profile.ts';
import { Refusal } from './refusal.ts';
import { type Credentials, signUp } from './signup.ts';
import { startUpkeep } from './upkeep.ts';

/** `changed`: the number with the identity that waits to be accepted. */
export type Safety = { readonly number: string; readonly verified: boolean; readonly changed?: string };

export type SendOptions = {
  /** Deleted on every device, and by the server, this long after sending. */
  readonly expiresInMs?: number;
};

export class Client {
  readonly account: Account;
  readonly #platform: Platform;
  readonly #profile: Profile;
  readonly #own: OwnDevice;
  readonly #events = new Emitter<ClientEvent>();
  readonly #accounts: Accounts;
  readonly #outbox: Outbox;
  readonly #online: Online;
  readonly #stopWatching: () => void;
  readonly #stopUpkeep: () => void;
  #passwordChanged: boolean;
  #ownChange = false;

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

  /** Unlocks the profile that is there. Throws ProfileError. No connection is made yet. */
  static async open(platform: Platform, password: string): Promise<Client> {
    return Client.#on(platform, await platform.profiles.open(password));
  }

  static async #on(platform: Platform, profile: Profile): Promise<Client> {
    return new Client(platform, profile, await profile.account.get());
  }

  private constructor(platform: Platform, profile: Profile, account: Account) {
    this.account = account;
    this.#platform = platform;
    this.#profile = profile;
    this.#own = ownDevice(account);
    this.#passwordChanged = account.passwordChanged;
    const emit = (event: ClientEvent) => this.#events.emit(event);
    const grown = (address: string, events: readonly NewEvent[]) => this.#onGrown(address, events);
    this.#accounts = new Accounts({ profile, clock: platform.clock, own: account.address, grown });
    const { clock, timers, random } = platform;
    const deps = { own: this.#own, profile, accounts: this.#accounts, clock, timers, random, emit };
    this.#outbox = new Outbox(deps);
    const refreshOwn = (connection: Connection) => this.#refreshOwn(connection);
    this.#online = new Online({ ...deps, platform, outbox: this.#outbox, inbox: new Inbox(deps), refreshOwn });
    this.#stopWatching = profile.events.watch(() => emit({ type: 'journal' }));
    this.#stopUpkeep = startUpkeep({ profile, clock, timers, failed: (error) => this.#trouble(error) });
  }

  /** Conversations, their lines, what is unread. */
  get history(): HistoryPart {
    return this.#profile.history;
  }

  /** What must be shown once, in order: messages, delivered, expired, gaps, identities, unreadable ones. */
  get journal(): EventsPart {
    return this.#profile.events;
  }

  get state(): LinkState {
    return this.#online.state;
  }

  /** Another device changed the password: `adoptPassword` before `connect`. */
  get passwordChanged(): boolean {
    return this.#passwordChanged;
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
    if (this.#passwordChanged) {
      throw new Refusal('password_changed', 'The password was changed on another device. Give the new one first.');
    }
    await this.#online.connect(receive);
  }

  /** Resolves when there is a session. Throws RequestError or Error with the reason if the link stops for good. */
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

  /** Where this account's servers are, from the next `connect` on: ws:// or wss:// addresses, at least one. */
  async setServers(servers: readonly string[]): Promise<void> {
    await this.#profile.account.setServers(servers);
  }

  /** What became of a message that this device queued, by whichever process; undefined once it is forgotten. */
  async outcome(id: MessageId): Promise<SentMessage['outcome'] | undefined> {
    return (await this.#profile.sending.sent(this.#own.device, id))?.outcome;
  }

  /** Messages that the server has not accepted yet, those of other processes included. */
  outboxSize(): Promise<number> {
    return this.#profile.sending.outboxSize();
  }

  /** Everybody that this device knows. */
  contacts(): Promise<Pin[]> {
    return this.#profile.pins.list();
  }

  /** What both compare by voice. Throws Refusal, RequestError `unknown_user`, Unavailable. */
  async safetyNumber(address: string): Promise<Safety> {
    const { pin } = await this.#known(address);
    const { identity } = this.account;
    const mine = { address: this.account.address, identity };
    const number = safetyNumber(mine, { address, identity: pin.identity });
    if (pin.changed === undefined) return { number, verified: pin.verified };
    return { number, verified: pin.verified, changed: safetyNumber(mine, { address, identity: pin.changed.identity }) };
  }

  /** Remembers that the safety numbers agreed (or not any more). */
  async verify(address: string, verified = true): Promise<void> {
    await this.#known(address);
    await this.#accounts.mark(address, { verified });
  }

  /** Accepts the changed identity of a person: messages go to it from now on. Throws Refusal `nothing_to_trust`. */
  async trust(address: string): Promise<void> {
    await this.#accounts.trust(address);
  }

  /** Shows nothing more of a person, and tells them nothing about it; or does so again. */
  async block(address: string, blocked = true): Promise<void> {
    await this.#known(address);
    await this.#accounts.mark(address, { blocked });
  }

  /** The own devices as this one knows them; freshly fetched where there is a session. */
  async devices(): Promise<DeviceInfo[]> {
    const { connection } = this.#online;
    const { address, device } = this.#own;
    const known =
      connection === undefined
        ? await this.#accounts.known(address)
        : await this.#accounts.refresh(address, connection);
    return known === undefined ? [] : listDevices(known.pin, known.state, device);
  }

  async revoke(device: DeviceId, password: string): Promise<void> {
    await revoke(this.#platform, this.#profile, this.#accounts, [device], password);
  }

  /** Needs a session: `connect` first. See password.ts for what it throws. */
  async changePassword(old: string, fresh: string): Promise<void> {
    const session = await this.#online.session();
    this.#ownChange = true;
    try {
      await changePassword(this.#platform, this.#profile, session, { old, fresh });
      await this.#accounts.refresh(this.#own.address, session);
    } finally {
      this.#ownChange = false;
    }
  }

  /** Proves the password that another device set, and protects this profile with it. */
  async adoptPassword(password: string): Promise<void> {
    await adoptPassword(this.#platform, this.#profile, password);
    this.#passwordChanged = false;
  }

  /** Revokes this device and erases its profile. */
  async signOut(password: string): Promise<void> {
    await revoke(this.#platform, this.#profile, this.#accounts, [this.#own.device], password);
    await this.#end('This device was signed out.');
    await this.#profile.erase();
  }

  /** Deletes the account for ever and erases the profile. Needs a session. */
  async deleteAccount(password: string): Promise<void> {
    await deleteAccount(this.#platform, this.#profile, await this.#online.session(), password);
    await this.#end('The account was deleted.');
    await this.#profile.erase();
  }

  /** Ends the session, finishes what is being written, closes the profile. What is in the outbox stays there. */
  async close(): Promise<void> {
    await this.#end('Closed by this client.');
    await this.#profile.close();
  }

  async #end(reason: string): Promise<void> {
    this.#stopUpkeep();
    this.#stopWatching();
    await this.#online.end(reason);
  }

  #known(address: string): Promise<Known> {
    return this.#accounts.knownOrFetched(address, () => this.#online.session());
  }

  #refreshOwn(connection: Connection): void {
    this.#accounts.refresh(this.#own.address, connection).catch((error: unknown) => {
      // A lost connection is told by the link, and the next session asks again.
      if (connection.state === 'ready') this.#trouble(error);
    });
  }

  #onGrown(address: string, events: readonly NewEvent[]): void {
    if (events.some((event) => event.type === 'identity' && event.change === 'device_added'))
      this.#outbox.newDevices(address);
    if (address !== this.#own.address || this.#ownChange) return;
    this.#profile.account.get().then(
      ({ passwordChanged }) => {
        if (passwordChanged && !this.#passwordChanged) this.#events.emit({ type: 'password_changed' });
        this.#passwordChanged = passwordChanged;
      },
      (error: unknown) => this.#trouble(error),
    );
  }

  #trouble(error: unknown): void {
    this.#events.emit({ type: 'trouble', message: error instanceof Error ? error.message : String(error) });
  }
}
