// The embedded bus: durable queues as a journal in SQLite, inboxes in process. What is published while a commit is under way
// becomes the next frames, one for each partition: batching that costs no latency (DESIGN section 2, Batching).
import { setImmediate as tickEnd } from 'node:timers/promises';
import type { ActorKind, Addressed, InboxMessage } from '#protocol/commands.ts';
import type { Bus, BusReader, PartitionConsumer } from './bus.ts';
import { decodeCommands, encodeCommand } from './encode.ts';
import { Frame, FrameMaker, Item } from './frame.ts';
import { charsOf, type Encoded } from './frame-text.ts';
import type { JournalStore } from './journal-store.ts';

/** A settled frame waits this long for a publish to carry its removal, before it gets a commit of its own. */
const REMOVAL_WAIT_MS = 50;
/**
 * A relayed command that is not settled by then is written. Most are: a notice to somebody connected takes a round trip, and one about a
 * message to a group waits a quarter of a second for others (services/delivery/gathered.ts). So a message between two who are connected
 * costs one row instead of two, one to a group of a thousand no thousand notices more, and no notice waits for a disk.
 */
const RELAY_WAIT_MS = 400;
/** What nobody waits for is tried again after this, when the disk had no room for it. */
const FAILED_WAIT_MS = 500;
/** A command's JSON beside its strings, roughly: for sizes only. */
const OVERHEAD_CHARS = 400;

type Publish = {
  readonly since: number;
  readonly commands: readonly Addressed[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** `committed`: called after each commit, with how long it took. */
export type JournalSettings = {
  readonly store: JournalStore;
  readonly partitions: number;
  readonly epoch: number;
  readonly committed?: (seconds: number) => void;
};

/** Relayed together; `left`: how many are neither settled nor written. */
type Relay = { readonly since: number; items: readonly Item[]; left: number; readonly resolve: () => void };

export class Journal implements Bus {
  readonly inbox: string;
  readonly #store: JournalStore;
  readonly partitions: number;
  /** Nothing that it depends on can be away. */
  readonly awayMs = 0;
  /** A full disk is said by each publish. */
  readonly blocked = false;
  /** What is committed is handed out at once. */
  readonly behindMs = 0;
  readonly #epoch: number;
  readonly #committed: ((seconds: number) => void) | undefined;
  readonly #consumers = new Map<ActorKind, PartitionConsumer>();
  #reader: BusReader = { message: () => {} };
  #waiting: Publish[] = [];
  #relays = new Set<Relay>();
  #removals: number[] = [];
  #committing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #oldestUnderWay: number | undefined;
  #nextId = 1;
  #underWay = 0;
  #frames = 0;
  #items = 0;
  #chars = 0;
  #failed = false;
  #closing = false;

  /** `epoch`: a number that no earlier start had. Answers to the inbox of an earlier one go nowhere, as they should. */
  constructor(settings: JournalSettings) {
    this.#store = settings.store;
    this.partitions = settings.partitions;
    this.#epoch = settings.epoch;
    this.#committed = settings.committed;
    this.inbox = `embedded/${settings.epoch}`;
  }

  publish(commands: readonly Addressed[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ since: performance.now(), commands, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  relay(commands: readonly Addressed[]): Promise<void> {
    if (commands.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const relay: Relay = { since: performance.now(), items: [], left: commands.length, resolve };
      const unwritten = (): void => this.#done(relay, 1);
      relay.items = commands.map((command) => new Item(command, OVERHEAD_CHARS, { unwritten }));
      this.#relays.add(relay);
      this.#later(RELAY_WAIT_MS);
      for (const item of relay.items) this.#consumer(item.to.kind).deliver([item]);
    });
  }

  tell(command: Addressed): void {
    this.#consumers.get(command.kind)?.told(command);
  }

  send(inbox: string, message: InboxMessage): void {
    if (inbox === this.inbox) this.#reader.message(message);
    else for (const consumer of this.#consumers.values()) consumer.gone(inbox);
  }

  onMessage(reader: BusReader): void {
    this.#reader = reader;
  }

  consume(kind: ActorKind, consumer: PartitionConsumer): void {
    this.#consumers.set(kind, consumer);
    for (let partition = 0; partition < this.partitions; partition += 1) consumer.gained(partition, this.#epoch);
  }

  /** The journal has one owner, for good: whatever a crash left is handed out before this resolves. */
  async start(): Promise<void> {
    for (let after = 0; ; ) {
      const page = await this.#store.page(after);
      for (const { id, queue, body } of page) {
        const frame = new Frame(id, queue, (done) => this.#remove(done));
        const commands = decodeCommands(body);
        const size = Math.ceil(body.length / commands.length) + OVERHEAD_CHARS;
        for (const command of commands) frame.readd(new Item(command, size, { redelivered: true }));
        this.#handOut(frame);
        after = id;
      }
      this.#nextId = Math.max(this.#nextId, after + 1);
      if (page.length === 0) return;
    }
  }

  /** All partitions share one disk. */
  lagMsOf(): number {
    return this.lagMs;
  }

  /** How many publishes wait for their commit. */
  get unconfirmed(): number {
    return this.#underWay + this.#waiting.length;
  }

  /** How many frames it has written, how many commands were in them, and how many characters they had. */
  get published(): { readonly frames: number; readonly items: number; readonly bytes: number } {
    return { frames: this.#frames, items: this.#items, bytes: this.#chars };
  }

  /** How long the oldest publish has been waiting for its commit, in ms. */
  get lagMs(): number {
    const oldest = this.#oldestUnderWay ?? this.#waiting[0]?.since;
    return oldest === undefined ? 0 : performance.now() - oldest;
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#committing;
    this.#committing ??= this.#commitAll();
    await this.#committing;
  }

  /** Commits until nobody waits; one commit at a time. Removals, and relays that are due, ride along. */
  async #commitAll(): Promise<void> {
    await tickEnd(); // what else this tick reads from its sockets and publishes comes along
    do {
      const publishes = this.#waiting;
      const removals = this.#removals;
      const relays = this.#dueRelays();
      this.#waiting = [];
      this.#removals = [];
      this.#oldestUnderWay = publishes[0]?.since;
      this.#underWay = publishes.length;
      if (publishes.length + removals.length + relays.length > 0) await this.#commit(publishes, removals, relays);
      this.#oldestUnderWay = undefined;
      this.#underWay = 0;
    } while (this.#waiting.length > 0);
    this.#committing = undefined;
    if (this.#relays.size + this.#removals.length > 0) this.#later(this.#failed ? FAILED_WAIT_MS : RELAY_WAIT_MS);
  }

  async #commit(publishes: readonly Publish[], removals: readonly number[], relays: readonly Relay[]): Promise<void> {
    const relayed = this.#frameMaker();
    for (const { items } of relays) {
      for (const item of items) if (!item.settled) relayed.add(item, encodeCommand(item.to));
    }
    const fresh = this.#frameMaker();
    for (const { commands } of publishes) {
      for (const command of commands) {
        const encoded = encodeCommand(command);
        fresh.add(new Item(command, sizeOf(encoded)), encoded);
      }
    }
    const frames = [...relayed.frames, ...fresh.frames];
    const rows = frames.map((frame) => ({ id: frame.id, queue: frame.queue, body: frame.takeBody() }));
    try {
      const start = performance.now();
      await this.#store.change(rows, removals);
      this.#failed = false;
      this.#committed?.((performance.now() - start) / 1_000);
      this.#count(frames, rows);
    } catch (error) {
      this.#failed = true;
      if (rows.length === 0 || !(await this.#makeRoom(removals))) this.#removals = [...removals, ...this.#removals];
      for (const { reject } of publishes) reject(error);
      for (const relay of relays) this.#putBack(relay);
      return;
    }
    for (const relay of relays) this.#done(relay, relay.left);
    for (const { resolve } of publishes) resolve();
    for (const frame of fresh.frames) this.#handOut(frame);
  }

  #count(frames: readonly Frame[], rows: readonly { readonly body: string }[]): void {
    this.#frames += frames.length;
    for (const { items } of frames) this.#items += items.length;
    for (const { body } of rows) this.#chars += body.length;
  }

  /** What could not be removed together with what was to be added, alone: it makes room. False if even that fails. */
  async #makeRoom(removals: readonly number[]): Promise<boolean> {
    try {
      if (removals.length > 0) await this.#store.change([], removals);
      return true;
    } catch {
      return false;
    }
  }

  #frameMaker(): FrameMaker {
    return new FrameMaker(this.partitions, (queue) => new Frame(this.#nextId++, queue, (id) => this.#remove(id)));
  }

  /** Takes the relays whose time is up, or all at the end. */
  #dueRelays(): Relay[] {
    const due: Relay[] = [];
    const before = performance.now() - (this.#closing ? 0 : RELAY_WAIT_MS);
    for (const relay of this.#relays) {
      if (relay.since > before) break; // in the order of their times
      due.push(relay);
      this.#relays.delete(relay);
    }
    return due;
  }

  /** Its row could not be written: its unsettled items wait for the next commit. */
  #putBack(relay: Relay): void {
    for (const item of relay.items) item.frame = undefined;
    relay.left = relay.items.filter(({ settled }) => !settled).length;
    if (relay.left === 0) relay.resolve();
    else this.#relays.add(relay);
  }

  #done(relay: Relay, count: number): void {
    relay.left -= count;
    if (relay.left > 0) return;
    this.#relays.delete(relay);
    relay.resolve();
  }

  #handOut(frame: Frame): void {
    const [first] = frame.items;
    if (first) this.#consumer(first.to.kind).deliver(frame.items);
    else this.#remove(frame.id);
  }

  #consumer(kind: ActorKind): PartitionConsumer {
    const consumer = this.#consumers.get(kind);
    if (!consumer) throw new Error(`Nobody consumes ${kind}: create its host before the bus is started.`);
    return consumer;
  }

  #remove(id: number): void {
    this.#removals.push(id);
    this.#later(REMOVAL_WAIT_MS);
  }

  /** Sees to it that a commit comes, for what nobody waits for. */
  #later(ms: number): void {
    if (this.#closing || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#committing ??= this.#commitAll();
    }, ms);
    this.#timer.unref();
  }
}

/** As if it shared nothing, since that is in memory as long as any of those that share it. */
function sizeOf({ text, shared }: Encoded): number {
  return text.length + (shared ? charsOf(shared) : 0) + OVERHEAD_CHARS;
}
