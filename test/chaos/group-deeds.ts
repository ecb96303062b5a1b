// Whether what people were told of their own acts is true: what was done stands in the log, once; what was refused could not be done as the
// group was, or as they knew it; and nothing stands in the log that nobody did.
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { Refusal } from '../../clients/sdk/refusal.ts';
import type { LoggedEntry, LoggedGroup } from './group-ledger.ts';
import { fulfils, type Standing, standingsOf, whyNot } from './group-model.ts';
import type { Deed, World } from './group-world.ts';

/** What a message came to, as its sender was told. */
export type Outcomes = ReadonlyMap<Deed, string | undefined>;

/** What is wrong, a line for each deed. */
export function faultsOfDeeds(world: World, outcomes: Outcomes): string[] {
  const faults: string[] = [];
  const claimed = new Set<LoggedEntry>();
  for (const deed of world.deeds) {
    const groups = world.ledger.named(deed.group);
    const logs = groups.map((group) => `${before(deed, group)} of ${group.entries.map(lineOf).join('; ')}`).join(' | ');
    const isWrong = (why: string) =>
      faults.push(
        `${deed.by} ${JSON.stringify(deed.wish)} in ${deed.group}: ${why}; knew ${deed.knew?.index}, ${logs}`,
      );
    const { error, sent } = deed;
    if (error !== undefined) {
      if (!isAllowed(deed, codeOf(error), groups, world.hurt) && !(world.hurt && isPassing(error)))
        isWrong(`refused with ${codeOf(error)} (${error.message}), for which there was no reason`);
    } else if (sent === undefined) {
      if (!claim(deed, groups, claimed, world.hurt)) isWrong('done, as they were told; the log does not have it');
    } else {
      const isThere = groups.some(({ messages }) => messages.some(({ id }) => id === sent.id));
      const outcome = outcomes.get(deed);
      if ((outcome === 'accepted') !== isThere) {
        isWrong(`${outcome}, as they were told, and ${isThere ? 'in' : 'not in'} the group’s order`);
      } else if (!isThere && !isAllowed(deed, 'not_a_member', groups, true)) isWrong('refused without reason');
    }
  }
  if (world.hurt) return faults;
  for (const { name, entries } of world.groups) {
    for (const logged of entries) {
      const { index, actor, change } = logged.entry;
      if (!claimed.has(logged))
        faults.push(`entry ${index} of ${name}, ${change.type} by ${actor.address}: nobody did it`);
    }
  }
  return faults;
}

/** Which entries there were before and after. */
function before(deed: Deed, { id }: LoggedGroup): string {
  return `entries ${deed.before.get(id) ?? 0} to ${deed.after.get(id) ?? 0}`;
}

function lineOf({ entry: { actor, change } }: LoggedEntry): string {
  return `${actor.address} ${change.type} ${'subject' in change ? change.subject.address : ''}`.trim();
}

function codeOf(error: Error): string {
  if (error instanceof RequestError) return error.code;
  return error instanceof Refusal ? error.reason : error.name;
}

/** What may come of a server that is hurt: to be tried again. */
function isPassing(error: Error): boolean {
  return error instanceof Unavailable || (error instanceof RequestError && error.retry);
}

/** Whether there was a moment, from what they knew on, at which this was the answer. `late`: it may have been judged at any time since. */
function isAllowed(deed: Deed, code: string, groups: readonly LoggedGroup[], late: boolean): boolean {
  const { by, wish, knew, before, after } = deed;
  const moments: (Standing | undefined)[] = [];
  const wasThere = groups.some(({ id }) => (before.get(id) ?? 0) > 0);
  if (knew === undefined || !wasThere) moments.push(undefined);
  for (const { id, entries } of groups) {
    const known = id === knew?.id ? knew.index : (before.get(id) ?? 1) - 1;
    const end = late ? entries.length : (after.get(id) ?? 0);
    moments.push(...standingsOf(entries).slice(knew === undefined ? 0 : known, end));
  }
  return moments.some((standing) => whyNot(standing, by, wish).includes(code));
}

/** Finds what the log has of it, and takes it: another act needs entries of its own. */
function claim(deed: Deed, groups: readonly LoggedGroup[], claimed: Set<LoggedEntry>, late: boolean): boolean {
  const { by, wish, before, after } = deed;
  for (const { id, entries } of groups) {
    const during = entries.slice(before.get(id) ?? 0, late ? undefined : after.get(id));
    const its = during.filter((entry) => !claimed.has(entry) && fulfils(entry, by, wish));
    if (its.length === 0) continue;
    const subjects = new Set<string>();
    for (const entry of its) {
      const { change } = entry.entry;
      const subject = 'subject' in change ? change.subject.address : '';
      if (subjects.has(subject)) continue;
      subjects.add(subject);
      claimed.add(entry);
      if (wish.type !== 'create' && wish.type !== 'add') break;
    }
    return true;
  }
  return false;
}
