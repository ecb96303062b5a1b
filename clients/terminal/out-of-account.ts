// A device that is out of its account. What is on it is erased unasked where the account's own log, which the identity has signed, has its
// revocation. A server's word alone erases nothing: then a person is asked, and a script told what to type.
import type { Client } from '../sdk/index.ts';
import { Ended, EXIT, endOf } from './exit.ts';
import type { Ask } from './prompt.ts';
import { endedFor } from './session.ts';

const PROVED = "The account's signed log says that this device is out: its keys and history are erased.";
const ASKED =
  'The server says that this device is out of its account.\nErase its keys and its history here? Type yes: ';
const ERASED = 'The keys and the history of this device are erased.';
const KEPT =
  'Only the server says that this device is out of its account, so everything is kept. To erase it here: signout.';

/** Who can be asked; nobody, where there is no terminal. */
type Person = { readonly askOpenly: Ask };

/** Does `work`. Where this device turns out to be out of its account, before or by the end of it, throws Ended that says what became of what it has. */
export async function unlessOut<T>(person: Person, client: Client, work: () => Promise<T>): Promise<T> {
  if (await client.revocationProved()) throw await outOfAccount(person, client, new Ended(EXIT.refused));
  try {
    return await work();
  } catch (error) {
    const out = endedFor(client.state) !== undefined && (await client.gone()) !== undefined;
    throw out ? await outOfAccount(person, client, error) : error;
  }
}

/** Erases the device if that is proved or meant; the client is closed then. Resolves with how the command ends whose end would have been `error`. */
export async function outOfAccount(person: Person, client: Client, error: unknown): Promise<Ended> {
  const { status, sentence } = endOf(error);
  const ending = (what: string) => new Ended(status, `${sentence} ${what}`.trimStart());
  const proved = await client.revocationProved();
  if (!proved && !(await isMeant(person))) return ending(KEPT);
  await client.signOut('');
  return ending(proved ? PROVED : ERASED);
}

async function isMeant({ askOpenly }: Person): Promise<boolean> {
  try {
    return (await askOpenly(ASKED))?.trim().toLowerCase() === 'yes';
  } catch (error) {
    if (error instanceof Ended) return false;
    throw error;
  }
}
