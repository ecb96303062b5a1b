// What is done about groups when a session begins: a device learns those that this person is in, groups that the server shows no more are looked
// at, and groups in which a revoked device of this account had written are anchored (DESIGN section 6).
import { encodeBase64 } from '#protocol/base64.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { memberOf } from '#protocol/group-state.ts';
import { GAP_WAIT_MS } from '#protocol/limits.ts';
import type { Connection } from '../connection.ts';
import { type ClientEvent, trouble } from '../events.ts';
import type { Timers } from '../platform.ts';
import type { GroupRecord } from '../profile/profile.ts';
import { isFinal } from '../refusal.ts';
import type { GroupActs } from './acts.ts';
import { listedGroups } from './list.ts';
import type { GroupLogs } from './logs.ts';
import type { GroupStartDeps } from './start.ts';

export type GroupSyncDeps = GroupStartDeps & {
  readonly logs: GroupLogs;
  readonly acts: GroupActs;
  readonly timers: Timers;
  emit(event: ClientEvent): void;
};

export class GroupSync {
  readonly #deps: GroupSyncDeps;
  #running: Promise<void> = Promise.resolve();
  #synced: Connection | undefined;
  #cancel: (() => void) | undefined;

  constructor(deps: GroupSyncDeps) {
    this.#deps = deps;
  }

  /** Begins it for this session, behind what an earlier one began. */
  start(connection: Connection): void {
    this.#running = this.#running.then(() => this.#run(connection));
  }

  /** The session has ended, and no other begins. Resolves when nothing of it is under way. */
  stop(): Promise<void> {
    this.#cancel?.();
    this.#synced = undefined;
    return this.#running;
  }

  /** Resolves when nothing of it is under way. */
  done(): Promise<void> {
    return this.#running;
  }

  /**
   * All that was stored for this device has come. What else the server does not show of a group, or does not hand on, is told once a removal that was on
   * its way, and a mailbox that moved, would have come, too.
   */
  synced(connection: Connection): void {
    // Said again, it begins no time anew.
    if (connection === this.#synced) return;
    this.#cancel?.();
    this.#synced = connection;
    this.#awaitLate(connection);
  }

  /** Something is known that the server has not handed to this device: in a session to which it hands such, it has as long at most. */
  behind(connection: Connection): void {
    if (connection === this.#synced && this.#cancel === undefined) this.#awaitLate(connection);
  }

  #awaitLate(connection: Connection): void {
    this.#cancel = this.#deps.timers.after(GAP_WAIT_MS, () => {
      this.#cancel = undefined;
      if (connection.state !== 'ready') return;
      this.#running = this.#running.then(() => this.#passing(connection, () => this.#deps.logs.tellLate(connection)));
    });
  }

  /** Anchors what is to be anchored in this session, behind what is under way. */
  anchor(connection: Connection): void {
    this.#running = this.#running.then(() => this.#passing(connection, () => this.#anchor()));
  }

  /**
   * Has this device write into each group in which this account had last written before it revoked a device: what that one wrote until now counts,
   * and nothing that it signs later. Throws RequestError, Unavailable.
   */
  async #anchor(): Promise<void> {
    const { accounts, me, profile, acts } = this.#deps;
    const known = await accounts.known(me.address);
    const revocations = [...(known?.state.devices.values() ?? [])].map(({ revoked }) => revoked?.index ?? -1);
    const last = Math.max(-1, ...revocations);
    const identity = encodeBase64(me.identity);
    const isAhead = ({ state: { actors } }: GroupRecord) => (actors.get(identity) ?? last) < last;
    for (const record of await profile.groups.list()) {
      const isMine = record.ended === undefined && record.forked === undefined;
      if (!isMine || memberOf(record.state, me) === undefined || !isAhead(record)) continue;
      await acts.actIn(record, (state) => ((state.actors.get(identity) ?? last) < last ? [{ type: 'anchor' }] : []));
    }
  }

  #run(connection: Connection): Promise<void> {
    return this.#passing(connection, async () => {
      await this.#learn(connection);
      await this.#anchor();
    });
  }

  /** Never throws. */
  async #passing(connection: Connection, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // A session that ended, or a server that cannot now: the next session asks again.
      if (error instanceof Unavailable || (error instanceof RequestError && error.retry)) return;
      if (connection.state === 'ready') this.#deps.emit(trouble(error));
    }
  }

  async #learn(connection: Connection): Promise<void> {
    const { profile, logs, me } = this.#deps;
    const known = await profile.groups.list();
    const { groups, complete } = await listedGroups(connection, true);
    const listed = new Set(groups.map(({ group }) => group));
    for (const { name, group } of groups) {
      const record = known.find(({ id }) => encodeBase64(id) === group);
      if (record === undefined) await logs.learn({ name, group }, connection);
      else if (record.ended !== undefined && record.ended.how !== 'deleted') await logs.refresh(record, connection);
    }
    for (const record of known) {
      const isMine = record.ended === undefined && memberOf(record.state, me) !== undefined;
      if (complete && isMine && !listed.has(encodeBase64(record.id)))
        await ignoringFinal(logs.refresh(record, connection));
    }
  }
}

/** What the server refuses for good is no news: it was told where it matters. */
async function ignoringFinal(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isFinal(error)) throw error;
  });
}
