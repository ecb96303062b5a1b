// What a group is written as when this device comes to know it: under its name, or beside another group that is known by that name.
import { equalBytes, toHex } from '#protocol/bytes.ts';
import type { Clock } from '../platform.ts';
import type { GroupRecord, KeptEntry, NewEvent, Profile } from '../profile/profile.ts';
import { type Advanced, inConversation } from './log.ts';
import type { Range } from './untold.ts';

/** Of the id in the name of a conversation, where the name alone means another group. */
const ID_HEX_DIGITS = 8;

export type KeepDeps = { readonly profile: Profile; readonly clock: Clock };

/** Writes a group that the server has under its name now, whatever was known by that name. Resolves with the record as it is then. */
export async function keep(deps: KeepDeps, begun: Advanced): Promise<GroupRecord> {
  for (;;) {
    const kept = await keepBeside(deps, begun, await deps.profile.groups.byName(begun.record.name));
    if (kept !== undefined) return kept;
  }
}

/**
 * Writes a group that the server had under its name while that meant `named` here; another group under the name is told. Resolves with the record as it
 * is then. Undefined: the name means another group by now, and what the server said may be older.
 */
export async function keepBeside(
  { profile, clock }: KeepDeps,
  begun: Advanced,
  named: GroupRecord | undefined,
): Promise<GroupRecord | undefined> {
  const { id, name } = begun.record;
  const update = inConversation(begun, named === undefined ? `#${name}` : await freeConversation(profile, name, id));
  const { conversation } = update.record;
  return profile.groups.update(id, name, (now, meant) => {
    // Another process, or what the server has pushed, may have been faster, and knows as much.
    if (now !== undefined || !isSameGroup(named, meant)) return undefined;
    if (named === undefined) return update;
    const reason = `What you knew as #${name} stays in ${named.conversation}.`;
    const other: NewEvent = { type: 'group', conversation, change: 'other_group', reason, at: clock.now() };
    return { ...update, events: [other, ...update.events] };
  });
}

/** Those of these entries that are kept, oldest first. */
export async function keptEntries(
  { groups }: Profile,
  { id }: GroupRecord,
  { first, last }: Range,
): Promise<KeptEntry[]> {
  const kept: KeptEntry[] = [];
  for (let index = first; index <= last; index++) {
    const entry = await groups.entry(id, index);
    if (entry !== undefined) kept.push(entry);
  }
  return kept;
}

function isSameGroup(a: GroupRecord | undefined, b: GroupRecord | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a.id, b.id);
}

async function freeConversation({ groups }: Profile, name: string, id: Uint8Array): Promise<string> {
  const hex = toHex(id);
  // Whoever creates a group may choose the beginning of its id, at some cost.
  for (let digits = ID_HEX_DIGITS; digits < hex.length; digits += ID_HEX_DIGITS) {
    const conversation = `#${name}/${hex.slice(0, digits)}`;
    if ((await groups.get(conversation)) === undefined) return conversation;
  }
  return `#${name}/${hex}`;
}
