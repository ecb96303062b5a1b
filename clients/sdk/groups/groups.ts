// Groups, as a user interface acts in them: who is in them is signed by this device and verified by everybody (DESIGN section 6). Names are
// canonical addresses: name@domain.
import { parseAddress } from '#protocol/address.ts';
import type { Position } from '#protocol/envelope.ts';
import { RequestError } from '#protocol/errors.ts';
import type { Answer, ServerFrameOf } from '#protocol/frames/server.ts';
import type { GroupRole, Subject } from '#protocol/group-entry.ts';
import { type GroupState, memberOf } from '#protocol/group-state.ts';
import { GROUP_APPEND_MAX_ENTRIES } from '#protocol/limits.ts';
import type { Connection } from '../connection.ts';
import type { ClientEvent } from '../events.ts';
import type { Timers } from '../platform.ts';
import type { GroupRecord } from '../profile/profile.ts';
import { isFinal, Refusal } from '../refusal.ts';
import { type Change, GroupActs, type GroupActsDeps } from './acts.ts';
import { listedGroups } from './list.ts';
import { wasMember } from './log.ts';
import { GroupLogs } from './logs.ts';
import { mustBeUsable, namingGroup } from './refusals.ts';
import { isSame } from './spans.ts';
import { GroupSync } from './sync.ts';

const LOBBY = 'lobby';
/** How often a name is looked up again that is taken and free by turns. */
const JOIN_TRIES = 3;

export type GroupInfo = Pick<Answer<'group.list'>['groups'][number], 'name' | 'policy' | 'members'>;
/** `verified`: safety numbers with the person of this very identity were compared. */
export type MemberInfo = { readonly address: string; readonly role: GroupRole; readonly verified: boolean };

export type GroupsDeps = Omit<GroupActsDeps, 'me' | 'logs'> & {
  readonly timers: Timers;
  emit(event: ClientEvent): void;
};

export class Groups {
  readonly #deps: GroupsDeps;
  readonly #me: Subject;
  readonly #logs: GroupLogs;
  readonly #acts: GroupActs;
  readonly #sync: GroupSync;

  constructor(deps: GroupsDeps) {
    this.#deps = deps;
    const { address, identity } = deps.own.ids;
    this.#me = { address, identity };
    const start = { ...deps, me: this.#me };
    this.#logs = new GroupLogs(start, (connection) => this.#sync.behind(connection));
    this.#acts = new GroupActs({ ...start, logs: this.#logs });
    this.#sync = new GroupSync({ ...start, logs: this.#logs, acts: this.#acts });
  }

  /**
   * Creates a group with these members: closed, so that its admins alone add others, or open to everybody at this server, its operator included. Throws
   * Refusal (somebody's identity has changed), RequestError `group_exists`, `unknown_user`, Unavailable.
   */
  async create(
    name: string,
    options: { readonly open?: boolean; readonly members?: readonly string[] } = {},
  ): Promise<void> {
    const subjects = await this.#subjects(options.members ?? []);
    const adds = subjects.map((subject): Change => ({ type: 'add', subject }));
    await this.#acts.create(name, options.open ? 'open' : 'closed', adds);
  }

  /** Comes into an open group; a name that no group has becomes a new open one (the lobby, a lobby). Throws RequestError that names the group, Refusal, Unavailable. */
  async join(name: string): Promise<{ readonly created: boolean }> {
    for (let tries = 1; ; tries++) {
      try {
        return { created: await this.#joinOrCreate(name) };
      } catch (error) {
        const race = error instanceof RequestError && (error.code === 'group_exists' || error.code === 'no_such_group');
        if (!race || tries === JOIN_TRIES) throw error;
      }
    }
  }

  /** Throws RequestError `hand_over_first` for the last admin, Refusal, Unavailable. */
  leave(name: string): Promise<void> {
    return this.#act(name, () => [{ type: 'leave' }]);
  }

  /** For everybody and for ever; the name is free then. Throws RequestError, Refusal, Unavailable. */
  delete(name: string): Promise<void> {
    return this.#act(name, () => [{ type: 'delete' }]);
  }

  /** Adds those who are no members yet. Throws RequestError `already_a_member` where all are, Refusal (somebody's identity has changed), Unavailable. */
  async add(name: string, addresses: readonly string[]): Promise<void> {
    const subjects = await this.#subjects(addresses);
    // Of more than fit into one append the rest follows; then nobody is left, and that is no fault.
    let left = 0;
    await this.#act(name, (state) => {
      if (subjects.length === 0) throw new RequestError('already_a_member', `You are a member of #${name} already.`);
      const missing = subjects.filter((subject) => memberOf(state, subject) === undefined);
      const isDone = missing.length === 0 && left >= GROUP_APPEND_MAX_ENTRIES;
      left = missing.length;
      const adding = missing.length > 0 || isDone ? missing : subjects.slice(0, 1);
      return adding.map((subject) => ({ type: 'add', subject }));
    });
  }

  /** Throws RequestError `no_such_member`, `hand_over_first`, `not_an_admin`, Refusal, Unavailable. */
  remove(name: string, address: string): Promise<void> {
    return this.#act(name, (state) => [{ type: 'remove', subject: memberAt(state, address) }]);
  }

  /** Throws likewise. */
  setRole(name: string, address: string, role: GroupRole): Promise<void> {
    return this.#act(name, (state) => [{ type: 'admin', subject: memberAt(state, address), role }]);
  }

  /** The groups that this person is in, as verified here; or all that anybody may join, as the server says. Throws RequestError, Unavailable. */
  async list(own: boolean): Promise<GroupInfo[]> {
    if (own) {
      await this.#sync.done();
      const mine = (await this.known()).filter(({ ended }) => ended === undefined);
      return mine.map(({ name, state }) => ({ name, policy: state.policy, members: state.members.size }));
    }
    const open = await listedGroups(await this.#deps.session(), false);
    return open.groups.map(({ name, policy, members }) => ({ name, policy, members }));
  }

  /** Who is in a group that is known here, by address. Throws Refusal where this person is not in it any more, RequestError `not_a_member`. */
  async members(name: string): Promise<MemberInfo[]> {
    const record = await this.find(name);
    if (record === undefined) throw new RequestError('not_a_member', `You are not a member of #${name}.`);
    if (record.forked === undefined) mustBeUsable(record);
    const pins = new Map((await this.#deps.profile.pins.list()).map((pin) => [pin.address, pin]));
    const infos = [...record.state.members.values()].map((member): MemberInfo => {
      const { address, role } = member;
      const pin = pins.get(address);
      const isVerified = pin?.verified === true && isSame(pin, member);
      return { address, role, verified: address === this.#me.address || isVerified };
    });
    return infos.sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  /** All that this device knows, those that ended included, by conversation. */
  known(): Promise<GroupRecord[]> {
    return this.#deps.profile.groups.list();
  }

  /** What a name means now. For one that is not known, waits for a session, and until that has learned which groups this person is in. */
  async find(name: string): Promise<GroupRecord | undefined> {
    const { profile, session } = this.#deps;
    const { groups } = profile;
    const known = await groups.byName(name);
    if (known !== undefined) return known;
    await session();
    await this.#sync.done();
    return groups.byName(name);
  }

  /** Whether somebody was a member under this identity at an epoch, as far as this device knows the log. */
  async wasMember(record: GroupRecord, epoch: Position, person: Subject): Promise<boolean> {
    return wasMember(record, await this.#deps.profile.groups.entry(record.id, epoch.index), epoch, person);
  }

  /** Fetches what is new of a group, as a device has to that does not receive. Waits for a session. Throws RequestError, Refusal, Unavailable. */
  async update(name: string): Promise<void> {
    const record = await this.find(name);
    if (record !== undefined && record.ended === undefined) await this.refresh(record, await this.#deps.session());
  }

  /** Fetches what is new in a group's log; what the server may not show is told, and changes nothing. Throws RequestError, Unavailable. */
  refresh(record: GroupRecord, connection: Connection): Promise<GroupRecord> {
    return this.#logs.refresh(record, connection);
  }

  /** Entries that a session pushed. Throws only where they are to be taken later (Unavailable, a failing profile). */
  take(pushed: ServerFrameOf<'entries'>, connection: Connection): Promise<void> {
    return this.#logs.take(pushed, connection);
  }

  /** A session began: learns which groups there are, and anchors those in which a device was revoked since. */
  started(connection: Connection): void {
    this.#sync.start(connection);
  }

  /** All that was stored for this device has come in this session. */
  synced(connection: Connection): void {
    this.#sync.synced(connection);
  }

  /** A device of this account was revoked: what it wrote until now counts, and nothing later. Returns at once; the next session does what fails. */
  revoked(connection: Connection | undefined): void {
    if (connection !== undefined) this.#sync.anchor(connection);
  }

  /** Resolves when what a session begins with, and what a revocation asks for, is done. */
  settled(): Promise<void> {
    return this.#sync.done();
  }

  /** Resolves when nothing is written any more; the session has ended. */
  stop(): Promise<void> {
    return this.#sync.stop();
  }

  /** What is known here may be old: a device that does not receive is told of nothing. So nothing is refused before it was looked at anew. */
  async #act(name: string, changes: (state: GroupState) => readonly Change[]): Promise<void> {
    const known = await this.find(name);
    try {
      await this.#acts.act(name, changes);
    } catch (error) {
      if (known === undefined || !(error instanceof RequestError && isFinal(error))) throw error;
      const now = await this.refresh(known, await this.#deps.session());
      if (now.ended === undefined && now.state.position.index === known.state.position.index) throw error;
      await this.#acts.act(name, changes);
    }
  }

  /** Whether it was created. */
  async #joinOrCreate(name: string): Promise<boolean> {
    const { profile, session } = this.#deps;
    const connection = await session();
    try {
      const begun = await this.#logs.start.at(name, connection);
      const known = await profile.groups.byId(begun.record.id);
      if (known === undefined) await this.#acts.join(begun);
      else await this.#acts.rejoin(await this.#logs.refresh(known, connection));
      return false;
    } catch (error) {
      if (!(error instanceof RequestError && error.code === 'no_such_group'))
        throw namingGroup(error, name, { type: 'join' });
      await this.#acts.create(name, parseAddress(name).name === LOBBY ? 'lobby' : 'open', []);
      return true;
    }
  }

  /** Whom these addresses mean, as pinned; oneself and repeats left out. */
  async #subjects(addresses: readonly string[]): Promise<Subject[]> {
    const subjects: Subject[] = [];
    for (const address of new Set(addresses)) {
      if (address === this.#me.address) continue;
      subjects.push(await this.#subject(address));
    }
    return subjects;
  }

  async #subject(address: string): Promise<Subject> {
    const { accounts, session } = this.#deps;
    const { pin } = await accounts.addressee(address, session).catch((error: unknown) => {
      if (!(error instanceof RequestError && error.code === 'unknown_user')) throw error;
      throw new RequestError('unknown_user', `There is no user ${address} here.`);
    });
    if (pin.blocked) throw new Refusal('blocked', `${address} is blocked. Unblock them before you add them.`);
    if (pin.changed === undefined) return { address, identity: pin.identity };
    throw new Refusal(
      'identity_changed',
      `The identity of ${address} has changed: it may be another person. Compare safety numbers, then accept it with trust.`,
    );
  }
}

/** The member as the group has it: whom to remove is not for a pin to say. */
function memberAt({ name, members }: GroupState, address: string): Subject {
  const member = members.get(address);
  if (member !== undefined) return { address, identity: member.identity };
  throw new RequestError('no_such_member', `${address} is not a member of #${name}.`);
}
