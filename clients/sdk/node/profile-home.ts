// Where a profile lies on a machine with Node: one directory a profile.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProfileHome, Random } from '../platform.ts';
import type { Stretch, StretchCost } from '../profile/key.ts';
import { createProfile, openProfile } from '../profile/open.ts';
import { exists } from '../profile/problems.ts';
import { HEADER_SPACE, SINGLE } from '../profile/spaces.ts';
import { makeDirectory } from './directory.ts';
import { explained } from './sqlite-errors.ts';
import { FILE, sqliteStorage } from './sqlite-storage.ts';
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

/** Makes the directory, if need be. Throws ProfileError where `create` could make no profile: then nobody need be asked for a password first. */
export async function prepareProfileDirectory(directory: string): Promise<void> {
  explained(directory, () => {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
  });
  if (!existsSync(join(directory, FILE))) return;
  const storage = sqliteStorage({ directory, create: false });
  try {
    if (await storage.read((tx) => tx.get(HEADER_SPACE, SINGLE))) throw exists();
  } finally {
    await storage.close();
  }
}
