// Decides whether two owners ever both changed the store (DESIGN section 2, The store is the fence): from what each owner wrote down of its
// turns, and from the epochs that the store gave. Owners may overlap, because one that was frozen does not know; changes may not.

/** What an owner writes down: once the store gave it an epoch, and once the store took what a turn wrote. */
export type OwnerLog =
  | { readonly type: 'took'; readonly partition: number; readonly epoch: number }
  | {
      readonly type: 'wrote';
      readonly key: string;
      readonly partition: number;
      /** What the fence keeps apart: the length of an account log, or the number of a chunk. */
      readonly at: string;
      /** Of the messages in it. */
      readonly ids: readonly string[];
    };

export type Logged = OwnerLog & { readonly instance: string };

type Writer = { readonly instance: string; readonly epoch: number; readonly ids: string };

/** What is wrong, a line each; `log`: of each instance in its own order. */
export function doubleChangesOf(log: readonly Logged[]): string[] {
  const faults: string[] = [];
  const takers = new Map<string, string>();
  const epochs = new Map<string, number>();
  const writers = new Map<string, Writer>();
  for (const entry of log) {
    const { instance, partition } = entry;
    const own = `${instance} ${partition}`;
    if (entry.type === 'took') {
      const { epoch } = entry;
      const taken = `${partition} ${epoch}`;
      const other = takers.get(taken);
      if (other !== undefined)
        faults.push(`epoch ${epoch} of partition ${partition} was given to ${other} and ${instance}`);
      if (epoch <= (epochs.get(own) ?? 0))
        faults.push(`${instance} was given epoch ${epoch} of partition ${partition} late`);
      takers.set(taken, instance);
      epochs.set(own, epoch);
      continue;
    }
    const { key, at } = entry;
    const ids = entry.ids.join();
    const epoch = epochs.get(own);
    if (epoch === undefined) faults.push(`${instance} changed ${key} without ever having had partition ${partition}`);
    const writer = { instance, epoch: epoch ?? 0, ids };
    const before = writers.get(`${key} ${at}`);
    const isSame = ids !== '' && before?.ids === ids; // a turn that was run again by the next owner: it changed nothing
    if (before && !isSame) faults.push(`${key} ${at} was changed by ${nameOf(before)} and by ${nameOf(writer)}`);
    else writers.set(`${key} ${at}`, writer);
  }
  return faults;
}

/** Keys that more than one instance changed: without any, nothing was decided. */
export function contestedOf(log: readonly Logged[]): string[] {
  const writers = new Map<string, Set<string>>();
  for (const entry of log) {
    if (entry.type === 'wrote') writers.set(entry.key, (writers.get(entry.key) ?? new Set()).add(entry.instance));
  }
  return [...writers].flatMap(([key, instances]) => (instances.size > 1 ? [key] : []));
}

const nameOf = ({ instance, epoch }: Writer): string => `${instance} under epoch ${epoch}`;
