// The first start, where there is no profile yet: which server, which account, and what cannot be undone. What is refused is asked again.
import type { Client } from '../../sdk/index.ts';
import { type Contact, firstContact, inNewProfile, logIn, maySignUp, serversOf, signUp } from '../actions/enrol.ts';
import type { App } from '../app.ts';
import { SERVER_DEFAULT, serverUrl } from '../config.ts';
import { Ended, EXIT, endOf, usageError } from '../exit.ts';

const NO_TERMINAL = 'There is no account here yet, and no terminal to ask on: use signup or login.';
/** Statuses of what another answer may mend. */
const MENDABLE: readonly number[] = [EXIT.refused, EXIT.usage, EXIT.unreachable];

/** Asks until there is an account, with this as its device. Throws Ended at Ctrl-C and where nobody can be asked, ProfileError. */
export function firstRun(app: App): Promise<Client> {
  return inNewProfile(app, async () => {
    app.output.note('Welcome to Parley. There is no account on this device yet. Ctrl-C leaves.');
    const contact = await again(app, () => askServer(app));
    app.output.note(`This is the server of ${contact.domain}.`);
    return again(app, () => askAccount(app, contact));
  });
}

async function askServer(app: App): Promise<Contact> {
  if (app.settings.servers.length > 0) return firstContact(app, serversOf(app));
  const typed = await answer(app, `Server [${SERVER_DEFAULT}]: `);
  return firstContact(app, [typed === '' ? SERVER_DEFAULT : serverUrl(typed)]);
}

async function askAccount(app: App, contact: Contact): Promise<Client> {
  const choice = await answer(app, 'Type new for a new account, or have if you have one: ');
  if (choice.toLowerCase() === 'have') {
    const client = await logIn(app, contact, await answer(app, 'Its name: '));
    app.output.note(
      'This device is new: it begins with what was not delivered yet, and what others wrote in the last 24 hours.',
    );
    return client;
  }
  if (choice.toLowerCase() !== 'new') throw usageError('It is new or have.');
  maySignUp({ ...contact, signUp: contact.signUp === 'invitation' ? 'open' : contact.signUp }, undefined);
  const enrolment =
    contact.signUp === 'invitation' ? { invitation: await answer(app, 'The invitation that you were given: ') } : {};
  return signUp(app, contact, await answer(app, `A name (it will be name@${contact.domain}): `), enrolment);
}

async function answer(app: App, question: string): Promise<string> {
  const typed = await app.askOpenly(question);
  if (typed === undefined) throw new Ended(EXIT.usage, NO_TERMINAL);
  return typed.trim();
}

/** Until it is done; says each time what stands in the way. */
async function again<T>(app: App, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { status, sentence } = endOf(error);
      const asked = !(error instanceof Ended && error.message === NO_TERMINAL) && app.settings.cursor;
      if (!MENDABLE.includes(status) || !asked) throw error;
      // A server that was given by option does not become another one.
      if (status === EXIT.unreachable && app.settings.servers.length > 0) throw error;
      app.output.note(sentence);
    } finally {
      app.endQuestions();
    }
  }
}
