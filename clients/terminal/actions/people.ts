// Who is who: safety numbers, the marks that a person sets, a changed identity, and who is not to be heard.
import { type Client, Refusal, type Safety, Unavailable } from '../../sdk/index.ts';
import type { Acting } from '../acting.ts';
import { Ended, EXIT, usageError } from '../exit.ts';

type Trusting = Pick<Acting, 'output' | 'typed' | 'askOpenly' | 'inSession'> & {
  readonly client: Pick<Client, 'safetyNumber' | 'trust'>;
};

/** The canonical address of somebody else. Throws Ended where it is oneself, RequestError `bad_name`. */
export function somebodyElse({ client }: Pick<Acting, 'client'>, typed: string): string {
  const address = client.resolve(typed);
  if (address !== client.account.address) return address;
  throw new Ended(EXIT.refused, `${address} is you: give the name of somebody else.`);
}

/** Shows the number that both must see alike, and the one with a changed identity. Throws as `Client.safetyNumber`. */
export async function safety(acting: Acting, address: string): Promise<void> {
  const { client, inSession, output, typed } = acting;
  const { number, verified, changed } = await inSession(() => client.safetyNumber(address));
  output.show({ type: 'safety', address, number, verified, ...(changed === undefined ? {} : { changed }) }, number);
  output.say(
    verified
      ? `You have verified ${address}.`
      : `Compare it with ${address}, by voice or in person; then: ${typed(`verify ${address}`)}`,
  );
  if (changed !== undefined) {
    output.say(
      `The identity of ${address} has changed: it may be another person. With the new one, the number is`,
      'bold',
    );
    output.say(changed);
    output.say(`If it agrees: ${typed(`trust ${address}`)}`, 'bold');
  }
  await tellIfDeleted(acting, address);
}

/** The number stays what it was, and says nothing of this. */
async function tellIfDeleted({ client, inSession, output }: Acting, address: string): Promise<void> {
  try {
    if (await inSession(() => client.exists(address))) return;
    output.note(`The server says that there is no account ${address} any more: it was deleted.`);
  } catch (error) {
    // Without a server the number is all that there is to say.
    if (!(error instanceof Unavailable)) throw error;
  }
}

/** Remembers that the numbers were compared, or forgets it. Throws as `Client.verify`. */
export function verify({ client, inSession, output }: Acting, address: string, verified: boolean): Promise<void> {
  return inSession(async () => {
    const { number }: Safety = await client.safetyNumber(address);
    await client.verify(address, verified);
    const text = verified
      ? `${address} is verified, with the number`
      : `${address} is not verified any more. The number is`;
    output.show({ type: 'verified', address, number, verified }, text);
    output.say(number);
  });
}

/**
 * Accepts the changed identity whose number was compared: as it was given, or as it is shown here and agreed to. Throws Refusal `nothing_to_trust` where
 * nothing has changed, `identity_changed` where the number is another one by now, Ended where it is not agreed to or nobody can be asked.
 */
export async function trust(acting: Trusting, address: string, compared = ''): Promise<void> {
  const { client, inSession, output, typed } = acting;
  const { changed } = await inSession(() => client.safetyNumber(address));
  if (changed === undefined) throw new Refusal('nothing_to_trust', `The identity of ${address} has not changed.`);
  if (compared === '') await mustBeCompared(acting, address, changed);
  else if (digitsOf(compared) !== digitsOf(changed)) {
    throw new Refusal(
      'identity_changed',
      `The number of the changed identity of ${address} is another one: ${changed}. Compare this one, too.`,
    );
  }
  await inSession(() => client.trust(address, changed));
  output.show(
    { type: 'trusted', address, number: changed },
    `The changed identity of ${address} is accepted, with the number`,
  );
  output.say(changed);
  output.say(`Compare it with ${address}, by voice or in person; then: ${typed(`verify ${address}`)}`);
}

/** A server may have replaced what was compared by something else since: so the person sees what is accepted, before it is. */
async function mustBeCompared({ askOpenly, typed }: Trusting, address: string, number: string): Promise<void> {
  const answer = await askOpenly(
    `The number with the changed identity of ${address} is\n${number}\nType yes if it is the one that you have compared: `,
  );
  if (answer === undefined)
    throw usageError(`Give the number that you have compared: ${typed(`trust ${address} NUMBER`)}`);
  if (answer.trim().toLowerCase() !== 'yes') throw new Ended(EXIT.refused, 'Nothing was accepted.');
}

const digitsOf = (number: string): string => number.replace(/\D/g, '');

/** Shows nothing more of a person on this device, or does so again. Throws as `Client.block`. */
export function block({ client, inSession, output }: Acting, address: string, blocked: boolean): Promise<void> {
  return inSession(async () => {
    await client.block(address, blocked);
    output.show(
      { type: 'blocked', address, blocked },
      blocked ? `${address} is blocked on this device.` : `${address} is not blocked any more.`,
    );
  });
}
