// Why no number is given twice after a restore: clients may have gone further than the backup. They know group messages by their numbers, and
// a second message under a known one would stand among what was read long ago. So the groups' numbers go on far beyond those of the
// backup, by a record that has numbers and nothing else.
import type { GroupStore } from '../../services/groups/store.ts';

/** More than a group is given between a backup and its restore. A client has room for 2³² numbers: for 4,000 restores. */
const JUMP_NUMBERS = 1_000_000;
/** More starts and hand-overs than there are between them. */
export const JUMP_EPOCHS = 1_000_000;

/** `next`: the next number of the name's sequence, as its store knows it after this; undefined: no group ever had the name. */
export async function jumpNumbers(
  store: Pick<GroupStore, 'load' | 'write'>,
  name: string,
  now: number,
): Promise<number | undefined> {
  const kept = await store.load(name);
  if (kept === undefined) return undefined;
  const { group, base, next } = kept;
  await store.write(name, [{ n: next, count: JUMP_NUMBERS, at: now, group, base, marks: [], first: 0, entries: [] }]);
  return next;
}
