// The bus over RabbitMQ: wires link, publisher, membership and ownership together. DESIGN section 2 is its specification; what was
// measured there is why each part is as it is.
import { once } from 'node:events';
import type { Logger } from 'pino';
import type { ActorKind, Addressed, InboxMessage } from '#protocol/commands.ts';
import { partitionOf } from '../../partitions.ts';
import type { PartitionEpochs } from '../../store/meta.ts';
import type { Bus, BusReader, PartitionConsumer, Suspects, Unreadable } from '../bus.ts';
import { consumeInbox, type InboxEvents } from './inbox.ts';
import { Keeper } from './keeper.ts';
import { Link, parseBrokerUrl } from './link.ts';
import { ALIVE_INTERVAL_MS, Members } from './members.ts';
import { Ownership } from './ownership.ts';
import { Presence } from './presence.ts';
import { type Published, Publisher } from './publisher.ts';
import { Telling } from './telling.ts';
import { Topology } from './topology.ts';
import { FRAME_VERSIONS } from './versions.ts';
import type { Alive } from './wire.ts';

/** At the end, hand-over and what is still to be confirmed are given this long together. */
const CLOSE_PATIENCE_MS = 10_000;

export type AmqpBusSettings = {
  /** amqp://user:password@host:port/vhost */
  readonly url: string;
  /** The beginning of every queue's name: one deployment has one. */
  readonly prefix: string;
  /** P, as recorded in the store. */
  readonly partitions: number;
  /** Unique for each start. */
  readonly instance: string;
  /** The forms of stored data that this instance reads. */
  readonly forms: readonly number[];
  readonly epochs: PartitionEpochs;
  readonly suspects: Suspects;
  readonly unreadable: Unreadable;
  readonly log: Logger;
  /** 0 to 1, for the pauses between tries to connect. */
  readonly jitter: () => number;
};

export class AmqpBus implements Bus {
  readonly partitions: number;
  readonly #settings: AmqpBusSettings;
  readonly #url: URL;
  readonly #topology: Topology;
  readonly #keeper: Keeper;
  readonly #publisher: Publisher;
  readonly #members = new Members();
  readonly #ownership: Ownership;
  readonly #presence: Presence;
  readonly #telling: Telling;
  #reader: BusReader = { message: () => {} };
  #incarnation = 0;
  #inbox = '';
  #wasUp = false;
  #beats: NodeJS.Timeout | undefined;

  /** Connects to nothing before `start`. Throws ConfigError for a URL that cannot be one. */
  constructor(settings: AmqpBusSettings) {
    this.#settings = settings;
    const { prefix, partitions, instance, epochs, suspects, unreadable, log } = settings;
    this.partitions = partitions;
    this.#url = parseBrokerUrl(settings.url);
    this.#topology = new Topology(prefix, partitions);
    this.#renew();
    this.#publisher = new Publisher({
      version: () => this.#members.version,
      missing: async (queue) => {
        const { link } = this.#keeper;
        if (link) await this.#topology.declareQueue(link.control, queue);
      },
      gone: (inbox) => this.#gone(inbox),
    });
    this.#ownership = new Ownership({
      self: instance,
      members: this.#members,
      topology: this.#topology,
      epochs,
      suspects,
      unreadable,
      log,
      changed: () => this.#presence.announceLater(),
      heard: (alive) => this.#presence.hear(alive),
      probe: (queue, type) => this.#publisher.say({ exchange: '', routingKey: queue }, type, this.#alive()),
      // A broker that takes nothing for now is to be relieved by acks: they wait for no answer then.
      afterSent: (then) => (this.blocked ? then() : this.#publisher.afterSent(then)),
    });
    this.#presence = new Presence({
      self: instance,
      members: this.#members,
      alive: () => this.#alive(),
      say: (type, body) => this.#publisher.say({ exchange: this.#topology.aliveExchange, routingKey: '' }, type, body),
      gone: (inbox) => this.#gone(inbox),
      moved: (kind, partition, epoch, here) => {
        if (!here) this.#ownership.overtaken(kind, partition, epoch);
        this.#reader.moved?.(kind, partition);
        this.#telling.again();
      },
      changed: () => {
        this.#ownership.reconcile();
        this.#telling.again(); // an owner that was silent for a while is there again
      },
    });
    this.#telling = new Telling({
      partitions,
      members: this.#members,
      ownership: this.#ownership,
      inbox: () => this.#inbox,
      send: (inbox, item) => this.#publisher.send(inbox, item),
    });
    this.#keeper = new Keeper({
      open: (lost) => this.#open(lost),
      up: (link) => this.#up(link),
      down: () => this.#down(),
      jitter: settings.jitter,
      log,
    });
  }

  get inbox(): string {
    return this.#inbox;
  }

  /** How long the oldest publish has been waiting for its confirm, in ms. */
  get lagMs(): number {
    return this.#publisher.lagMs;
  }

  get unconfirmed(): number {
    return this.#publisher.unconfirmed;
  }

  /** How far the partition owned here that is most behind is behind, in ms; 0: no more than is worth to be spoken of. */
  get behindMs(): number {
    return Math.max(0, ...this.#ownership.lags.map(([, , ms]) => ms));
  }

  lagMsOf(kind: ActorKind, key: string): number {
    return Math.max(this.#publisher.lagMs, this.#members.lagMs(kind, partitionOf(key, this.partitions)));
  }

  get awayMs(): number {
    return this.#keeper.awayMs;
  }

  get blocked(): boolean {
    return this.#keeper.link?.blocked ?? false;
  }

  /** The version in which it writes frames: all who are alive read it. */
  get frameVersion(): number {
    return this.#members.version;
  }

  /** Whether every live instance reads stored data of this form; false while nobody can be heard. */
  readByAll(form: number): boolean {
    return this.#keeper.awayMs === 0 && !this.blocked && this.#members.readForm(form);
  }

  /** How much it has published for others. */
  get published(): Published {
    return this.#publisher.published;
  }

  publish(commands: readonly Addressed[]): Promise<void> {
    return this.#publisher.publish(commands.map((command) => ({ queue: this.#topology.queueOf(command), command })));
  }

  /** Nothing is gained by waiting: what is settled soon has passed the broker all the same. */
  relay(commands: readonly Addressed[]): Promise<void> {
    return this.publish(commands);
  }

  tell(command: Addressed): void {
    this.#telling.tell(command);
  }

  send(inbox: string, message: InboxMessage): void {
    if (inbox === this.#inbox) this.#reader.message(message);
    else this.#publisher.send(inbox, { message });
  }

  onMessage(reader: BusReader): void {
    this.#reader = reader;
  }

  consume(kind: ActorKind, consumer: PartitionConsumer): void {
    this.#ownership.consume(kind, consumer);
  }

  async start(): Promise<void> {
    this.#beats = setInterval(() => this.#beat(), ALIVE_INTERVAL_MS);
    this.#beats.unref();
    await this.#keeper.start();
  }

  async close(): Promise<void> {
    this.#keeper.stop();
    const { link } = this.#keeper;
    if (link) await Promise.race([this.#leave(), once(AbortSignal.timeout(CLOSE_PATIENCE_MS), 'abort')]);
    clearInterval(this.#beats);
    this.#down();
    await link?.close();
  }

  async #leave(): Promise<void> {
    await this.#ownership.leave();
    await this.#publisher.idle();
    await this.#presence.bye();
  }

  async #open(lost: (reason: string) => void): Promise<Link> {
    const { instance } = this.#settings;
    const link = await Link.open(this.#url, `parley ${instance}`, lost);
    try {
      await this.#topology.declare(link.control, this.#inbox);
      const events: InboxEvents = {
        message: (message) => this.#reader.message(message),
        told: (command) => this.#telling.passOn(command),
        alive: (alive) => {
          if (alive.instance !== instance) this.#presence.hear(alive);
        },
        bye: (name) => this.#presence.hearBye(name),
        unknown: (reason) => this.#settings.log.warn({ reason }, 'an inbox message of another version was ignored'),
      };
      await consumeInbox(link, this.#inbox, events);
      return link;
    } catch (error) {
      this.#renew(); // the broker may still keep the name for the connection that failed
      await link.close();
      throw error;
    }
  }

  #up(link: Link): void {
    this.#publisher.attach(link.publishing, this.#inbox);
    void this.#presence.announce();
    this.#ownership.up(link);
    if (this.#wasUp) this.#reader.renewed?.();
    this.#wasUp = true;
  }

  #down(): void {
    this.#ownership.down();
    this.#publisher.detach();
    this.#renew();
  }

  #renew(): void {
    this.#incarnation += 1;
    this.#inbox = this.#topology.inbox(`${this.#settings.instance}.${this.#incarnation}`);
  }

  #alive(): Alive {
    const { takes, holds, lags } = this.#ownership;
    const { instance, forms } = this.#settings;
    return { instance, inbox: this.#inbox, takes, holds, reads: FRAME_VERSIONS, forms, lags };
  }

  #beat(): void {
    const { link } = this.#keeper;
    if (link?.blocked) this.#publisher.awaitNothing();
    this.#presence.beat(!link || link.blocked);
    this.#ownership.reconcile();
  }

  #gone(inbox: string): void {
    for (const consumer of this.#ownership.consumers) consumer.gone(inbox);
  }
}
