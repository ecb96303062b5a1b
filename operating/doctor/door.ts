// What clients meet: whether the server answers where they connect, as what it presents itself, and whether its clock is right.
import { type ServerFrameOf, serverFrame } from '#protocol/frames/server.ts';
import { wsTransport } from '../../clients/sdk/node/ws-transport.ts';
import { clockFinding } from './clock.ts';
import { about, type Finding } from './finding.ts';

type Challenge = ServerFrameOf<'challenge'>;
type Answer =
  | { readonly challenge: Challenge; readonly asked: number; readonly answered: number }
  | { readonly failure: string };

/** What a right server says. Its public key, where it is known. */
export type Expected = { readonly domain: string; readonly serverKey?: string | undefined };

const it = about('door');
const NOBODY = /ECONNREFUSED/;
const SILENT = 'no answer';

/** `start`: what to do if nobody is there. */
export async function doorFindings(
  url: string,
  expected: Expected,
  start: string,
  timeoutMs: number,
  now: () => number,
): Promise<readonly Finding[]> {
  const answer = await knock(url, timeoutMs, now);
  if ('failure' in answer) return [unanswered(url, answer.failure, start)];
  const { challenge, asked, answered } = answer;
  return [
    ...challengeFindings(url, challenge, expected),
    clockFinding(`The clock of the server at ${url}`, { theirs: challenge.time, asked, answered }),
  ];
}

/** Of a server that was not started: whether its port is there for it. `other`: how to choose another one. */
export async function portFinding(url: string, other: string, timeoutMs: number, now: () => number): Promise<Finding> {
  const answer = await knock(url, timeoutMs, now);
  if ('failure' in answer && NOBODY.test(answer.failure))
    return it.ok(`The server is not started; ${url} is free for it.`);
  const says = `The server is not started, and ${url} is taken by ${'challenge' in answer ? 'another Parley server' : 'something else'}.`;
  return it.problem(says, `Stop what listens there, or choose another ${other}.`);
}

function challengeFindings(url: string, challenge: Challenge, { domain, serverKey }: Expected): readonly Finding[] {
  if (challenge.domain !== domain) {
    const todo = `If that is the right server, the setting domain is ${challenge.domain}; else let ${url} lead to the right one.`;
    return [it.problem(`The server at ${url} is that of ${challenge.domain}, not of ${domain}.`, todo)];
  }
  if (serverKey !== undefined && challenge.serverKey !== serverKey) {
    const todo = "Give auth the OPAQUE setup that the accounts were made with (it is in the deployment's backup).";
    return [
      it.problem(`The server at ${url} has another key than this deployment: clients that know it refuse it.`, todo),
    ];
  }
  const signUp = { open: 'anybody may sign up', invitation: 'sign-up by invitation', closed: 'nobody may sign up' };
  return [it.ok(`The server of ${domain} answers at ${url}; ${signUp[challenge.signUp]}.`)];
}

function unanswered(url: string, failure: string, start: string): Finding {
  if (NOBODY.test(failure)) return it.problem(`Nobody listens at ${url}.`, start);
  if (failure.startsWith(SILENT))
    return it.problem(
      `Somebody listens at ${url} and says nothing: ${failure}.`,
      'Look whether it hangs or is overloaded, and run this again.',
    );
  if (/ENOTFOUND|EAI_AGAIN/.test(failure))
    return it.problem(`The host of ${url} has no address.`, 'Correct its DNS entry, or the URL.');
  if (/\b503\b/.test(failure))
    return it.problem(
      `The server at ${url} is there and not ready.`,
      'Look at what it waits for: its log says so, and the checks here.',
    );
  if (/\b429\b/.test(failure))
    return it.problem(
      `The server at ${url} takes no more connections from here.`,
      'Wait a minute, or look who uses them up.',
    );
  if (/certificate|self.signed|altnames/i.test(failure))
    return it.problem(`The certificate at ${url} is refused: ${failure}.`, 'See the certificate.');
  return it.problem(
    `What answers at ${url} is no Parley server: ${failure || 'it closed the connection'}.`,
    'Look what listens there, and correct the port or the URL.',
  );
}

/** Connects as a client does, reads the first frame and leaves. */
function knock(url: string, timeoutMs: number, now: () => number): Promise<Answer> {
  return new Promise((resolve) => {
    let asked = now();
    const late = setTimeout(() => done({ failure: `${SILENT} within ${timeoutMs / 1_000} s` }), timeoutMs);
    const done = (answer: Answer): void => {
      clearTimeout(late);
      resolve(answer);
      wire.terminate();
    };
    const wire = wsTransport().connect(url, {
      opened: () => {},
      heard: () => {},
      received: (text) => done(readChallenge(text, asked, now())),
      closed: (_code, reason) => done({ failure: reason }),
    });
    asked = now();
  });
}

function readChallenge(text: string, asked: number, answered: number): Answer {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return { failure: 'its first frame is not JSON' };
  }
  const { data } = serverFrame.safeParse(frame);
  return data?.type === 'challenge'
    ? { challenge: data, asked, answered }
    : { failure: 'its first frame is no challenge' };
}
