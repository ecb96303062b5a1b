// The order of a turn, and what the host does when a turn fails, with actors that do what their commands say.
import { setImmediate as tick } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Addressed, InboxMessage, MailboxCommand } from '#protocol/commands.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { Bus, Delivery } from '../bus/bus.ts';
import { LocalSignals } from '../signals.ts';
import { Conflict } from '../store/database.ts';
import type { Actor, Incoming, Plan, Tell } from './actor.ts';
import { ActorHost } from './host.ts';

const PARTITIONS = 4;

type MailboxIncoming = Incoming<'mailbox', string>;
type Decide = (
  batch: readonly MailboxIncoming[],
  memory: Memory,
) => Plan<string, string> | Promise<Plan<string, string>>;
/** What a test's actor has seen since it was loaded. */
type Memory = { readonly key: string; readonly seen: number[] };

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

const length = ({ type, ...rest }: MailboxCommand): number =>
  type === 'account' && 'length' in rest ? rest.length : 0;
const numbersOf = (batch: readonly MailboxIncoming[]): number[] =>
  batch.map((one) => ('command' in one ? length(one.command) : -1));
const settledOf = (batch: readonly MailboxIncoming[]): Delivery[] =>
  batch.flatMap((one) => ('command' in one && one.delivery ? [one.delivery] : []));

describe('the host of actors', () => {
  let journal: Journal;
  let decide: Decide;
  let now: number;
  let fail: { write?: unknown; publish?: unknown; relay?: unknown; quarantine?: unknown; read?: unknown };
  /** Opens the relay of each command number, in the order of the test's choice. */
  let relays: Map<number, Promise<void>>;
  let loads: number;
  let away: boolean;
  let gate: Promise<void> | undefined;
  let host: ActorHost<'mailbox', string, string, string>;

  const once = (name: keyof typeof fail): void => {
    const error = fail[name];
    delete fail[name];
    if (error !== undefined) throw error;
  };

  const bus = (): Bus => ({
    inbox: 'here',
    partitions: PARTITIONS,
    lagMs: 0,
    awayMs: 0,
    publish: async (commands) => {
      await gate;
      once('publish');
      journal.add(`published ${commands.length}`);
    },
    relay: async ([first]) => {
      const n = first ? length(first.command as MailboxCommand) : -1; // only mailboxes here
      journal.add(`relayed ${n}`);
      once('relay');
      await relays.get(n);
      journal.add(`confirmed ${n}`);
    },
    tell: () => {},
    send: (_inbox: string, message: InboxMessage) =>
      journal.add(`told ${message.type === 'refusal' ? `refusal ${message.code}` : message.type}`),
    onMessage: () => {},
    consume: (_kind, consumer) => {
      for (let partition = 0; partition < PARTITIONS; partition += 1) consumer.gained(partition, 1);
    },
    start: async () => {},
    close: async () => {},
  });

  beforeEach(() => {
    journal = new Journal();
    decide = (batch) => ({ settled: settledOf(batch) });
    now = 1_000_000;
    fail = {};
    loads = 0;
    away = false;
    gate = undefined;
    relays = new Map();
    const signals = new LocalSignals();
    signals.onSignal(() => journal.add('signalled'));
    host = new ActorHost<'mailbox', string, string, string>({
      type: {
        kind: 'mailbox',
        activate: async (key) => {
          loads += 1;
          const memory: Memory = { key, seen: [] };
          const actor: Actor<'mailbox', string, string, string> = {
            idle: true,
            drop: (): Tell[] => [{ inbox: 'there', message: { type: 'reattach', session: 1 } }],
            turn(batch) {
              journal.add(`turn ${key} ${numbersOf(batch).join(' ')}`);
              const plan = decide(batch, memory);
              memory.seen.push(...numbersOf(batch));
              return plan;
            },
          };
          return actor;
        },
        write: async (_key, writes) => {
          await gate;
          once('write');
          if (away) {
            journal.add('away');
            throw new Unavailable('away');
          }
          for (const write of writes) journal.add(write);
        },
        read: async (_key, read) => {
          once('read');
          return read;
        },
      },
      bus: bus(),
      signals,
      log: pino({ level: 'silent' }),
      now: () => now,
      observer: { turn: () => {} },
      quarantine: {
        keep: async ({ command }: Addressed, reason) => {
          once('quarantine');
          journal.add(`quarantined ${length(command as MailboxCommand)} ${reason}`); // only mailboxes here
        },
      },
    });
  });
  afterEach(() => host.stop());

  const delivery = (n: number, key = 'al', redelivered = false): Delivery => {
    const command: MailboxCommand = { type: 'account', length: n, devices: [], deleted: false };
    return { to: { kind: 'mailbox', key, command }, redelivered, size: 1, settle: () => journal.add(`settled ${n}`) };
  };
  const effect: Addressed = delivery(0).to;
  const tell: Tell = { inbox: 'there', message: { type: 'answer', re: 1, answer: {} } };

  test('performs a plan in this order: writes, effects, tells, signals, settled, reads; afterwards: relay, removals, settled', async () => {
    decide = (batch) => ({
      writes: ['wrote'],
      effects: [effect],
      tells: [tell],
      settled: settledOf(batch).slice(0, 1),
      afterwards: { effects: [effect], removals: ['removed'], settled: settledOf(batch).slice(1) },
      signals: [{ type: 'revoked', address: 'al', device: 'a1', deleted: false }],
      ...('result' in (batch[0] ?? {}) ? {} : { reads: ['read'] }),
    });
    host.deliver([delivery(1), delivery(2)]);
    await journal.until('settled 2');
    await journal.until('turn al -1');
    expect(journal.lines.slice(0, 7)).toEqual([
      'turn al 1 2',
      'wrote',
      'published 1',
      'told answer',
      'signalled',
      'settled 1',
      'relayed 0',
    ]);
    const after = journal.lines.filter((line) => ['confirmed 0', 'removed', 'settled 2'].includes(line));
    expect(after.slice(0, 3)).toEqual(['confirmed 0', 'removed', 'settled 2']);
  });

  describe('what follows a turn', () => {
    /** Each command causes an effect under its number, a removal, and is settled after them. */
    const following: Decide = (batch) => {
      const [n] = numbersOf(batch);
      if (n === undefined) return {};
      return {
        tells: [tell],
        afterwards: { effects: [delivery(n).to], removals: [`removed ${n}`], settled: settledOf(batch) },
      };
    };
    const held = (n: number): (() => void) => {
      let open = () => {};
      relays.set(n, new Promise((resolve) => (open = resolve)));
      return open;
    };
    const turns = () => journal.lines.filter((line) => line.startsWith('turn'));

    test('holds up no later turn; removals and settling keep the order of the turns, whichever relay ends first', async () => {
      decide = following;
      const open = held(1);
      host.deliver([delivery(1)]);
      await journal.until('relayed 1');
      host.deliver([delivery(2)]);
      await journal.until('confirmed 2');
      await tick();
      expect(journal.lines).toEqual([
        'turn al 1',
        'told answer',
        'relayed 1',
        'turn al 2',
        'told answer',
        'relayed 2',
        'confirmed 2',
      ]);
      open();
      await journal.until('settled 2');
      expect(journal.lines.slice(7)).toEqual(['confirmed 1', 'removed 1', 'settled 1', 'removed 2', 'settled 2']);
    });

    test('ends before what a later turn settles: that may be what its notice is about', async () => {
      decide = (batch, memory) =>
        numbersOf(batch)[0] === 1 ? following(batch, memory) : { settled: settledOf(batch) };
      const open = held(1);
      host.deliver([delivery(1)]);
      await journal.until('relayed 1');
      host.deliver([delivery(2)]);
      await journal.until('turn al 2');
      await tick();
      expect(journal.lines).not.toContain('settled 2');
      open();
      await journal.until('settled 2');
      expect(journal.lines.slice(-3)).toEqual(['removed 1', 'settled 1', 'settled 2']);
    });

    test('is waited for by stop', async () => {
      decide = following;
      const open = held(1);
      host.deliver([delivery(1)]);
      await journal.until('relayed 1');
      const stopped = host.stop().then(() => journal.add('stopped'));
      await tick();
      expect(journal.lines).not.toContain('stopped');
      open();
      await stopped;
      expect(journal.lines.slice(-4)).toEqual(['confirmed 1', 'removed 1', 'settled 1', 'stopped']);
    });

    test('is not waited for without end: what a full disk holds up stays in the queue', async () => {
      decide = following;
      const open = held(1);
      host.deliver([delivery(1)]);
      await journal.until('relayed 1');
      await host.stop();
      expect(journal.lines).not.toContain('removed 1');
      open();
    });

    test('is repeated while the store is away, and those of later turns wait', async () => {
      decide = following;
      fail.write = new Unavailable('away');
      fail.relay = new Unavailable('away');
      host.deliver([delivery(1)]);
      await journal.until('turn al 1');
      host.deliver([delivery(2)]);
      await journal.until('settled 2');
      expect(journal.lines.filter((line) => /removed|settled/.test(line))).toEqual([
        'removed 1',
        'settled 1',
        'removed 2',
        'settled 2',
      ]);
      expect(loads).toBe(1);
    });

    test.each([
      ['removal', 'write'],
      ['relay', 'relay'],
    ] as const)(
      'a %s that fails for good takes nothing with it: the memory is dropped, what was not settled comes again, first',
      async (_, name) => {
        const open = held(2);
        decide = following;
        host.deliver([delivery(1)]);
        fail[name] = new Conflict('another owner');
        await journal.until('turn al 1');
        host.deliver([delivery(2)]);
        await journal.until('relayed 2');
        open();
        await journal.until('settled 2');
        await journal.until('settled 1');
        expect(journal.lines.indexOf('told reattach')).toBeGreaterThan(journal.lines.indexOf('confirmed 2'));
        expect(turns()).toEqual(['turn al 1', 'turn al 2', 'turn al 1 2']);
        expect(journal.lines).not.toContain('removed 2'); // before what comes first it must not go
        expect(loads).toBe(2);
      },
    );

    test('has ended before an actor is loaded again, so that it is loaded as its turns left it', async () => {
      decide = (batch, memory) =>
        numbersOf(batch).includes(2) ? { writes: ['wrote'], settled: settledOf(batch) } : following(batch, memory);
      const open = held(1);
      host.deliver([delivery(1)]);
      await journal.until('relayed 1');
      fail.write = new Conflict('another owner');
      host.deliver([delivery(2)]);
      await journal.until('turn al 2');
      await tick();
      expect(loads).toBe(1);
      open();
      await journal.until('settled 2');
      expect(turns()).toEqual(['turn al 1', 'turn al 2', 'turn al 2']); // 1 is settled and does not come again
    });
  });

  test('gives a turn all that waits, in order, and the rest a turn after it', async () => {
    host.deliver([delivery(1), delivery(2)]);
    host.told(delivery(3).to);
    await journal.until('settled 2');
    expect(journal.lines[0]).toBe('turn al 1 2 3');
    host.deliver(Array.from({ length: 300 }, (_, i) => delivery(i)));
    await journal.until('settled 299');
    expect(journal.lines.filter((line) => line.startsWith('turn')).map((line) => line.split(' ').length - 2)).toEqual([
      3, 256, 44,
    ]);
  });

  test('turns of one actor never overlap; those of different actors do', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    decide = (batch, { key }) => ({ writes: [`wrote ${key} ${numbersOf(batch)}`], settled: settledOf(batch) });
    host.deliver([delivery(1, 'al'), delivery(2, 'bo')]);
    await journal.until('turn bo 2');
    host.deliver([delivery(3, 'al')]);
    await tick();
    expect(journal.lines).toEqual(['turn al 1', 'turn bo 2']);
    open();
    await journal.until('settled 3');
    expect(journal.lines.indexOf('turn al 3')).toBeGreaterThan(journal.lines.indexOf('settled 1'));
  });

  test.each([
    ['write', 'wrote'],
    ['publish', 'published 1'],
  ] as const)('repeats a %s in place while something is away, without another turn', async (name, line) => {
    decide = (batch) => ({ writes: ['wrote'], effects: [effect], settled: settledOf(batch) });
    fail[name] = name === 'write' ? new RequestError('no_space') : new Unavailable('away');
    host.deliver([delivery(1)]);
    await journal.until('settled 1');
    expect(journal.lines).toEqual(['turn al 1', 'wrote', 'published 1', 'settled 1']);
    expect(journal.lines).toContain(line);
    expect(loads).toBe(1);
  });

  test('repeats a turn that itself found something away', async () => {
    let tries = 0;
    decide = async (batch) => {
      tries += 1;
      if (tries === 1) throw new Unavailable('away');
      return { settled: settledOf(batch) };
    };
    host.deliver([delivery(1)]);
    await journal.until('settled 1');
    expect(journal.lines.filter((line) => line.startsWith('turn'))).toEqual(['turn al 1', 'turn al 1']);
    expect(journal.lines.some((line) => line.startsWith('quarantined'))).toBe(false);
  });

  test('after a conflict drops the memory, tells those who relied on it, loads again and repeats the turn', async () => {
    decide = (batch, { seen }) => ({ writes: [`wrote after ${seen}`], tells: [tell], settled: settledOf(batch) });
    host.deliver([delivery(1)]);
    await journal.until('settled 1');
    fail.write = new Conflict('another owner');
    host.deliver([delivery(2)]);
    await journal.until('settled 2');
    expect(journal.lines.slice(4)).toEqual([
      'turn al 2',
      'told reattach',
      'turn al 2',
      'wrote after ',
      'told answer',
      'settled 2',
    ]);
    expect(loads).toBe(2);
  });

  test('gives an actor that was loaded again what the dropped one had held, first and marked', async () => {
    let marks: (readonly [number, boolean])[] = [];
    decide = (batch) => {
      marks = settledOf(batch).map(({ to, redelivered }) => [length(to.command as MailboxCommand), redelivered]); // as above
      const held = numbersOf(batch).join() === '1,2' && loads === 1;
      return held ? {} : { writes: ['wrote'], settled: settledOf(batch) };
    };
    host.deliver([delivery(1), delivery(2)]);
    await journal.until('turn al 1 2');
    fail.write = new Conflict('another owner');
    host.deliver([delivery(3)]);
    await journal.until('settled 3');
    expect(marks).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    expect(journal.lines.slice(-4)).toEqual(['wrote', 'settled 1', 'settled 2', 'settled 3']);
  });

  test('puts a poisonous command aside, refuses and settles it, and goes on with the others', async () => {
    const re = 7;
    const item = { ...poisonItem };
    const poison: Delivery = {
      to: { kind: 'mailbox', key: 'al', command: { type: 'deliver', item, reply: { inbox: 'there', re } } },
      redelivered: false,
      size: 1,
      settle: () => journal.add('settled poison'),
    };
    decide = (batch) => {
      if (batch.some((one) => 'command' in one && one.command.type === 'deliver')) throw new TypeError('poison');
      return { settled: settledOf(batch) };
    };
    host.deliver([delivery(1), poison, delivery(2)]);
    await journal.until('settled 2');
    expect(journal.lines.filter((line) => !line.startsWith('turn') && line !== 'told reattach')).toEqual([
      'settled 1',
      'quarantined 0 TypeError: poison',
      'told refusal rejected',
      'settled poison',
      'settled 2',
    ]);
    host.deliver([delivery(3)]);
    await journal.until('settled 3');
  });

  test('what an actor held survives a poisonous command', async () => {
    decide = (batch) => {
      const [n] = numbersOf(batch);
      if (n === 2) throw new TypeError('poison');
      return n === 1 && loads === 1 ? {} : { settled: settledOf(batch) };
    };
    host.deliver([delivery(1)]);
    await journal.until('turn al 1');
    host.deliver([delivery(2)]);
    await journal.until('settled 1');
    expect(journal.lines).toEqual([
      'turn al 1',
      'turn al 2',
      'told reattach',
      'quarantined 2 TypeError: poison',
      'settled 2',
      'turn al 1',
      'settled 1',
    ]);
  });

  test('waits for a quarantine that is away, so that a command neither is lost nor ends the process', async () => {
    fail.quarantine = new Unavailable('away');
    decide = () => {
      throw new TypeError('poison');
    };
    host.deliver([delivery(1)]);
    await journal.until('settled 1');
    expect(journal.lines).toContain('quarantined 1 TypeError: poison');
  });

  test('a command that loses against the fence for ever is put aside in the end', async () => {
    decide = (batch) => {
      if (numbersOf(batch).includes(1)) throw new Conflict('always');
      return { settled: settledOf(batch) };
    };
    host.deliver([delivery(1), delivery(2)]);
    await journal.until('settled 2');
    expect(journal.lines).toContain('quarantined 1 Conflict: always');
  });

  test('repeats a read while the store is away', async () => {
    fail.read = new Unavailable('away');
    decide = (batch) => ({ settled: settledOf(batch), ...('command' in (batch[0] ?? {}) ? { reads: ['read'] } : {}) });
    host.deliver([delivery(1)]);
    await journal.until('turn al -1');
  });

  test('a read that fails for good drops the memory: whoever waits for its result is told, what was held comes again', async () => {
    decide = (batch) => (loads === 1 ? { reads: ['read'] } : { settled: settledOf(batch) });
    fail.read = new TypeError('unreadable');
    host.deliver([delivery(1)]);
    await journal.until('settled 1');
    expect(journal.lines).toEqual(['turn al 1', 'told reattach', 'turn al 1', 'settled 1']);
  });

  test('wakes an actor at the time that it asked for, unless a later plan says otherwise', async () => {
    decide = (batch) => (numbersOf(batch).includes(1) ? { wakeAt: now + 1_000 } : {});
    host.deliver([delivery(1, 'al'), delivery(1, 'bo')]);
    await journal.until('turn bo 1');
    host.deliver([delivery(2, 'bo')]);
    await journal.until('turn bo 2');
    now += 1_000;
    await journal.until('turn al ');
    expect(journal.lines).not.toContain('turn bo ');
  });

  test('stop waits for the turn that runs and starts no other', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    decide = (batch) => ({ writes: ['wrote'], settled: settledOf(batch) });
    host.deliver([delivery(1)]);
    await journal.until('turn al 1');
    host.deliver([delivery(2)]);
    const stopped = host.stop().then(() => journal.add('stopped'));
    await tick();
    expect(journal.lines).toEqual(['turn al 1']);
    open();
    await stopped;
    host.deliver([delivery(3, 'bo')]);
    await tick();
    expect(journal.lines).toEqual(['turn al 1', 'wrote', 'settled 1', 'stopped']);
  });

  test('stop does not wait for a store that stays away; what was not settled stays in the queue', async () => {
    away = true;
    decide = (batch) => ({ writes: ['wrote'], settled: settledOf(batch) });
    host.deliver([delivery(1), delivery(2)]);
    await journal.until('away', 2);
    await host.stop();
    expect(journal.lines).toEqual(['turn al 1 2', 'away', 'away', 'away']); // one last try, nothing settled
  });
});

const poisonItem = {
  type: 'message',
  id: 'id',
  from: 'bo@localhost',
  device: 'b1',
  conversation: 'c',
  seq: 1,
  header: '',
  body: '',
  slots: {},
  receivedAt: 0,
  expiresAt: 0,
} as const;
