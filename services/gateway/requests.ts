// The requests of one connection that an actor of its person answers: what may be asked when, how often, and as which command. The
// challenge is here because a session answers it, once.
import { encodeBase64 } from '#protocol/base64.ts';
import { type AccountCommand, type Addressed, type GroupCommand, groupKey } from '#protocol/commands.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf, Request, RequestType } from '#protocol/frames/client.ts';
import { CHALLENGE_MAX_AGE_MS, REQUESTS_UNANSWERED_MAX } from '#protocol/limits.ts';
import { type Outcome, refusal } from './asks.ts';
import type { Hub } from './hub.ts';
import { pointsOf, RATE_OF } from './rates.ts';
import type { Session } from './session.ts';
import type { BlobRequest } from './ticket-office.ts';

/** Requests that a session's owner alone may make. */
const IN_SESSION: ReadonlySet<RequestType> = new Set([
  ...(['send', 'devices.used', 'presence.set', 'presence.watch', 'blob.put', 'blob.get'] as const),
  ...(['group.append', 'group.get', 'group.state', 'group.list'] as const),
  ...(['password.start', 'password.finish', 'account.delete'] as const),
]);
/** Requests that change something: they go through its durable queue. */
const DURABLE: ReadonlySet<RequestType> = new Set([
  ...(['signup.finish', 'log.append', 'password.finish', 'account.delete'] as const),
  'group.append',
]);
const CHALLENGE_BYTES = 32;

export type PresenceRequest = ClientFrameOf<'presence.set' | 'presence.watch'>;
export type ActorRequest = Exclude<Request, ClientFrameOf<'send' | 'ping'> | PresenceRequest | BlobRequest>;
type AccountRequest = Exclude<ActorRequest, ClientFrameOf<'devices.used'> | GroupRequest>;
type GroupRequest = ClientFrameOf<'group.append' | 'group.get' | 'group.state' | 'group.list'>;

export class Requests {
  /** What a session has to sign, Base64; empty once one has: a session that is idle for days need not keep it. */
  challenge: string;
  readonly #hub: Hub;
  readonly #source: string;
  readonly #openedAt: number;
  /**
   * Whose password was proved here, as the account log that signing in needs may be longer than one answer; or whose device was refused here because
   * it is revoked, as that log is what proves it.
   */
  #proved: string | undefined;
  #unanswered = 0;

  /** `source`: where the client comes from, as limits are counted for it. `openedAt`: monotonic, ms. */
  constructor(hub: Hub, source: string, openedAt: number) {
    this.#hub = hub;
    this.#source = source;
    this.#openedAt = openedAt;
    this.challenge = encodeBase64(hub.random(CHALLENGE_BYTES));
  }

  /** Why a request, `send` and `ping` too, is refused before anybody is asked. */
  problem(frame: Request, session: Session | undefined): RequestError | undefined {
    if (IN_SESSION.has(frame.type) && !session) return new RequestError('not_signed_in');
    if (frame.type === 'session' && session) return new RequestError('already_signed_in');
    if (frame.type === 'log.get' && !session && frame.address !== this.#proved)
      return new RequestError('not_signed_in');
    if ((frame.type === 'signup.finish' || frame.type === 'blob.put') && this.#hub.space.low)
      return new RequestError('no_space');
    if (domainsOf(frame).some((domain) => domain !== this.#hub.domain)) return new RequestError('remote_domain');
    return undefined;
  }

  /** Asks the account actor, or the mailbox; `done` is called once. */
  async ask(frame: ActorRequest, session: Session | undefined, done: (outcome: Outcome) => void): Promise<void> {
    if (this.#unanswered >= REQUESTS_UNANSWERED_MAX) return done(refusal(new RequestError('rate_limited')));
    const hub = this.#hub;
    this.#unanswered += 1;
    const re = hub.asks.open(true, (outcome) => {
      this.#unanswered -= 1;
      if (mayReadLog(frame, outcome)) this.#proved = frame.address;
      done(outcome);
    });
    try {
      await hub.rates.take(RATE_OF[frame.type], session?.device ?? this.#source, pointsOf(frame));
      const command = this.#addressed(frame, session, re);
      if (DURABLE.has(frame.type)) return await hub.bus.publish([command]);
      hub.asks.told(re, command);
      hub.bus.tell(command);
    } catch (error) {
      hub.asks.fail(re, hub.refusalFor(error));
    }
  }

  #addressed(frame: ActorRequest, session: Session | undefined, re: number): Addressed {
    const reply = { inbox: this.#hub.bus.inbox, re };
    const { address: from = '', device = '' } = session ?? {}; // of requests that need a session, `problem` saw to it
    switch (frame.type) {
      case 'devices.used':
        return { kind: 'mailbox', key: from, command: { type: frame.type, reply } };
      case 'group.append':
      case 'group.get':
      case 'group.state':
      case 'group.list': {
        const asked = { type: frame.type, frame, from, device, reply };
        return { kind: 'group', key: keyOf(frame, from), command: asked as GroupCommand }; // type and frame belong together
      }
      default:
        return { kind: 'account', key: 'address' in frame ? frame.address : from, command: this.#command(frame, re) };
    }
  }

  /** The frame as its account actor gets it. Throws RequestError if it answers a challenge that is used up or too old. */
  #command(frame: AccountRequest, re: number): AccountCommand {
    const reply = { inbox: this.#hub.bus.inbox, re };
    const asked = { type: frame.type, frame, source: this.#source, reply };
    if (frame.type !== 'session') return asked as AccountCommand; // type and frame belong together
    const old = this.#hub.monotonic() - this.#openedAt > CHALLENGE_MAX_AGE_MS;
    const { challenge } = this;
    if (challenge === '' || old) {
      throw new RequestError('bad_signature', 'The challenge is used up: connect again.');
    }
    this.challenge = '';
    return { ...asked, type: 'session', frame, challenge };
  }
}

/** The actor of a group's name; of whoever asks for a list, the one that looks it up. */
function keyOf(frame: GroupRequest, from: string): string {
  return frame.type === 'group.list' ? from : groupKey(frame.name);
}

/** The domains that a request names. */
function domainsOf(frame: Request): readonly string[] {
  const domainOf = (name: string) => name.slice(name.indexOf('@') + 1);
  if (frame.type === 'presence.watch') return frame.addresses.map(domainOf);
  if ('address' in frame) return [domainOf(frame.address)];
  return 'name' in frame ? [domainOf(frame.name)] : [];
}

function mayReadLog(frame: ActorRequest, outcome: Outcome): frame is ClientFrameOf<'login.finish' | 'session'> {
  if (frame.type === 'login.finish') return 'ok' in outcome;
  return frame.type === 'session' && 'refused' in outcome && outcome.refused.code === 'device_revoked';
}
