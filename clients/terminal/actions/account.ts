// The account itself, once it is here: its password changed, taken off this device, deleted.
import { type Client, Unavailable } from '../../sdk/index.ts';
import type { Acting } from '../acting.ts';
import { mustBeMeant } from '../app.ts';
import { Ended, endOf } from '../exit.ts';

/** Other devices stay signed in, and ask for the new one. Throws as `Client.changePassword`. */
export async function changePassword({ client, inSession, output }: Acting, old: string, fresh: string): Promise<void> {
  await inSession(() => client.changePassword(old, fresh));
  output.show({ type: 'password_changed', address: client.account.address }, 'The password is changed.');
}

/** Before the only device of an account is signed out: throws Ended where that is not meant, or cannot be known. `moreToCome`: another question follows. */
export async function onlyDeviceMustBeMeant(acting: Acting, moreToCome = false): Promise<void> {
  if (!(await isOnlyDevice(acting))) return;
  const { address } = acting.client.account;
  const warning = `This is the only device of ${address}: its history is erased for ever, and nobody can write to ${address} until login makes a new device.`;
  await mustBeMeant(acting, warning, moreToCome);
}

/** Revokes this device and erases it; the client is closed then. Throws as `Client.signOut`. */
export async function signOut({ client, output }: Acting, password: string): Promise<void> {
  const { address, device } = client.account;
  await client.signOut(password);
  output.show({ type: 'signed_out', address, device }, `This device of ${address} is signed out and erased.`);
}

/** Throws Ended where it is not meant. */
export function deletionMustBeMeant(acting: Parameters<typeof mustBeMeant>[0]): Promise<void> {
  const warning = 'The account and all that this device has of it go for ever: this cannot be undone.';
  return mustBeMeant(acting, warning, true);
}

/** Deletes the account; the client is closed then. Throws as `Client.deleteAccount`. */
export async function deleteAccount({ client, inSession, output }: Acting, password: string): Promise<void> {
  const { address } = client.account;
  await inSession(() => client.deleteAccount(password));
  output.show({ type: 'account_deleted', address }, `${address} is deleted.`);
}

/** Whether the account has no other device in use; false also where this one is out of it. Throws Unavailable or Ended where that cannot be known. */
async function isOnlyDevice({ client, inSession }: Acting): Promise<boolean> {
  if ((await client.gone()) !== undefined) return false;
  try {
    await inSession(() => client.online());
    return (await client.devices()).every(({ thisDevice, revokedAt }) => thisDevice || revokedAt !== undefined);
  } catch (error) {
    if (error instanceof Ended) {
      // A session takes room on the disk; to revoke and to erase takes none.
      throw new Ended(error.status, `${error.message} To erase this device all the same: signout --yes.`);
    }
    if (!(error instanceof Unavailable)) throw error;
    throw unknownDevices(error, client);
  }
}

function unknownDevices(error: Unavailable, { account }: Client): Unavailable {
  const unknown = `Whether this is the only device of ${account.address} cannot be known without a server, and signing out needs one: nothing was erased.`;
  return new Unavailable(`${endOf(error).sentence} ${unknown}`);
}
