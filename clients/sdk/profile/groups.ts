// What is known of groups: one record a group, found by its id, by its conversation, or as what its name means now; and the entries of its log.
// A record changes in one transaction with its entries and events.
import { decodeMembership, encodeMembership } from '#protocol/group-state.ts';
import { appendEvents, type Context } from './context.ts';
import type { GroupRecord, GroupsPart } from './profile.ts';
import type { RecordReader } from './sealed-records.ts';
import { GROUP_ENTRIES, GROUP_IDS, GROUPS, type StoredGroup } from './spaces.ts';

export function groupsPart({ records, places }: Context): GroupsPart {
  async function byId(tx: RecordReader, id: Uint8Array): Promise<GroupRecord | undefined> {
    const stored = await tx.get(GROUPS, places.group(id));
    return stored && restored(stored);
  }

  async function by(tx: RecordReader, key: Uint8Array): Promise<GroupRecord | undefined> {
    const meant = await tx.get(GROUP_IDS, key);
    return meant && byId(tx, meant.id);
  }

  return {
    get: (conversation) => records.read((tx) => by(tx, places.conversation(conversation))),

    byId: (id) => records.read((tx) => byId(tx, id)),

    byName: (name) => records.read((tx) => by(tx, places.groupName(name))),

    list: () =>
      records.read(async (tx) => {
        const groups = (await tx.range(GROUPS, {})).map(({ value }) => restored(value));
        return groups.sort((a, b) => (a.conversation < b.conversation ? -1 : 1));
      }),

    entry: (id, index) => records.read((tx) => tx.get(GROUP_ENTRIES, places.groupEntry(id, index))),

    update: (id, name, change) =>
      records.write(async (tx) => {
        const now = await byId(tx, id);
        const changed = change(now, await by(tx, places.groupName(name)));
        if (changed === undefined) return now;
        const { record, entries = [], events = [] } = changed;
        tx.put(GROUPS, places.group(id), stored(record));
        if (now === undefined) {
          tx.put(GROUP_IDS, places.conversation(record.conversation), { id });
          tx.put(GROUP_IDS, places.groupName(name), { id });
        }
        for (const entry of entries) tx.put(GROUP_ENTRIES, places.groupEntry(id, entry.index), entry);
        await appendEvents(tx, events);
        return record;
      }),
  };
}

function stored({ state, ...rest }: GroupRecord): StoredGroup {
  const { policy, members, refused, actors, ...kept } = state;
  const membership = encodeMembership({ policy, members, refused });
  return { ...rest, state: { ...kept, membership, actors: [...actors] } };
}

function restored({ state, ...rest }: StoredGroup): GroupRecord {
  const { membership, actors, ...kept } = state;
  return { ...rest, state: { ...kept, ...decodeMembership(membership), actors: new Map(actors) } };
}
