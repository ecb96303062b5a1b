// Being online: one link of a profile, the right to receive, and who is told when a session begins and ends.
import type { Push } from '#protocol/frames/server.ts';
import type { Connection } from './connection.ts';
import type { ClientEvent } from './events.ts';
import type { Inbox } from './inbox.ts';
import { Link, type LinkState } from './link.ts';
import type { Outbox } from './outbox.ts';
import { type OwnDevice, proveDevice } from './own-device.ts';
import type { Platform } from './platform.ts';
import type { Profile } from './profile/profile.ts';
import { Refusal } from './refusal.ts';

/** How long the end of a session waits for its last ack. */
const LAST_ACK_MS = 1_000;

export type OnlineDeps = {
  readonly platform: Platform;
  readonly profile: Profile;
  readonly own: OwnDevice;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  emit(event: ClientEvent): void;
  /** A session began, or the own account log has grown. */
  refreshOwn(connection: Connection): void;
};

export class Online {
  readonly #deps: OnlineDeps;
  #link: Link | undefined;
  #lock: { release(): void } | undefined;

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
      changed: (state) => this.#onState(state),
    });
    this.#link.start();
  }

  /** The present session, or the next one. Throws Refusal `closed`, or what stopped the link. */
  session(): Promise<Connection> {
    if (this.#link === undefined)
      return Promise.reject(new Refusal('closed', 'There is no connection: connect first.'));
    return this.#link.online();
  }

  /** Ends the session; what is being written is finished. */
  async end(reason: string): Promise<void> {
    // What is being committed is acked while there is a session: its sender need not wait for this device's next one.
    const cancelWait = this.#deps.platform.timers.after(LAST_ACK_MS, () => this.#link?.stop(reason));
    await this.#deps.inbox.stop();
    cancelWait();
    this.#link?.stop(reason);
    await this.#deps.outbox.stop();
    this.#release();
  }

  async #signIn(connection: Connection, receive: boolean): Promise<void> {
    const { profile, platform, own, inbox } = this.#deps;
    const number = await profile.account.nextSessionNumber();
    if (receive) inbox.start(connection);
    await proveDevice(connection, own, { number, receive, random: platform.random });
  }

  #onState(state: LinkState): void {
    const connection = this.#link?.connection;
    if (state.type === 'online' && connection !== undefined) {
      this.#deps.outbox.start(connection);
      this.#deps.refreshOwn(connection);
    } else if (state.type !== 'connecting') {
      void this.#deps.outbox.stop();
      const received = this.#deps.inbox.stop();
      if (state.type === 'stopped') void received.then(() => this.#release());
    }
    this.#deps.emit(state);
  }

  #onPush(frame: Push, connection: Connection): void {
    switch (frame.type) {
      case 'deliver':
      case 'notice':
        return this.#deps.inbox.item(frame, connection);
      case 'synced':
        return this.#deps.inbox.synced(connection);
      case 'log':
        if (frame.address === this.#deps.own.address) this.#deps.refreshOwn(connection);
    }
  }

  #release(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }
}
