// A group as its actor holds it: where its log stands, and what else has to be known of it to decide.
import { encodeBase64 } from '#protocol/base64.ts';
import { decodeGroupEntry, statesState } from '#protocol/group-entry.ts';
import { replayGroupLog } from '#protocol/group-log.ts';
import type { GroupState } from '#protocol/group-state.ts';

export type Standing = {
  readonly state: GroupState;
  /** Base64 of the group's id and of its head: as messages name them. */
  readonly group: string;
  readonly head: string;
  /** address → the epoch since which they have been in it, of those who are. */
  readonly since: ReadonlyMap<string, number>;
  /** address → the index of the entry by which they last came in, of all who ever did. */
  readonly came: ReadonlyMap<string, number>;
  /** address → the epoch with which they went, of those who were in it and are not. */
  readonly until: ReadonlyMap<string, number>;
  /** As of the last entry that states its state: where newcomers begin. */
  readonly stated: GroupState;
  /** The number in the name's sequence before the group's first (store.ts). */
  readonly base: number;
};

/** The group after further entries, which were verified before; without `before`, they begin with the one that creates it. */
export function follow(before: Standing | undefined, entries: readonly Uint8Array[], base: number): Standing {
  const [since, until, came] = [new Map(before?.since), new Map(before?.until), new Map(before?.came)];
  const comes = (address: string, index: number) => {
    since.set(address, index);
    came.set(address, index);
    until.delete(address);
  };
  const goes = (address: string, index: number) => {
    since.delete(address);
    until.set(address, index);
  };
  let stating = 0;
  entries.forEach((bytes, at) => {
    const { index, actor, change } = decodeGroupEntry(bytes);
    if (statesState(index, change.type)) stating = at + 1;
    if (change.type === 'create' || change.type === 'join') comes(actor.address, index);
    else if (change.type === 'add') comes(change.subject.address, index);
    else if (change.type === 'remove') goes(change.subject.address, index);
    else if (change.type === 'leave') goes(actor.address, index);
  });
  const stated = stating > 0 ? replayGroupLog(entries.slice(0, stating), before?.state) : before?.stated;
  const from = stating > 0 ? stated : before?.state;
  const state = stating < entries.length ? replayGroupLog(entries.slice(stating), from) : from;
  if (!state || !stated) throw new Error('A group has at least one entry.');
  const names = { group: encodeBase64(state.group), head: encodeBase64(state.position.head) };
  return { state, ...names, since, until, came, stated, base };
}

/** Undefined: there is no group, or none any more. */
export function existing(standing: Standing | undefined): Standing | undefined {
  return standing?.state.deleted ? undefined : standing;
}
