// Which passwords are refused: the server keeps a record that its operator can try passwords against, at the price of one
// Argon2id each (SECURITY.md), so what stands in every guesser's first list protects nothing.
import { Refusal } from './refusal.ts';

const PASSWORD_MIN_CHARS = 10;
/** Different characters that a password has at least: aaaaaaaaaa and 1212121212 have fewer. */
const DIFFERENT_CHARS_MIN = 5;
/** What is left after guessable parts are taken out has at least this many characters. */
const REST_MIN_CHARS = 4;

/** What guessers put together first. Longer ones first, so that `password` goes before `pass`. */
const GUESSABLE = [
  'correcthorsebatterystaple administrator qwertzuiop qwertyuiop passw0rd p@ssw0rd password passwort kennwort',
  'iloveyou letmein welcome trustno1 sunshine princess football baseball superman starwars whatever',
  'asdfghjkl zxcvbnm yxcvbnm changeme computer internet charlie michael batman dragon monkey master',
  'shadow secret geheim qwerty qwertz azerty asdfgh parley hunter2 abc123 admin login guest hello',
  'hallo summer winter spring autumn 1q2w3e4r 1qaz2wsx pass test love',
].flatMap((line) => line.split(' '));

/**
 * Throws Refusal `weak_password` with a sentence. `address`: the account's, which a password must not consist of, nor of a part of it.
 * Length counts code points of the NFC form, which is what OPAQUE is given.
 */
export function checkPassword(password: string, address: string): void {
  const characters = [...password.normalize('NFC')];
  if (characters.length < PASSWORD_MIN_CHARS) {
    throw weak(`The password is too short: use at least ${PASSWORD_MIN_CHARS} characters, best several words.`);
  }
  const folded = characters.join('').toLowerCase();
  if (new Set(folded).size < DIFFERENT_CHARS_MIN)
    throw weak('The password repeats too few characters: use several words.');
  const [name = '', domain = ''] = address.split('@');
  let rest = folded;
  for (const part of [address, name, domain, ...GUESSABLE]) rest = rest.replaceAll(part, '');
  rest = withoutRuns(rest);
  if (rest.length < REST_MIN_CHARS) {
    throw weak(
      'The password is among the first that a guesser tries: use several words that nobody would put together.',
    );
  }
}

/** Takes out runs such as 12345, 4321 and aaaa, and years, which only look like length. */
function withoutRuns(text: string): string {
  let rest = '';
  let run = '';
  for (const character of text.replace(/(19|20)\d\d/g, '')) {
    const step = run === '' ? 9 : character.charCodeAt(0) - run.charCodeAt(run.length - 1);
    if (Math.abs(step) <= 1) {
      run += character;
      continue;
    }
    if (run.length < 3) rest += run;
    run = character;
  }
  return run.length < 3 ? rest + run : rest;
}

function weak(message: string): Refusal {
  return new Refusal('weak_password', message);
}
