// Where a profile lies on a machine with Node: one directory a profile.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { bulkNode } from '../crypto/bulk.node.ts';
import type { ProfileHome, Random } from '../platform.ts';
import type { Stretch, StretchCost } from '../profile/key.ts';
import { createProfile, openProfile } from '../profile/open.ts';
import { exists } from '../profile/problems.ts';
import { HEADER_SPACE, SINGLE } from '../profile/spaces.ts';
import type { Upgrading } from '../profile/upgrade.ts';
import { makeDirectory, removeEmpty } from './directory.ts';
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
  /** A profile of an earlier version becomes one of this version. */
  readonly upgrading?: Upgrading | undefined;
};

/** The profile of this directory (0700, files 0600). Both methods throw ProfileError; `open` makes no files where there is no profile. */
export function nodeProfileHome({
  directory,
  random,
  cost,
  stretch = nodeStretch,
  upgrading = () => {},
}: ProfileHomeOptions): ProfileHome {
  return {
    create: async (account, password) =>
      createProfile(
        { storage: sqliteStorage({ directory, create: true }), random, stretch, bulk: bulkNode },
        account,
        password,
        cost,
      ),
    open: async (password) =>
      openProfile(
        { storage: sqliteStorage({ directory, create: false }), random, stretch, bulk: bulkNode, upgrading },
        password,
      ),
  };
}

/**
 * Makes the directory, if need be. Throws ProfileError where `create` could make no profile: then nobody need be asked for a password first.
 * Returns what removes the directories that it made, those that are still empty: for whoever makes no profile after all.
 */
export async function prepareProfileDirectory(directory: string): Promise<() => void> {
  const made = explained(directory, () => {
    const directories = makeDirectory(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
    return directories;
  });
  const undo = () => removeEmpty(made);
  if (!existsSync(join(directory, FILE))) return undo;
  const storage = sqliteStorage({ directory, create: false });
  try {
    if (await storage.read((tx) => tx.get(HEADER_SPACE, SINGLE))) throw exists();
    return undo;
  } finally {
    await storage.close();
  }
}
