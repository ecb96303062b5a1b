// The account actor: one for each user name. It gives every command to its decision, and turns what they decided into one write of
// record, vault and log together, one of the tries, news for the mailbox, and an answer to each (DESIGN sections 2 and 4).
import { decodeSignedEntry } from '#protocol/account-entry.ts';
import { activeDevices, replayAccountLog } from '#protocol/account-log.ts';
import { encodeBase64 } from '#protocol/base64.ts';
import type { AccountCommand, AccountRequest, Addressed, InboxMessage, ReplyTo } from '#protocol/commands.ts';
import { ProtocolError, RequestError, Unavailable } from '#protocol/errors.ts';
import type { Actor, ActorType, Incoming, Plan, Tell } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import { deleteAccount } from './deletion.ts';
import { readInvitation } from './invitation-code.ts';
import * as limits from './limits.ts';
import { appendToLog, getLog } from './log.ts';
import { LoginsUnderWay } from './logins.ts';
import { finishPassword, startPassword } from './password.ts';
import { openSession } from './session.ts';
import { finishLogin, startLogin } from './sign-in.ts';
import { finishSignUp, startSignUp } from './sign-up.ts';
import type { AuthContext, AuthState, Outcome } from './state.ts';
import type { AccountStore, AccountWrite } from './store.ts';
import { NO_TRIES, SourceTries } from './throttle.ts';

export type AccountDeps = Pick<AuthContext, 'domain' | 'opaque' | 'signUp' | 'random'> & {
  readonly store: AccountStore;
  /** Sign-ins that may fail before delays begin. */
  readonly triesPerAccount: number;
  readonly triesPerSource: number;
};

/** The actors of kind `account`, on that store. Times come with each turn. */
export function accountActors(deps: AccountDeps): ActorType<'account', AccountWrite> {
  const { store, domain, opaque, signUp, random } = deps;
  const context: AuthContext = {
    domain,
    opaque,
    signUp,
    random,
    logins: new LoginsUnderWay(limits.LOGINS_MAX),
    sources: new SourceTries(
      {
        freeTries: deps.triesPerSource,
        firstDelayMs: limits.SOURCE_FIRST_DELAY_MS,
        longestDelayMs: limits.SOURCE_LONGEST_DELAY_MS,
        forgetAfterMs: limits.SOURCE_FORGET_AFTER_MS,
      },
      limits.SOURCES_MAX,
    ),
    accountRule: {
      freeTries: deps.triesPerAccount,
      firstDelayMs: limits.ACCOUNT_FIRST_DELAY_MS,
      longestDelayMs: limits.ACCOUNT_LONGEST_DELAY_MS,
      forgetAfterMs: limits.ACCOUNT_FORGET_AFTER_MS,
    },
  };
  return {
    kind: 'account',
    async activate(address) {
      const kept = await store.load(address);
      const account = kept?.value;
      const open = account?.status === 'open';
      const tries = await store.loadTries(address, open);
      // Verified when each entry came in, and kept by this store alone.
      const log = open ? replayAccountLog(account.log.map(decodeSignedEntry), address) : undefined;
      const state = { address, account, log, tries: tries?.value ?? NO_TRIES };
      return new AccountActor(state, { account: kept?.version ?? 0, tries: tries?.version ?? 0 }, context, store);
    },
    write: (address, writes) => store.write(address, writes),
  };
}

/** Versions of the two documents in the store; 0 = there is none. */
type Versions = { readonly account: number; readonly tries: number };

class AccountActor implements Actor<'account', AccountWrite> {
  /** Everything that outlives a turn is in the store, or shared by all accounts. */
  readonly idle = true;
  readonly #context: AuthContext;
  readonly #store: AccountStore;
  #state: AuthState;
  #versions: Versions;

  constructor(state: AuthState, versions: Versions, context: AuthContext, store: AccountStore) {
    this.#state = state;
    this.#versions = versions;
    this.#context = context;
    this.#store = store;
  }

  /** On this tick, except for a sign-up with an invitation, which asks the store whether it was used. */
  turn(batch: readonly Incoming<'account'>[], now: number): Plan<AccountWrite> | Promise<Plan<AccountWrite>> {
    const invitations = this.#invitationsIn(batch);
    if (invitations.length === 0) return this.#plan(batch, now, new Set());
    return this.#used(invitations).then((used) => this.#plan(batch, now, used));
  }

  #invitationsIn(batch: readonly Incoming<'account'>[]): string[] {
    const { signUp } = this.#context;
    if (signUp.policy !== 'invitation') return [];
    return batch.flatMap((incoming) => {
      if (!('command' in incoming) || incoming.command.type !== 'signup.finish') return [];
      const code = incoming.command.frame.invitation;
      const invitation = code === undefined ? undefined : readInvitation(signUp.key, code);
      return invitation === undefined ? [] : [invitation.hash];
    });
  }

  /** Those that were used; undefined if the store is away. */
  async #used(invitations: readonly string[]): Promise<ReadonlySet<string> | undefined> {
    const used = new Set<string>();
    try {
      for (const hash of invitations) if (await this.#store.invitationUsed(hash, this.#state.address)) used.add(hash);
    } catch (error) {
      if (error instanceof Unavailable) return undefined;
      throw error;
    }
    return used;
  }

  #plan(batch: readonly Incoming<'account'>[], now: number, used: ReadonlySet<string> | undefined): Plan<AccountWrite> {
    const tells: Tell[] = [];
    const settled: Delivery[] = [];
    const told: Addressed[] = [];
    let state = this.#state;
    let invitation: string | undefined;
    let announce = false;
    for (const incoming of batch) {
      if (!('command' in incoming)) continue;
      const { command, delivery } = incoming;
      if (delivery) settled.push(delivery);
      if (command.type === 'log.tell') {
        told.push(logFor(command, state));
        continue;
      }
      const outcome = this.#outcome(state, command, now, used);
      state = outcome.state ?? state;
      invitation = outcome.invitation ?? invitation;
      announce ||= outcome.announce ?? false;
      tells.push(answerTo(command.reply, outcome));
    }
    const writes = this.#adopt(state, invitation);
    return {
      ...(writes.length === 0 ? {} : { writes }),
      ...(announce ? { effects: [news(state)] } : {}),
      tells,
      ...(told.length === 0 ? {} : { told }),
      settled,
    };
  }

  /** Makes `state` the memory and returns the writes that make it the store's: the host performs them, or drops this memory. */
  #adopt(state: AuthState, invitation: string | undefined): AccountWrite[] {
    const before = this.#state;
    const versions = { ...this.#versions };
    const writes: AccountWrite[] = [];
    const known = state.account?.status === 'open';
    if (state.account && state.account !== before.account) {
      const used = invitation === undefined ? {} : { invitation };
      writes.push({ type: 'account', was: versions.account, account: state.account, ...used });
      versions.account += 1;
      // Tries on known and on unknown names are different documents.
      if (known !== (before.account?.status === 'open')) versions.tries = 0;
    }
    if (state.tries !== before.tries && (versions.tries > 0 || state.tries.count > 0)) {
      writes.push({ type: 'tries', known, was: versions.tries, tries: state.tries });
      versions.tries += 1;
    }
    this.#state = state;
    this.#versions = versions;
    return writes;
  }

  /** The decision about one command. What the command did wrong becomes a refusal; any other error ends the turn. */
  #outcome(state: AuthState, command: AccountRequest, now: number, used: ReadonlySet<string> | undefined): Outcome {
    try {
      if ('address' in command.frame && command.frame.address !== state.address) {
        throw new RequestError('bad_request', 'The request names another address.');
      }
      return this.#decide(state, command, now, used);
    } catch (error) {
      if (error instanceof RequestError) return { refusal: error };
      if (error instanceof ProtocolError) return { refusal: new RequestError('bad_request', error.message) };
      throw error;
    }
  }

  #decide(state: AuthState, command: AccountRequest, now: number, used: ReadonlySet<string> | undefined): Outcome {
    const context = this.#context;
    switch (command.type) {
      case 'signup.start':
        return startSignUp(state, command.frame, context);
      case 'signup.finish':
        if (!used) throw new RequestError('unavailable');
        return finishSignUp(state, command.frame, context, used, now);
      case 'login.start':
        return startLogin(state, command, context, now);
      case 'login.finish':
        return finishLogin(state, command.frame, context, now);
      case 'session':
        return openSession(state, command, context);
      case 'log.get':
        return getLog(state, command.frame);
      case 'log.append':
        return appendToLog(state, command.frame);
      case 'password.start':
        return startPassword(state, command.frame, context);
      case 'password.finish':
        return finishPassword(state, command.frame, context);
      case 'account.delete':
        return deleteAccount(state, command.frame);
    }
  }
}

function answerTo({ inbox, re }: ReplyTo, outcome: Outcome): Tell {
  if ('answer' in outcome) return { inbox, message: { type: 'answer', re, answer: outcome.answer } };
  const { code, message, retryAfterMs } = outcome.refusal;
  const refusal: InboxMessage = { type: 'refusal', re, code, message };
  return { inbox, message: retryAfterMs === undefined ? refusal : { ...refusal, retryAfterMs } };
}

/** What a group's actor asked for: a log as it is now. */
function logFor(
  { group, ask }: Extract<AccountCommand, { type: 'log.tell' }>,
  { address, account }: AuthState,
): Addressed {
  const log = account?.status === 'open' ? account.log : undefined;
  return { kind: 'group', key: group, command: { type: 'account', address, ask, log } };
}

/** What the mailbox of the same address must know of its account. */
function news({ address, account, log }: AuthState): Addressed {
  const devices = log ? activeDevices(log).map(({ id }) => encodeBase64(id)) : [];
  const length = account?.status === 'open' ? account.log.length : (account?.length ?? 0);
  const deleted = account?.status === 'deleted';
  return { kind: 'mailbox', key: address, command: { type: 'account', length, devices, deleted } };
}
