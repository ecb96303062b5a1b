// Groups on a real store, whose turns a test runs one by one: what an actor host does, with a clock and an auth service that are the test's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import {
  type Addressed,
  type GroupCommand,
  type GroupMessage,
  groupKey,
  type InboxMessage,
} from '#protocol/commands.ts';
import { type ClientFrameOf, clientFrame } from '#protocol/frames/client.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import type { GroupChange } from '#protocol/group-entry.ts';
import { firstGroupEntry, nextGroupEntry, replayGroupLog } from '#protocol/group-log.ts';
import type { GroupState } from '#protocol/group-state.ts';
import type { Actor, Incoming, Plan } from '#runtime/actors/actor.ts';
import type { Delivery } from '#runtime/bus/bus.ts';
import type { Database } from '#runtime/store/database.ts';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { GroupPerson } from '../../protocol/test/group-people.ts';
import { groupActors } from './groups.ts';
import type { GroupRead, GroupResult } from './reading.ts';
import { groupSchema, SqliteGroupStore } from './sqlite-store.ts';
import type { GroupRecord } from './store.ts';

export const NAME = 'team@parley.example';
const START = 1_800_000_000_000;
const INBOX = 'inbox';
let requests = 0;
let messages = 0;

type GroupActor = Actor<'group', GroupRecord, GroupRead, GroupResult>;

/** A log as a client holds it that writes the next entries. */
export class Chain {
  state: GroupState | undefined;

  constructor(from?: Chain) {
    this.state = from?.state;
  }

  /** Entries that somebody wrote on it. */
  extend(entries: readonly SignedGroupEntryText[]): void {
    this.state = replayGroupLog(
      entries.map(({ entry }) => decodeBase64(entry)),
      this.state,
    );
  }

  /** A group of that name, created by `person`. */
  create(person: GroupPerson, policy: 'closed' | 'open' | 'lobby' = 'closed', name = NAME): SignedGroupEntryText {
    messages += 1;
    const random = new Uint8Array(16).fill(messages % 256);
    return this.#signed(person, 0, firstGroupEntry(person.actor(), { type: 'create', name, policy, random }, START));
  }

  by(person: GroupPerson, change: Exclude<GroupChange, { type: 'create' }>, device = 0): SignedGroupEntryText {
    if (!this.state) throw new Error('a chain begins with create');
    return this.#signed(person, device, nextGroupEntry(this.state, person.actor(device), change, START));
  }

  add(person: GroupPerson, other: GroupPerson): SignedGroupEntryText {
    return this.by(person, { type: 'add', subject: other.actor() });
  }

  remove(person: GroupPerson, other: GroupPerson): SignedGroupEntryText {
    return this.by(person, { type: 'remove', subject: other.actor() });
  }

  #signed(person: GroupPerson, device: number, entry: Parameters<GroupPerson['sign']>[0]): SignedGroupEntryText {
    const { entry: bytes, signature } = person.sign(entry, device);
    this.state = replayGroupLog([bytes], entry.index === 0 ? undefined : this.state);
    return { entry: encodeBase64(bytes), signature: encodeBase64(signature) };
  }
}

export const deviceName = (person: GroupPerson, device = 0): string => encodeBase64(person.actor(device).device);

type Asked = 'group.append' | 'group.get' | 'group.state' | 'group.list';
type Command<T extends GroupCommand['type']> = Extract<GroupCommand, { type: T }>;
export type AppendCommand = Command<'group.append'>;
export type SendCommand = Command<'send'>;

/** A frame as the gateway forwards it: only what its schema lets through. */
export function asked<T extends Asked>(
  person: GroupPerson,
  type: T,
  fields: Omit<ClientFrameOf<T>, 'type' | 'id'>,
  device = 0,
): Command<T> {
  requests += 1;
  const frame = clientFrame.parse({ type, id: requests, ...fields });
  const reply = { inbox: INBOX, re: requests };
  const from = person.address;
  return { type, frame, from, device: deviceName(person, device), reply } as unknown as Command<T>; // the schema has made it the frame of `type`
}

export function appended(person: GroupPerson, entries: readonly SignedGroupEntryText[], device = 0, name = NAME) {
  return asked(person, 'group.append', { name, entries: [...entries] }, device);
}

/** A message as the gateway forwards it, with a slot for the first device of each. */
export function sent(
  person: GroupPerson,
  { state }: Chain,
  to: readonly GroupPerson[],
  changes: Partial<GroupMessage> = {},
): Command<'send'> {
  if (!state) throw new Error('there is no group to send to');
  requests += 1;
  messages += 1;
  const group = encodeBase64(state.group);
  const message: GroupMessage = {
    id: `id${messages}`,
    from: person.address,
    device: deviceName(person),
    conversation: group,
    seq: messages,
    header: `header${messages}`,
    body: `body${messages}`,
    receivedAt: START + messages,
    expiresAt: START * 2,
    epoch: state.position.index,
    head: encodeBase64(state.position.head),
    mh: `mh${messages}`,
    group,
    slots: Object.fromEntries(to.map((one) => [one.address, { [deviceName(one)]: 'slot' }])),
    ...changes,
  };
  return { type: 'send', message, reply: { inbox: INBOX, re: requests } };
}

/** Of an answer: it is to all that was asked until now. */
export const ALL_ASKS = Number.MAX_SAFE_INTEGER;

export type Turned = { readonly messages: readonly InboxMessage[]; readonly effects: readonly Addressed[] };

export class GroupWorld {
  readonly #folder = mkdtempSync(join(tmpdir(), 'parley-groups-'));
  readonly #people = new Map<string, GroupPerson>();
  #database!: Database;
  #actors!: ReturnType<typeof groupActors>;
  readonly #loaded = new Map<string, GroupActor>();
  store!: SqliteGroupStore;
  now = START;
  /** What auth was asked and has not answered. */
  readonly asks: { readonly key: string; readonly ask: number }[] = [];
  /** When the last turn wants the next one. */
  wakeAt: number | undefined;
  /** Deliveries that were given and not settled. */
  readonly unsettled = new Set<Delivery>();

  static async open(): Promise<GroupWorld> {
    const world = new GroupWorld();
    world.#database = await openDatabase({ file: join(world.#folder, 'parley.db'), schema: groupSchema });
    world.store = new SqliteGroupStore(world.#database);
    world.#actors = groupActors(world.store);
    return world;
  }

  async close(): Promise<void> {
    await this.#database.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Somebody with an account here. */
  person(name: string): GroupPerson {
    const person = new GroupPerson(name);
    this.#people.set(person.address, person);
    return person;
  }

  deleteAccount({ address }: GroupPerson): void {
    this.#people.delete(address);
  }

  /** The group gets another owner, which loads it from the store. */
  handOver(): void {
    this.#loaded.clear();
    this.unsettled.clear();
  }

  async actor(key: string): Promise<GroupActor> {
    const actor = this.#loaded.get(key) ?? (await this.#actors.activate(key));
    this.#loaded.set(key, actor);
    return actor;
  }

  /** One turn and those that its reads cause, performed in the host's order. What auth is asked is left in `asks`. */
  turn(...commands: readonly GroupCommand[]): Promise<Turned> {
    return this.#run(
      groupKey(NAME),
      commands.map((command) => this.#incoming(command)),
    );
  }

  /** One turn that ends in a crash before its effects are published: what it wrote stays. */
  async crash(...commands: readonly GroupCommand[]): Promise<void> {
    const actor = await this.actor(groupKey(NAME));
    const { writes } = await actor.turn(
      commands.map((command) => ({ command })),
      this.now,
    );
    if (writes) await this.#actors.write(groupKey(NAME), writes);
    this.handOver();
  }

  /** Turns until auth has answered everything; what all of them caused. */
  async give(...commands: readonly GroupCommand[]): Promise<Turned> {
    return this.#answered(await this.turn(...commands));
  }

  /** Has auth answer what it was asked. */
  answerAsks(): Promise<Turned> {
    return this.#answered({ messages: [], effects: [] });
  }

  /** The answer to one command; a refusal is thrown as its code. */
  async ask(command: Exclude<GroupCommand, { type: 'account' }>): Promise<Record<string, unknown>> {
    const { messages } = await this.give(command);
    const message = messages.find((one) => 're' in one && one.re === command.reply.re);
    if (message?.type === 'answer') return message.answer;
    throw new Error(message?.type === 'refusal' ? message.code : 'no answer');
  }

  /** The same of a list, which is another actor's. */
  async list(person: GroupPerson, own: boolean, after = ''): Promise<Record<string, unknown>> {
    const command = asked(person, 'group.list', { own, after });
    const { messages } = await this.#run(person.address, [{ command }]);
    const [message] = messages;
    if (message?.type !== 'answer') throw new Error('no answer');
    return message.answer;
  }

  /** Creates a closed group of these, the first being its admin. */
  async group(...[admin, ...others]: readonly [GroupPerson, ...GroupPerson[]]): Promise<Chain> {
    const chain = new Chain();
    await this.ask(appended(admin, [chain.create(admin), ...others.map((one) => chain.add(admin, one))]));
    return chain;
  }

  async #answered({ messages, effects }: Turned): Promise<Turned> {
    const all = { messages: [...messages], effects: [...effects] };
    while (this.asks.length > 0) {
      const answers = this.asks.splice(0).map(({ key: address, ask }): GroupCommand => {
        return { type: 'account', address, ask, log: this.#people.get(address)?.log };
      });
      const turned = await this.turn(...answers);
      all.messages.push(...turned.messages);
      all.effects.push(...turned.effects);
    }
    return all;
  }

  #incoming(command: GroupCommand): Incoming<'group', GroupResult> {
    if (command.type === 'account') return { command }; // told
    const to: Addressed = { kind: 'group', key: groupKey(NAME), command };
    const delivery: Delivery = { to, redelivered: false, size: 1, settle: () => this.unsettled.delete(delivery) };
    this.unsettled.add(delivery);
    return { command, delivery };
  }

  async #run(key: string, batch: readonly Incoming<'group', GroupResult>[]): Promise<Turned> {
    const actor = await this.actor(key);
    const plan: Plan<GroupRecord, GroupRead> = await actor.turn(batch, this.now);
    if (plan.writes) await this.#actors.write(key, plan.writes);
    const { effects = [], told = [] } = plan;
    this.wakeAt = plan.wakeAt;
    for (const { key: address, command } of told) {
      if (command.type === 'log.tell') this.asks.push({ key: address, ask: command.ask });
    }
    const messages = (plan.tells ?? []).map(({ message }) => message);
    for (const delivery of plan.settled ?? []) delivery.settle();
    for (const read of plan.reads ?? []) {
      const result = await this.#actors.read?.(key, read);
      if (result) messages.push(...(await this.#run(key, [{ result }])).messages);
    }
    return { messages, effects };
  }
}

/** Who was given a message, with its number. */
export function deliveredTo({ effects }: Turned): [string, number][] {
  return effects.flatMap(({ kind, key, command }): [string, number][] =>
    kind === 'mailbox' && command.type === 'deliver' ? [[key, command.item.group?.number ?? 0]] : [],
  );
}

/** Who was told of entries: address, number of the first, how many. */
export function toldOf({ effects }: Turned): [string, number, number][] {
  return effects.flatMap(({ kind, key, command }): [string, number, number][] =>
    kind === 'mailbox' && command.type === 'entries' ? [[key, command.item.number, command.item.entries.length]] : [],
  );
}

/** How each command was answered: what it was refused with, or its number. */
export function outcomes({ messages }: Turned): unknown[] {
  return messages.map((message) => {
    if (message.type === 'refusal') return message.code;
    return message.type === 'answer' && 'number' in message.answer ? message.answer.number : message.type;
  });
}

export function stateBytes(answer: Record<string, unknown>): Uint8Array {
  return decodeBase64(String(answer.state));
}
