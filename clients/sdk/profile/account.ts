// The account and device of a profile, its session numbers, and the change of the password that wraps its key.
import type { Random } from '../platform.ts';
import type { Context } from './context.ts';
import { costOf, type Stretch, wrapKey } from './key.ts';
import { damaged } from './problems.ts';
import type { Account, AccountPart, DeviceId } from './profile.ts';
import type { RecordReader, RecordWriter } from './sealed-records.ts';
import { ACCOUNT, type AccountRecord, HEADER_SPACE, SESSION, SINGLE } from './spaces.ts';
import type { ProfileStorage } from './storage.ts';

export type KeyKeeper = {
  readonly storage: ProfileStorage;
  readonly profileKey: Uint8Array;
  readonly stretch: Stretch;
  readonly random: Random;
};

export function accountPart({ records }: Context, keeper: KeyKeeper): AccountPart {
  async function change(changed: (account: AccountRecord) => AccountRecord): Promise<void> {
    await records.write(async (tx) => tx.put(ACCOUNT, SINGLE, changed(await readAccount(tx))));
  }

  return {
    get: () =>
      records.read(async (tx) => {
        const account = await readAccount(tx);
        return { ...account, passwordChanged: account.passwordVersionSeen > account.passwordVersion } satisfies Account;
      }),

    setServers: (servers) => change((account) => ({ ...account, servers })),

    setSureTime: (sureTime) => change((account) => ({ ...account, sureTime })),

    setReceipts: (receipts) => change((account) => ({ ...account, receipts })),

    setVisible: (visible) => change((account) => ({ ...account, visible })),

    nameThisDevice: (name) => change((account) => ({ ...named(account, account.device, name, 0), nameTold: [] })),
    nameDevice: (device, name, seq) =>
      change((account) =>
        seq > (account.deviceNames?.[device]?.seq ?? 0) ? named(account, device, name, seq) : account,
      ),
    toldName: (nameTold) => change((account) => ({ ...account, nameTold })),

    setGone: (gone) =>
      records.write(async (tx) => {
        const { gone: before, ...account } = await readAccount(tx);
        if (gone !== before) tx.put(ACCOUNT, SINGLE, gone === undefined ? account : { ...account, gone });
      }),

    nextSessionNumber: () =>
      records.write(async (tx) => {
        const number = ((await tx.get(SESSION, SINGLE))?.number ?? 0) + 1;
        tx.put(SESSION, SINGLE, { number });
        return number;
      }),

    sawPasswordVersion: (version) =>
      change((account) => ({ ...account, passwordVersionSeen: Math.max(version, account.passwordVersionSeen) })),

    async rewrap(password, passwordVersion) {
      const header = await keeper.storage.read((tx) => tx.get(HEADER_SPACE, SINGLE));
      if (header === undefined) throw damaged('its header is gone');
      // Stretching takes long and awaits a thread: before the transaction, not in it.
      const wrapped = await wrapKey(keeper.profileKey, password, costOf(header), keeper.stretch, keeper.random);
      await records.write(async (tx, storage) => {
        const account = await readAccount(tx);
        await storage.put(HEADER_SPACE, SINGLE, wrapped);
        const passwordVersionSeen = Math.max(passwordVersion, account.passwordVersionSeen);
        tx.put(ACCOUNT, SINGLE, { ...account, passwordVersion, passwordVersionSeen });
      });
      await records.scrub();
    },
  };
}

function named(account: AccountRecord, device: DeviceId, name: string, seq: number): AccountRecord {
  return { ...account, deviceNames: { ...account.deviceNames, [device]: { name, seq } } };
}

export async function readAccount(records: RecordReader | RecordWriter): Promise<AccountRecord> {
  const account = await records.get(ACCOUNT, SINGLE);
  if (account === undefined) throw damaged('its account record is gone');
  return account;
}
