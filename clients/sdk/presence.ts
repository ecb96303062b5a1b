// Who is online, as the server says of those whom the person interface watches, and what others may see of this device. Nothing of it is kept but the
// person's own choice: a new session is told everything anew, and without a session nobody is known to be there.
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { SECOND_MS, TYPING_INTERVAL_MS, TYPING_MAX_ADDRESSES, WATCHED_MAX } from '#protocol/limits.ts';
import { type ClientEvent, trouble } from './events.ts';
import type { OwnDevice } from './own-device.ts';
import type { Clock, Timers } from './platform.ts';
import type { Account, GroupRecord, Pin } from './profile/profile.ts';
import { Saying } from './saying.ts';

/** Between two frames of the same conversation: more than the server asks for, or it would drop one that came through faster than the last. */
const TYPING_PAUSE_MS = TYPING_INTERVAL_MS + SECOND_MS / 4;

/** `lastSeen`: when somebody who is not online was so last, where that is known; ms since 1970, to the minute. */
export type PresenceState = { readonly online: boolean; readonly lastSeen?: number };

export type PresenceDeps = {
  readonly own: Pick<OwnDevice, 'address'>;
  readonly profile: {
    readonly account: {
      get(): Promise<Pick<Account, 'visible'>>;
      setVisible(visible: boolean): Promise<void>;
    };
    readonly pins: { get(address: string): Promise<Pick<Pin, 'blocked'> | undefined> };
  };
  readonly clock: Clock;
  readonly timers: Timers;
  emit(event: ClientEvent): void;
  /** The group of a conversation whose name begins with #. */
  groupOf(conversation: string): Promise<GroupPeople | undefined>;
  /** The group that has this name now. */
  groupNamed(name: string): Promise<GroupPeople | undefined>;
};

/** `ended`: this person is out of it. `members`: by address. */
type GroupPeople = Pick<GroupRecord, 'name' | 'ended'> & {
  readonly state: { readonly members: Pick<ReadonlyMap<string, unknown>, 'keys' | 'has'> };
};

/** What is said on a connection about presence. */
interface PresenceLine {
  ask(type: 'presence.set', fields: { readonly visible: boolean }): Promise<unknown>;
  ask(type: 'presence.watch', fields: { addresses: string[] }): Promise<unknown>;
  typing(to: readonly string[], group: string | undefined): void;
}

/** `visible`: absent where this session does not receive, and so is nobody's presence. */
type Session = { readonly connection: PresenceLine; readonly visible: Saying | undefined; readonly watched: Saying };

export class Presence {
  readonly #deps: PresenceDeps;
  readonly #states = new Map<string, PresenceState>();
  /** conversation → when it was typed in last; monotonic. */
  readonly #typed = new Map<string, number>();
  #watched: ReadonlySet<string> = new Set();
  #session: Session | undefined;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  /** What is known of a person who is watched; undefined: nothing (yet). */
  of(address: string): PresenceState | undefined {
    return this.#states.get(address);
  }

  /** Watches these persons and no others, in every session until it is called again: the first 2,048 of them, so the most important ones first. */
  watch(addresses: readonly string[]): void {
    const watched = new Set([...new Set(addresses)].slice(0, WATCHED_MAX));
    if (watched.size === this.#watched.size && [...watched].every((address) => this.#watched.has(address))) return;
    this.#watched = watched;
    for (const address of this.#states.keys()) if (!watched.has(address)) this.#states.delete(address);
    this.#session?.watched.say();
  }

  /** Whether others may see that this device is online, and that its person types. */
  async visible(): Promise<boolean> {
    return (await this.#deps.profile.account.get()).visible !== false;
  }

  /** It is a matter of each device: a person is unseen where none of theirs is seen. */
  async setVisible(visible: boolean): Promise<void> {
    await this.#deps.profile.account.setVisible(visible);
    this.#session?.visible?.say();
  }

  /** The person types in a conversation: those who watch them are told, soon; what fails is no harm. */
  typing(conversation: string): void {
    const [now, session] = [this.#deps.clock.monotonic(), this.#session];
    for (const [one, at] of this.#typed) if (now - at >= TYPING_PAUSE_MS) this.#typed.delete(one);
    if (!session?.visible || this.#typed.has(conversation)) return;
    this.#typed.set(conversation, now);
    this.#type(session.connection, conversation).catch((error: unknown) => this.#deps.emit(trouble(error)));
  }

  /** A session has begun, in which nobody is seen or watched yet. */
  begin(connection: PresenceLine, receive: boolean): void {
    this.end();
    const visible = receive
      ? new Saying(
          this.#deps,
          unlessHidden(connection, () => this.visible()),
        )
      : undefined;
    const watched = new Saying(this.#deps, () => connection.ask('presence.watch', { addresses: [...this.#watched] }));
    this.#session = { connection, visible, watched };
    visible?.say();
    if (this.#watched.size > 0) watched.say();
  }

  /** The session is over, and what it told. */
  end(): void {
    this.#session?.visible?.stop();
    this.#session?.watched.stop();
    this.#session = undefined;
    this.#states.clear();
    this.#typed.clear();
  }

  /** A push. What a server says of somebody for whom nobody asked is not listened to. */
  heard(frame: ServerFrameOf<'presence' | 'typing'>): void {
    if (frame.type === 'typing') {
      this.#heardTyping(frame).catch((error: unknown) => this.#deps.emit(trouble(error)));
      return;
    }
    const { address, online, lastSeen } = frame;
    if (!this.#watched.has(address)) return;
    const before = this.#states.get(address);
    if (before?.online === online && before.lastSeen === lastSeen) return;
    const state = { online, ...(lastSeen === undefined ? {} : { lastSeen }) };
    this.#states.set(address, state);
    this.#deps.emit({ type: 'presence', address, ...state });
  }

  /** Whoever is blocked is not shown here, and is not told that this person types. In which group somebody types is their own word: they must be in it. */
  async #heardTyping({ from, group }: ServerFrameOf<'typing'>): Promise<void> {
    if (!this.#watched.has(from) || (await this.#isBlocked(from))) return;
    if (group !== undefined) {
      const known = await this.#deps.groupNamed(group);
      if (known === undefined || known.ended !== undefined || !known.state.members.has(from)) return;
    }
    this.#deps.emit({ type: 'typing', from, ...(group === undefined ? {} : { group }) });
  }

  async #type(connection: PresenceLine, conversation: string): Promise<void> {
    if (!(await this.visible())) return;
    const group = conversation.startsWith('#') ? await this.#deps.groupOf(conversation) : undefined;
    if (conversation.startsWith('#') && (!group || group.ended !== undefined)) return;
    const members = group ? [...group.state.members.keys()] : [conversation];
    const isOnline = (address: string) => Number(this.#states.get(address)?.online ?? false);
    const to: string[] = [];
    for (const address of members.toSorted((one, other) => isOnline(other) - isOnline(one))) {
      if (to.length === TYPING_MAX_ADDRESSES) break; // who is online comes first: the others may be unseen
      if (address !== this.#deps.own.address && !(await this.#isBlocked(address))) to.push(address);
    }
    if (to.length > 0) connection.typing(to, group?.name);
  }

  async #isBlocked(address: string): Promise<boolean> {
    return (await this.#deps.profile.pins.get(address))?.blocked === true;
  }
}

/** Says whether this device may be seen: nothing, as long as a session is hidden that is so from its beginning. */
function unlessHidden(connection: PresenceLine, isVisible: () => Promise<boolean>): () => Promise<unknown> {
  let told = false;
  return async () => {
    const visible = await isVisible();
    if (visible === told) return;
    await connection.ask('presence.set', { visible });
    told = visible;
  };
}
