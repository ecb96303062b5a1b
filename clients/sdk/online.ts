// Being online: one link of a profile, the right to receive, and who is told when a session begins and ends.
import { RequestError } from '#protocol/errors.ts';
import type { Push } from '#protocol/frames/server.ts';
import type { Connection } from './connection.ts';
import { type ClientEvent, trouble } from './events.ts';
import { GONE, goneBy } from './gone.ts';
import type { Groups } from './groups/groups.ts';
import { withConnection } from './identity.ts';
import type { Inbox } from './inbox.ts';
import { Link, type LinkState } from './link.ts';
import type { Outbox } from './outbox.ts';
import { type OwnDevice, proveDevice } from './own-device.ts';
import type { Platform } from './platform.ts';
import type { Presence } from './presence.ts';
import type { Gone, Profile } from './profile/profile.ts';
import { Refusal } from './refusal.ts';

/** How long the end of a session waits for its last ack. */
const LAST_ACK_MS = 1_000;

export type OnlineDeps = {
  readonly platform: Platform;
  readonly profile: Profile;
  readonly own: OwnDevice;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly groups: Groups;
  readonly presence: Presence;
  emit(event: ClientEvent): void;
  /** A session is about to begin; the server's clock when it was connected to. */
  timeHeard(serverNow: number): void;
  /** A session began, the own account log has grown, or is said to prove that this device was revoked. Never rejects. */
  refreshOwn(connection: Connection): Promise<void>;
};

/** What this device itself is asking for, and how its session ended over that. */
type Asked = { readonly gone: Gone; ended?: LinkState };

export class Online {
  readonly #deps: OnlineDeps;
  #link: Link | undefined;
  #lock: { release(): void } | undefined;
  /** What is still to be written about the last change of the state. */
  #noting: Promise<void> = Promise.resolve();
  #refreshing: Promise<void> = Promise.resolve();
  #asked: Asked | undefined;

  constructor(deps: OnlineDeps) {
    this.#deps = deps;
  }

  get state(): LinkState {
    return this.#link?.state ?? { type: 'stopped', code: 1000, reason: 'Not connected.' };
  }

  /** The connection with a session, if there is one now. */
  get connection(): Connection | undefined {
    return this.#link?.connection;
  }

  /** Starts the link; does nothing while it runs. Throws Refusal `receiver_elsewhere`. */
  async connect(receive: boolean): Promise<void> {
    if (this.state.type !== 'stopped') return;
    const { profile, platform } = this.#deps;
    if (receive) {
      this.#lock = await profile.tryReceiverLock();
      if (this.#lock === undefined) {
        throw new Refusal('receiver_elsewhere', 'Another process receives for this profile already. End it first.');
      }
    }
    const { servers } = await profile.account.get();
    this.#link = new Link(servers, platform, {
      signIn: (connection) => this.#signIn(connection, receive),
      push: (frame, connection) => this.#onPush(frame, connection),
      changed: (state) => this.#onState(state, receive),
    });
    this.#link.start();
  }

  /** The present session, or the next one. Throws Refusal `closed`, or what stopped the link. */
  session(): Promise<Connection> {
    if (this.#link === undefined)
      return Promise.reject(new Refusal('closed', 'There is no connection: connect first.'));
    return this.#link.online();
  }

  /** Resolves when all that may leave in this session has left, and what the server said of this device is on disk. */
  async settled(): Promise<void> {
    await this.#noting;
    await this.#refreshing;
    await this.#deps.groups.settled();
    await this.#deps.outbox.settled();
  }

  /**
   * Whether this device is out of its account for good: as a server says now, in a session that ends at once, or else as one said last. Where no
   * server answers that has told before; never throws. Whoever is told of a revocation asks for the log that proves it.
   */
  async gone(): Promise<Gone | undefined> {
    const { platform, profile } = this.#deps;
    await this.#noting;
    const { servers, gone } = await profile.account.get();
    if (this.#link?.connection !== undefined) return undefined;
    try {
      await withConnection(platform, servers, (connection) => this.#proveOrLearn(connection));
      await this.#note(undefined);
      return undefined;
    } catch (error) {
      const now = error instanceof RequestError ? goneBy(error.code) : undefined;
      if (now === undefined) return gone;
      await this.#note(now);
      return now;
    }
  }

  /**
   * Runs `act`, after which this device is out of its account: a server that ends the session for that, perhaps ahead of its answer, is no news then.
   * It is told after all where `act` fails. Throws what `act` throws.
   */
  async asking(gone: Gone, act: () => Promise<void>): Promise<void> {
    const asked: Asked = { gone };
    this.#asked = asked;
    try {
      await act();
    } catch (error) {
      if (asked.ended !== undefined) this.#deps.emit(asked.ended);
      throw error;
    } finally {
      this.#asked = undefined;
    }
  }

  /** Ends the session; what is being written is finished. */
  async end(reason: string): Promise<void> {
    // What is being committed is acked while there is a session: its sender need not wait for this device's next one.
    const cancelWait = this.#deps.platform.timers.after(LAST_ACK_MS, () => this.#link?.stop(reason));
    await this.#deps.inbox.stop();
    cancelWait();
    this.#deps.presence.end();
    this.#link?.stop(reason);
    await this.#deps.outbox.stop();
    await this.#deps.groups.stop();
    await this.#noting;
    this.#release();
  }

  async #signIn(connection: Connection, receive: boolean): Promise<void> {
    if (receive) this.#deps.inbox.start(connection);
    await this.#prove(connection, receive);
  }

  async #proveOrLearn(connection: Connection): Promise<void> {
    try {
      await this.#prove(connection, false);
    } catch (error) {
      if (error instanceof RequestError && goneBy(error.code) === 'revoked') await this.#deps.refreshOwn(connection);
      throw error;
    }
  }

  async #prove(connection: Connection, receive: boolean): Promise<void> {
    const { profile, platform, own } = this.#deps;
    const number = await profile.account.nextSessionNumber();
    await proveDevice(connection, own, { number, receive, random: platform.random });
  }

  #onState(state: LinkState, receive: boolean): void {
    const connection = this.#link?.connection;
    if (state.type === 'online' && connection !== undefined) {
      this.#deps.timeHeard(connection.challenge.time);
      this.#deps.outbox.start(connection);
      this.#deps.presence.begin(connection, receive);
      this.#refreshing = this.#deps.refreshOwn(connection);
      this.#deps.groups.started(connection);
      this.#noting = this.#note(undefined);
    } else if (state.type !== 'connecting') {
      this.#deps.presence.end();
      const sent = this.#deps.outbox.stop();
      const received = this.#deps.inbox.stop();
      const gone = state.type === 'stopped' ? goneBy(state.code) : undefined;
      if (gone !== undefined) this.#noting = sent.then(() => this.#note(gone));
      if (state.type === 'stopped') void received.then(() => this.#release());
      if (gone !== undefined && gone === this.#asked?.gone) {
        this.#asked.ended = state;
        return;
      }
    }
    this.#deps.emit(state);
  }

  #onPush(frame: Push, connection: Connection): void {
    switch (frame.type) {
      case 'deliver':
      case 'notice':
      case 'entries':
        return this.#deps.inbox.item(frame, connection);
      case 'synced':
        return this.#deps.inbox.synced(connection);
      case 'presence':
      case 'typing':
        return this.#deps.presence.heard(frame);
      case 'log':
        if (frame.address === this.#deps.own.address) this.#refreshing = this.#deps.refreshOwn(connection);
    }
  }

  /** What a server has just said of this device. Never throws. */
  async #note(gone: Gone | undefined): Promise<void> {
    try {
      await this.#deps.profile.account.setGone(gone);
      if (gone !== undefined) await this.#deps.outbox.abandon(GONE[gone].code, GONE[gone].sentence);
    } catch (error) {
      this.#deps.emit(trouble(error));
    }
  }

  #release(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }
}
