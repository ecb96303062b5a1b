// Where a profile lies on a machine with Node: one directory a profile.
import type { ProfileHome, Random } from '../platform.ts';
import type { Stretch, StretchCost } from '../profile/key.ts';
import { createProfile, openProfile } from '../profile/open.ts';
import { sqliteStorage } from './sqlite-storage.ts';
import { nodeStretch } from './stretch.ts';

export type ProfileHomeOptions = {
  readonly directory: string;
  readonly random: Random;
  /** Below STRETCH_COST only for tests and load generators. */
  readonly cost?: StretchCost;
  /** Other than Node's own, for tests. */
  readonly stretch?: Stretch;
};

/** The profile of this directory (0700, files 0600). Both methods throw ProfileError; `open` makes no files where there is no profile. */
export function nodeProfileHome({ directory, random, cost, stretch = nodeStretch }: ProfileHomeOptions): ProfileHome {
  return {
    create: async (account, password) =>
      createProfile({ storage: sqliteStorage({ directory, create: true }), random, stretch }, account, password, cost),
    open: async (password) =>
      openProfile({ storage: sqliteStorage({ directory, create: false }), random, stretch }, password),
  };
}
