// Which partition an actor belongs to (DESIGN section 2). Recorded in the store at first start, because queues are named after it.

/** P of a new deployment. Doubling it later splits each partition in two. */
export const PARTITIONS_DEFAULT = 16;

/** floor(hash32(key) × P / 2³²): 0 … partitions − 1. */
export function partitionOf(key: string, partitions: number): number {
  return Math.floor((hash32(key) * partitions) / 2 ** 32);
}

/** FNV-1a over UTF-16 units, finished with MurmurHash3's fmix32, because the upper bits decide and FNV-1a alone mixes them badly. */
export function hash32(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
