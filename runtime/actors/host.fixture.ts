// A host of actors that do what a test says, on a bus and a store that the test can fail, hold up or take away; what happens is a list of lines.
import pino from 'pino';
import type { Addressed, InboxMessage, MailboxCommand } from '#protocol/commands.ts';
import { Unavailable } from '#protocol/errors.ts';
import type { Bus, Delivery } from '../bus/bus.ts';
import { LocalSignals } from '../signals.ts';
import type { Actor, Incoming, Plan, Tell } from './actor.ts';
import { ActorHost } from './host.ts';

const PARTITIONS = 4;

type MailboxIncoming = Incoming<'mailbox', string>;
export type Decide = (
  batch: readonly MailboxIncoming[],
  memory: Memory,
) => Plan<string, string> | Promise<Plan<string, string>>;
/** What a test's actor has seen since it was loaded. */
type Memory = { readonly key: string; readonly seen: number[] };

/** The number of a command, as `delivery` gave it. */
export const length = ({ type, ...rest }: MailboxCommand): number =>
  type === 'account' && 'length' in rest ? rest.length : 0;
export const numbersOf = (batch: readonly MailboxIncoming[]): number[] =>
  batch.map((one) => ('command' in one ? length(one.command) : -1));
export const settledOf = (batch: readonly MailboxIncoming[]): Delivery[] =>
  batch.flatMap((one) => ('command' in one && one.delivery ? [one.delivery] : []));

/** Lets a test wait until something has been recorded. */
class Journal {
  readonly lines: string[] = [];
  #waiters: (() => void)[] = [];

  add(line: string): void {
    this.lines.push(line);
    for (const wake of this.#waiters.splice(0)) wake();
  }

  async until(line: string, count = 1): Promise<void> {
    while (this.lines.filter((one) => one === line).length < count) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }
}

export class Stage {
  readonly journal = new Journal();
  /** Lines of the log, from `error` up. */
  readonly logged: string[] = [];
  decide: Decide = (batch) => ({ settled: settledOf(batch) });
  now = 1_000_000;
  /** Thrown once in the place of that name. */
  readonly fail: { write?: unknown; publish?: unknown; relay?: unknown; quarantine?: unknown; read?: unknown } = {};
  /** Opens the relay of each command number, in the order of the test's choice. */
  readonly relays = new Map<number, Promise<void>>();
  loads = 0;
  readonly observed = { repeated: 0, quarantined: 0 };
  away = false;
  gate: Promise<void> | undefined;
  readonly tell: Tell = { inbox: 'there', message: { type: 'answer', re: 1, answer: {} } };
  readonly effect: Addressed = this.delivery(0).to;
  readonly host: ActorHost<'mailbox', string, string, string>;

  constructor() {
    const signals = new LocalSignals();
    signals.onSignal(() => this.journal.add('signalled'));
    this.host = new ActorHost<'mailbox', string, string, string>({
      type: {
        kind: 'mailbox',
        activate: async (key) => this.#actor(key),
        write: (_key, writes) => this.#write(writes),
        read: async (_key, read) => {
          this.#once('read');
          return read;
        },
      },
      bus: this.#bus(),
      signals,
      log: pino({ level: 'error' }, { write: (line) => this.logged.push(line) }),
      now: () => this.now,
      observer: {
        turn() {},
        repeated: () => {
          this.observed.repeated += 1;
        },
        quarantined: () => {
          this.observed.quarantined += 1;
        },
      },
      quarantine: {
        keep: async ({ command }: Addressed, reason) => {
          this.#once('quarantine');
          this.journal.add(`quarantined ${length(command as MailboxCommand)} ${reason}`); // only mailboxes here
        },
      },
    });
  }

  delivery(n: number, key = 'al', redelivered = false): Delivery {
    const command: MailboxCommand = { type: 'account', length: n, devices: [], deleted: false };
    const settle = (): void => this.journal.add(`settled ${n}`);
    return { to: { kind: 'mailbox', key, command }, redelivered, size: 1, settle };
  }

  #actor(key: string): Actor<'mailbox', string, string, string> {
    this.loads += 1;
    const memory: Memory = { key, seen: [] };
    return {
      idle: true,
      drop: (): Tell[] => [{ inbox: 'there', message: { type: 'reattach', session: 1 } }],
      turn: (batch) => {
        this.journal.add(`turn ${key} ${numbersOf(batch).join(' ')}`);
        const plan = this.decide(batch, memory);
        memory.seen.push(...numbersOf(batch));
        return plan;
      },
    };
  }

  async #write(writes: readonly string[]): Promise<void> {
    await this.gate;
    this.#once('write');
    if (this.away) {
      this.journal.add('away');
      throw new Unavailable('away');
    }
    for (const write of writes) this.journal.add(write);
  }

  #bus(): Bus {
    return {
      inbox: 'here',
      partitions: PARTITIONS,
      lagMsOf: () => 0,
      awayMs: 0,
      blocked: false,
      publish: async (commands) => {
        await this.gate;
        this.#once('publish');
        this.journal.add(`published ${commands.length}`);
      },
      relay: async ([first]) => {
        const n = first ? length(first.command as MailboxCommand) : -1; // only mailboxes here
        this.journal.add(`relayed ${n}`);
        this.#once('relay');
        await this.relays.get(n);
        this.journal.add(`confirmed ${n}`);
      },
      tell: () => {},
      send: (_inbox: string, message: InboxMessage) =>
        this.journal.add(`told ${message.type === 'refusal' ? `refusal ${message.code}` : message.type}`),
      onMessage: () => {},
      consume: (_kind, consumer) => {
        for (let partition = 0; partition < PARTITIONS; partition += 1) consumer.gained(partition, 1);
      },
      start: async () => {},
      close: async () => {},
    };
  }

  #once(name: keyof Stage['fail']): void {
    const error = this.fail[name];
    delete this.fail[name];
    if (error !== undefined) throw error;
  }
}
