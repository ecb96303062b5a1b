// A profile in memory, for tests and load generators: hundreds of clients in one process, of which nothing is left when that ends.
import { bulkNode } from '../crypto/bulk.node.ts';
import type { ProfileHome } from '../platform.ts';
import { MemoryPlace, memoryStorage } from '../profile/memory-storage.ts';
import { createProfile, openProfile } from '../profile/open.ts';
import { nodeRandom } from './platform.ts';
import { nodeStretch } from './stretch.ts';

/** One that costs nothing to try: there is no file that somebody could take away. */
const COST = { memoryKiB: 64, passes: 1, lanes: 1 };

export function memoryProfileHome(): ProfileHome {
  const place = new MemoryPlace();
  const deps = () => ({ storage: memoryStorage(place), random: nodeRandom, stretch: nodeStretch, bulk: bulkNode });
  return {
    create: (account, password) => createProfile(deps(), account, password, COST),
    open: (password) => openProfile(deps(), password),
  };
}
