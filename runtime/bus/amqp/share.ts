// Who should own which partition: the same answer on every instance that sees the same others alive, without asking anybody
// (DESIGN section 2, Share). Pure.
import { hash32 } from '../../partitions.ts';

/** Who should own a partition, and who waits beside it so that a take-over needs no declaration. */
export type Place = { readonly owner: string; readonly standby: string | undefined };

/**
 * The place of each partition 0 … partitions − 1 among the instances that take part in a kind; empty if there are none. In the order of
 * the partitions, each goes to the best rendezvous score among the instances that own fewer than ceil(P / n) so far; the best of the others is its standby.
 */
export function shareOf(kind: string, partitions: number, instances: readonly string[]): readonly Place[] {
  const most = Math.ceil(partitions / instances.length);
  const owned = new Map(instances.map((instance) => [instance, 0]));
  const places: Place[] = [];
  for (let partition = 0; partition < partitions && instances.length > 0; partition += 1) {
    const ranked = [...instances].sort(byScore(`${kind}.${partition}`));
    const owner = ranked.find((instance) => (owned.get(instance) ?? 0) < most) ?? '';
    owned.set(owner, (owned.get(owner) ?? 0) + 1);
    places.push({ owner, standby: ranked.find((instance) => instance !== owner) });
  }
  return places;
}

/** Best first; equal scores by name, so that every instance agrees. */
function byScore(queue: string): (a: string, b: string) => number {
  return (a, b) => hash32(`${b} ${queue}`) - hash32(`${a} ${queue}`) || (a < b ? -1 : 1);
}
