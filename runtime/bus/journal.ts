// The embedded bus: durable queues as a journal in SQLite, inboxes in process. What is published while a commit is under way
// becomes the next frames, one for each partition: batching that costs no latency (DESIGN section 2, Batching).
import type { ActorKind, Addressed, InboxMessage } from '#protocol/commands.ts';
import { partitionOf } from '../partitions.ts';
import type { Bus, Delivery, PartitionConsumer } from './bus.ts';
import type { JournalStore, StoredFrame } from './journal-store.ts';

/** A settled frame waits this long for a publish to carry its removal, before it gets a commit of its own. */
const REMOVAL_WAIT_MS = 50;
/** What a frame holds at most; one command always fits. In characters of JSON. */
const FRAME_MAX_CHARS = 1024 * 1024;
/** A command's JSON beside its strings, roughly: for sizes only. */
const OVERHEAD_CHARS = 400;

type Publish = {
  readonly since: number;
  readonly commands: readonly Addressed[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};
type OpenFrame = { readonly queue: string; readonly commands: Addressed[]; readonly texts: string[]; chars: number };

export class Journal implements Bus {
  readonly inbox: string;
  readonly #store: JournalStore;
  readonly #partitions: number;
  readonly #consumers = new Map<ActorKind, PartitionConsumer>();
  #reader: (message: InboxMessage) => void = () => {};
  #waiting: Publish[] = [];
  #removals: number[] = [];
  #committing: Promise<void> | undefined;
  #removalTimer: NodeJS.Timeout | undefined;
  #oldestUnderWay: number | undefined;
  #nextId = 1;
  #closed = false;

  /** `inbox`: a name that no earlier start used; answers to an earlier one go nowhere, as they should. */
  constructor(settings: { store: JournalStore; partitions: number; inbox: string }) {
    this.#store = settings.store;
    this.#partitions = settings.partitions;
    this.inbox = settings.inbox;
  }

  publish(commands: readonly Addressed[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ since: performance.now(), commands, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  tell(command: Addressed): void {
    this.#consumers.get(command.kind)?.told(command);
  }

  send(inbox: string, message: InboxMessage): void {
    if (inbox === this.inbox) this.#reader(message);
  }

  onMessage(reader: (message: InboxMessage) => void): void {
    this.#reader = reader;
  }

  consume(kind: ActorKind, consumer: PartitionConsumer): void {
    this.#consumers.set(kind, consumer);
  }

  async recover(): Promise<void> {
    for (let after = 0; ; ) {
      const page = await this.#store.page(after);
      for (const frame of page) {
        this.#handOut(frame.id, JSON.parse(frame.body) as Addressed[], frame.body.length, true); // written by #frames below
        after = frame.id;
      }
      this.#nextId = Math.max(this.#nextId, after + 1);
      if (page.length === 0) return;
    }
  }

  get lagMs(): number {
    const oldest = this.#oldestUnderWay ?? this.#waiting[0]?.since;
    return oldest === undefined ? 0 : performance.now() - oldest;
  }

  async close(): Promise<void> {
    while (this.#committing) await this.#committing;
    this.#closed = true;
    clearTimeout(this.#removalTimer);
    if (this.#removals.length > 0) await this.#store.change([], this.#removals);
  }

  /** Commits until nobody waits; one commit at a time. Removals ride along. */
  async #commitAll(): Promise<void> {
    await Promise.resolve(); // what else this tick publishes comes along
    do {
      const publishes = this.#waiting;
      const removals = this.#removals;
      this.#waiting = [];
      this.#removals = [];
      this.#oldestUnderWay = publishes[0]?.since;
      if (publishes.length > 0 || removals.length > 0) await this.#commit(publishes, removals);
      this.#oldestUnderWay = undefined;
    } while (this.#waiting.length > 0);
    this.#committing = undefined;
  }

  async #commit(publishes: readonly Publish[], removals: readonly number[]): Promise<void> {
    const frames = this.#frames(publishes);
    const stored: StoredFrame[] = frames.map(({ queue, texts }) => ({
      id: this.#nextId++,
      queue,
      body: `[${texts.join(',')}]`,
    }));
    try {
      await this.#store.change(stored, removals);
    } catch (error) {
      for (const id of removals) this.#remove(id);
      for (const { reject } of publishes) reject(error);
      return;
    }
    for (const { resolve } of publishes) resolve();
    frames.forEach(({ commands, chars }, index) => {
      this.#handOut((stored[index] as StoredFrame).id, commands, chars, false); // one stored frame for each
    });
  }

  #frames(publishes: readonly Publish[]): OpenFrame[] {
    const open = new Map<string, OpenFrame>();
    const frames: OpenFrame[] = [];
    for (const { commands } of publishes) {
      for (const command of commands) {
        const queue = `${command.kind}.${partitionOf(command.key, this.#partitions)}`;
        const text = JSON.stringify(command);
        let frame = open.get(queue);
        if (!frame || frame.chars + text.length > FRAME_MAX_CHARS) {
          frame = { queue, commands: [], texts: [], chars: 0 };
          open.set(queue, frame);
          frames.push(frame);
        }
        frame.commands.push(command);
        frame.texts.push(text);
        frame.chars += text.length;
      }
    }
    return frames;
  }

  #handOut(id: number, commands: readonly Addressed[], chars: number, redelivered: boolean): void {
    const first = commands[0];
    if (!first) return this.#remove(id);
    let undecided = commands.length;
    const size = Math.ceil(chars / commands.length) + OVERHEAD_CHARS;
    const deliveries: Delivery[] = commands.map((to) => {
      let decided = false;
      return {
        to,
        redelivered,
        size,
        settle: () => {
          if (decided) return;
          decided = true;
          undecided -= 1;
          if (undecided === 0) this.#remove(id);
        },
      };
    });
    const consumer = this.#consumers.get(first.kind);
    if (!consumer) throw new Error(`Nobody consumes ${first.kind}: start the service, then recover.`);
    consumer.deliver(deliveries);
  }

  #remove(id: number): void {
    this.#removals.push(id);
    if (this.#closed || this.#removalTimer !== undefined) return;
    this.#removalTimer = setTimeout(() => {
      this.#removalTimer = undefined;
      this.#committing ??= this.#commitAll();
    }, REMOVAL_WAIT_MS);
    this.#removalTimer.unref();
  }
}
