// A gateway on real sockets whose actors are the test: it sees every command, answers when it wants to, and moves the clock.
import { pino } from 'pino';
import { vi } from 'vitest';
import type { AccountCommand, Addressed, InboxMessage, MailboxCommand } from '#protocol/commands.ts';
import type { Bus, BusReader } from '#runtime/bus/bus.ts';
import { Metrics } from '#runtime/metrics.ts';
import { LocalSignals } from '#runtime/signals.ts';
import { TICKET_KEY_BYTES, Tickets } from '#runtime/tickets.ts';
import { Wire } from '../../test/wire.fixture.ts';
import { random64, type WirePerson } from '../../test/wire-person.fixture.ts';
import { Hub } from './hub.ts';
import { Listener } from './listener.ts';
import { TicketOffice } from './ticket-office.ts';

type Deliver = Extract<MailboxCommand, { type: 'deliver' }>;

/** Confirms at once, remembers what went over it, and lets every device open a session. */
class HeldBus implements Bus {
  readonly inbox = 'held';
  readonly sends: Deliver[] = [];
  readonly others: (AccountCommand | Exclude<MailboxCommand, Deliver>)[] = [];
  /** What went through the queues, whatever became of it. */
  readonly published: Addressed[] = [];
  partitions = 1;
  awayMs = 0;
  blocked = false;
  /** By key; of all others, 0. */
  readonly lags = new Map<string, number>();
  /** Thrown in place of the next confirms. */
  failure: Error | undefined;
  /** Thrown where nothing may throw. */
  fault: Error | undefined;
  reader: BusReader = { message: () => {} };
  #watchers: (() => void)[] = [];

  async publish(commands: readonly Addressed[]): Promise<void> {
    if (this.failure) throw this.failure;
    this.published.push(...commands);
    for (const command of commands) this.tell(command);
  }

  relay(commands: readonly Addressed[]): Promise<void> {
    return this.publish(commands);
  }

  tell({ command }: Addressed): void {
    if (this.fault) throw this.fault;
    if (command.type === 'deliver') this.sends.push(command);
    else if (!('message' in command)) this.others.push(command as never);
    if (command.type === 'session') this.answer(command.reply.re, {});
    for (const watcher of this.#watchers) watcher();
  }

  lagMsOf(_kind: string, key: string): number {
    return this.lags.get(key) ?? 0;
  }

  send(_inbox: string, message: InboxMessage): void {
    this.reader.message(message);
  }

  onMessage(reader: BusReader): void {
    this.reader = reader;
  }

  answer(re: number, answer = { receivedAt: 1 } as object): void {
    this.reader.message({ type: 'answer', re, answer: answer as { receivedAt: number } });
  }

  /** Answers the oldest sends that wait. */
  answerSends(count: number): void {
    for (const { reply } of this.sends.splice(0, count)) if (reply) this.answer(reply.re);
  }

  /** Resolves once this many sends wait. */
  async waiting(count: number): Promise<void> {
    while (this.sends.length < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  consume(): void {}
  async start(): Promise<void> {}
  async close(): Promise<void> {}
}

export class Gateway {
  readonly bus = new HeldBus();
  readonly signals: LocalSignals;
  readonly space = { low: false };
  /** The lines of its log, from `error` up. */
  readonly logged: string[] = [];
  /** Monotonic, in ms. */
  clock = 0;
  readonly #metrics = new Metrics();
  readonly hub: Hub;
  readonly listener: Listener;
  url = '';

  private constructor(signals: LocalSignals) {
    this.signals = signals;
    // The hub's timers run when the test says so; those of two gateways together.
    if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    this.hub = new Hub({
      bus: this.bus,
      signals: this.signals,
      log: pino({ level: 'error' }, { write: (line) => this.logged.push(line) }),
      metrics: this.#metrics,
      domain: 'localhost',
      serverKey: Buffer.alloc(32, 1).toString('base64url'),
      tickets: new TicketOffice(new Tickets(new Uint8Array(TICKET_KEY_BYTES), () => this.clock), [7072]),
      signUp: 'open',
      rateFactor: 1,
      space: this.space,
      random: (bytes) => new Uint8Array(Buffer.from(random64(bytes), 'base64')),
      now: () => 1_800_000_000_000 + this.clock,
      monotonic: () => this.clock,
    });
    const settings = {
      host: '127.0.0.1',
      port: 0,
      domain: 'localhost',
      signUp: 'open' as const,
      allowPlain: false,
      trustProxy: false,
    };
    this.listener = new Listener(this.hub, { ...settings, tlsCert: undefined, tlsKey: undefined, rateFactor: 1 });
  }

  /** `signals`: what it shares with other gateways. */
  static async start(signals?: LocalSignals): Promise<Gateway> {
    const gateway = await Gateway.listening(signals);
    gateway.listener.open();
    return gateway;
  }

  /** One that has its port, and takes nobody yet. */
  static async listening(signals = new LocalSignals()): Promise<Gateway> {
    const gateway = new Gateway(signals);
    gateway.url = await gateway.listener.listen();
    return gateway;
  }

  /** What clients sent and have no answer to. */
  async unanswered(): Promise<{ readonly bytes: number; readonly asks: number }> {
    return { bytes: await this.measured('parley_unanswered_bytes'), asks: this.hub.asks.size };
  }

  /** The value of a metric. */
  async measured(name: string): Promise<number> {
    const metrics = await this.#metrics.text();
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
  }

  /** Lets time pass, and the hub's timers run that are due meanwhile. */
  pass(ms: number): void {
    this.clock += ms;
    vi.advanceTimersByTime(ms);
  }

  /** A connection with a session of somebody new. */
  async session(person: WirePerson, receive = false): Promise<Wire> {
    const wire = await Wire.open(this.url);
    await wire.ok({ type: 'session', ...person.sessionFields(wire, { receive }) });
    return wire;
  }

  async stop(): Promise<void> {
    this.bus.answerSends(Number.POSITIVE_INFINITY);
    this.listener.stop();
    await this.hub.drain({ noticeMs: 0, moveMs: 0, patienceMs: 0 });
    this.listener.close();
    vi.useRealTimers();
  }
}

/** Writes sends without waiting; their ids. */
export function sendAll(wire: Wire, count: number, from: WirePerson, to: WirePerson, bodyBytes?: number): number[] {
  return Array.from({ length: count }, () => {
    const id = wire.nextId();
    wire.send({ type: 'send', id, ...from.message(to, {}, bodyBytes) });
    return id;
  });
}
