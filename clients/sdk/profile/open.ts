// Making, opening and closing a profile on any storage. What a machine brings (storage, random source, Argon2id) is passed in.
import { accountPart, type KeyKeeper, readAccount } from './account.ts';
import type { Context } from './context.ts';
import { journalOf } from './events.ts';
import { groupsPart } from './groups.ts';
import { historyPart } from './history.ts';
import { isCurrent, newProfileKey, STRETCH_COST, type Stretch, type StretchCost, unwrapKey, wrapKey } from './key.ts';
import { pinsPart } from './pins.ts';
import { exists, missing } from './problems.ts';
import type { NewAccount, Profile } from './profile.ts';
import { receivingPart } from './receiving.ts';
import { SealedRecords, type SealedRecordsDeps } from './sealed-records.ts';
import { sendingPart } from './sending.ts';
import { ACCOUNT, HEADER_SPACE, Places, SINGLE } from './spaces.ts';
import { type Upgrading, upgrade } from './upgrade.ts';
import { uploadsPart } from './uploading.ts';

export type ProfileDeps = SealedRecordsDeps & { readonly stretch: Stretch; readonly upgrading?: Upgrading };

/**
 * Makes a profile in an empty storage: header and account in one transaction. ProfileError `exists` if there is one. A `cost` below STRETCH_COST
 * is for tests and load generators only. On any error the storage is closed.
 */
export async function createProfile(
  deps: ProfileDeps,
  account: NewAccount,
  password: string,
  cost: StretchCost = STRETCH_COST,
): Promise<Profile> {
  const { storage, random, stretch } = deps;
  try {
    if (await storage.read((tx) => tx.get(HEADER_SPACE, SINGLE))) throw exists();
    const profileKey = newProfileKey(random);
    const header = await wrapKey(profileKey, password, cost, stretch, random);
    const records = new SealedRecords(deps, profileKey);
    await records.write(async (tx, plain) => {
      if (await plain.get(HEADER_SPACE, SINGLE)) throw exists();
      await plain.put(HEADER_SPACE, SINGLE, header);
      tx.put(ACCOUNT, SINGLE, { ...account, passwordVersionSeen: account.passwordVersion });
    });
    return profileOn(records, account, { storage, random, stretch, profileKey });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** Unlocks a profile. ProfileError `missing`, `wrong_password`, `corrupt`, `foreign`, `unknown_version`; then the storage is closed. */
export async function openProfile(deps: ProfileDeps, password: string): Promise<Profile> {
  const { storage, random, stretch } = deps;
  try {
    const header = await storage.read((tx) => tx.get(HEADER_SPACE, SINGLE));
    if (header === undefined) throw missing();
    const profileKey = await unwrapKey(header, password, stretch);
    const records = new SealedRecords(deps, profileKey);
    const account = await records.read(readAccount);
    if (!isCurrent(header)) await upgrade(records, deps.upgrading);
    return profileOn(records, account, { storage, random, stretch, profileKey });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

function profileOn(records: SealedRecords, self: Context['self'], keeper: KeyKeeper): Profile {
  const { storage } = keeper;
  const { address, device } = self;
  const context: Context = { records, places: new Places(records), self: { address, device } };
  const journal = journalOf(context, storage);
  const forget = () => {
    records.forget();
    keeper.profileKey.fill(0);
  };
  return {
    account: accountPart(context, keeper),
    pins: pinsPart(context),
    sending: sendingPart(context),
    receiving: receivingPart(context),
    history: historyPart(context),
    groups: groupsPart(context),
    uploads: uploadsPart(context),
    events: journal.part,
    tryReceiverLock: () => storage.tryLock('receiver'),
    async close() {
      await journal.stop();
      await storage.close();
      forget();
    },
    async erase() {
      await journal.stop();
      await storage.erase({ space: HEADER_SPACE, key: SINGLE });
      forget();
    },
  };
}
