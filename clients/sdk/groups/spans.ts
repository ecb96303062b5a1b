// Who was in a group when, and why this person is not in it any more, as the entries of its log go by (DESIGN section 6).
import { equalBytes } from '#protocol/bytes.ts';
import type { GroupEntry, Subject } from '#protocol/group-entry.ts';
import { type GroupState, memberOf } from '#protocol/group-state.ts';
import type { Ended, Span } from '../profile/profile.ts';

export function isSame(a: Subject, b: Subject): boolean {
  return a.address === b.address && equalBytes(a.identity, b.identity);
}

/** Whether somebody was there before or after the entry of this index: then it is news to them. */
export function concerns(index: number, spans: readonly Span[], person: Subject): boolean {
  return spans.some((span) => isSame(span, person) && span.from <= index && index <= (span.to ?? index));
}

/** The spans after these entries. Another identity under an address ends the span of the one before. */
export function spansAfter(spans: readonly Span[], entries: readonly GroupEntry[]): Span[] {
  const after = [...spans];
  const end = (address: string, to: number) => {
    const open = after.findIndex((span) => span.address === address && span.to === undefined);
    const span = after[open];
    if (span !== undefined) after[open] = { ...span, to };
  };
  const begin = ({ address, identity }: Subject, from: number) => {
    end(address, from);
    after.push({ address, identity: identity.slice(), from });
  };
  for (const { index, actor, change } of entries) {
    switch (change.type) {
      case 'create':
      case 'join':
        begin(actor, index);
        break;
      case 'add':
        begin(change.subject, index);
        break;
      case 'remove':
        end(change.subject.address, index);
        break;
      case 'leave':
        end(actor.address, index);
    }
  }
  return after;
}

/** Why `me` is no member of `state`, which the last of `entries` made; undefined if it is one. `before`: the same ahead of them. */
export function endedAfter(
  before: Ended | undefined,
  entries: readonly GroupEntry[],
  state: GroupState,
  me: Subject,
): Ended | undefined {
  const last = entries.findLast(({ change, actor }) => {
    if (change.type === 'delete') return true;
    return change.type === 'leave' ? actor.address === me.address : takesFrom(change, me);
  });
  if (!state.deleted && memberOf(state, me) !== undefined) return undefined;
  if (last === undefined) return before;
  const how = last.change.type === 'delete' ? 'deleted' : last.change.type === 'leave' ? 'left' : 'removed';
  return { how, by: last.actor.address, at: last.time };
}

/** Removed, or another identity was put in one's place. */
function takesFrom(change: GroupEntry['change'], me: Subject): boolean {
  return (change.type === 'remove' || change.type === 'add') && change.subject.address === me.address;
}
