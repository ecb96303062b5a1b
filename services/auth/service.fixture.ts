// An account service on a real store, whose turns a test runs one by one: what an actor host does, with a clock that the test moves.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccountRequest, Addressed, InboxMessage } from '#protocol/commands.ts';
import { type ClientFrameOf, clientFrame, type RequestType } from '#protocol/frames/client.ts';
import type { Answer } from '#protocol/frames/server.ts';
import type { Actor } from '#runtime/actors/actor.ts';
import type { Database } from '#runtime/store/database.ts';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { type AccountDeps, accountActors } from './account.ts';
import type { OpaqueServer } from './opaque.ts';
import { openOpaque } from './setup.ts';
import { SqliteAccountStore, schema } from './sqlite-store.ts';
import type { AccountStore, AccountWrite } from './store.ts';

export const DOMAIN = 'localhost';
export const START = 1_800_000_000_000;
const INBOX = 'inbox';
let requests = 0;

/** A frame as the gateway forwards it: only what its schema lets through. */
export function asked<T extends Exclude<RequestType, 'send' | 'ping'>>(
  type: T,
  fields: Omit<ClientFrameOf<T>, 'type' | 'id'>,
  more: { readonly source?: string; readonly challenge?: string } = {},
): AccountRequest {
  requests += 1;
  const frame = clientFrame.parse({ type, id: requests, ...fields });
  const command = { type, frame, source: more.source ?? '192.0.2.1', reply: { inbox: INBOX, re: requests } };
  // The schema has just made `frame` the one of `type`.
  return (more.challenge === undefined ? command : { ...command, challenge: more.challenge }) as AccountRequest;
}

export type Turned = { readonly messages: readonly InboxMessage[]; readonly effects: readonly Addressed[] };

/** An account service whose clock the test moves. */
export class Service {
  readonly #folder = mkdtempSync(join(tmpdir(), 'parley-auth-'));
  readonly #options: Partial<AccountDeps>;
  readonly #actors = new Map<string, Actor<'account', AccountWrite>>();
  #database!: Database;
  actors!: ReturnType<typeof accountActors>;
  store!: AccountStore;
  opaque!: OpaqueServer;
  now = START;
  /** Thrown once in place of the next write. */
  failNextWrite: Error | undefined;

  private constructor(options: Partial<AccountDeps>) {
    this.#options = options;
  }

  static async open(options: Partial<AccountDeps> = {}): Promise<Service> {
    const service = new Service(options);
    await service.#start();
    return service;
  }

  async #start(): Promise<void> {
    this.#database = await openDatabase({ file: join(this.#folder, 'parley.db'), schema });
    this.store = new SqliteAccountStore(this.#database);
    this.opaque = await openOpaque(this.store, DOMAIN);
    this.handOver();
  }

  /** The accounts get another owner, on the same store. Returns what gives them back to the one before. */
  handOver(): () => void {
    const before = this.actors;
    this.#actors.clear();
    this.actors = accountActors({
      store: this.store,
      domain: DOMAIN,
      opaque: this.opaque,
      signUp: { policy: 'open' },
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      triesPerAccount: 3,
      triesPerSource: 100,
      ...this.#options,
    });
    return () => {
      this.#actors.clear();
      this.actors = before;
    };
  }

  async restart(): Promise<void> {
    this.#actors.clear();
    await this.#database.close();
    await this.#start();
  }

  async close(): Promise<void> {
    await this.#database.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** An actor as its host keeps it, or a new one as another owner would load it. */
  async actor(address: string, options: { readonly fresh?: boolean } = {}): Promise<Actor<'account', AccountWrite>> {
    const kept = options.fresh ? undefined : this.#actors.get(address);
    if (kept) return kept;
    const actor = await this.actors.activate(address);
    if (!options.fresh) this.#actors.set(address, actor);
    return actor;
  }

  /** One turn, performed in the host's order; a write that fails costs the actor its memory. */
  async turn(address: string, ...commands: readonly AccountRequest[]): Promise<Turned> {
    const actor = await this.actor(address);
    const plan = await actor.turn(
      commands.map((command) => ({ command })),
      this.now,
    );
    try {
      if (plan.writes) await this.write(address, plan.writes);
    } catch (error) {
      this.#actors.delete(address);
      throw error;
    }
    return { messages: (plan.tells ?? []).map(({ message }) => message), effects: plan.effects ?? [] };
  }

  async write(address: string, writes: readonly AccountWrite[]): Promise<void> {
    const failure = this.failNextWrite;
    this.failNextWrite = undefined;
    if (failure) throw failure;
    await this.actors.write(address, writes);
  }

  /** The answer to one command; a refusal is thrown as `code: message`. */
  async ask<T extends RequestType>(address: string, command: AccountRequest & { type: T }): Promise<Answer<T>> {
    return answerIn<T>(await this.turn(address, command));
  }
}

export function answerIn<T extends RequestType>({ messages }: Turned): Answer<T> {
  const [message] = messages;
  if (message?.type === 'refusal') throw new Refused(message);
  if (message?.type !== 'answer') throw new Error('no answer');
  return message.answer as unknown as Answer<T>; // of the request that the caller names
}

export class Refused extends Error {
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor({ code, message, retryAfterMs }: Extract<InboxMessage, { type: 'refusal' }>) {
    super(`${code}: ${message}`);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
