// The bus over RabbitMQ: wires link, publisher, membership and ownership together. DESIGN section 2 is its specification; what was
// measured there is why each part is as it is.
import type { ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import type { ActorKind, Addressed, InboxMessage } from '#protocol/commands.ts';
import { partitionOf } from '../../partitions.ts';
import type { PartitionEpochs } from '../../store/meta.ts';
import type { Bus, BusReader, PartitionConsumer, Suspects } from '../bus.ts';
import { encodeCommand } from '../encode.ts';
import { Keeper } from './keeper.ts';
import { Link, parseBrokerUrl } from './link.ts';
import { ALIVE_INTERVAL_MS, Members } from './members.ts';
import { Ownership } from './ownership.ts';
import { Publisher } from './publisher.ts';
import { Tells } from './tells.ts';
import { Topology } from './topology.ts';
import { ALIVE_TYPE, type Alive, BYE_TYPE, decodeAlive, decodeInbox, INBOX_TYPE, PROBE_TYPE } from './wire.ts';

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
  readonly epochs: PartitionEpochs;
  readonly suspects: Suspects;
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
  readonly #tells = new Tells();
  #reader: BusReader = { message: () => {} };
  #incarnation = 0;
  #inbox = '';
  #wasUp = false;
  #beats: NodeJS.Timeout | undefined;
  #announcing = false;

  /** Connects to nothing before `start`. Throws ConfigError for a URL that cannot be one. */
  constructor(settings: AmqpBusSettings) {
    this.#settings = settings;
    const { prefix, partitions, instance, epochs, suspects, log } = settings;
    this.partitions = partitions;
    this.#url = parseBrokerUrl(settings.url);
    this.#topology = new Topology(prefix, partitions);
    this.#renew();
    this.#publisher = new Publisher({
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
      log,
      changed: () => this.#announceLater(),
      heard: (alive) => this.#hear(alive),
      probe: (queue) => this.#publisher.say({ exchange: '', routingKey: queue }, PROBE_TYPE, this.#alive()),
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

  get lagMs(): number {
    return this.#publisher.lagMs;
  }

  get awayMs(): number {
    return this.#keeper.awayMs;
  }

  publish(commands: readonly Addressed[]): Promise<void> {
    return this.#publisher.publish(
      commands.map((command) => ({
        queue: this.#topology.queue(command.kind, partitionOf(command.key, this.partitions)),
        text: encodeCommand(command),
      })),
    );
  }

  /** Nothing is gained by waiting: what is settled soon has passed the broker all the same. */
  relay(commands: readonly Addressed[]): Promise<void> {
    return this.publish(commands);
  }

  tell(command: Addressed): void {
    const partition = partitionOf(command.key, this.partitions);
    const here = this.#ownership.ownerHere(command.kind, partition);
    if (here) return here.told(command);
    const inbox = this.#members.ownerInbox(command.kind, partition);
    if (inbox === undefined || inbox === this.#inbox) this.#tells.keep(command, performance.now());
    else this.#publisher.send(inbox, JSON.stringify({ told: command }));
  }

  send(inbox: string, message: InboxMessage): void {
    if (inbox === this.#inbox) this.#reader.message(message);
    else this.#publisher.send(inbox, JSON.stringify({ message }));
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
    if (link) {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_PATIENCE_MS)));
      await Promise.race([this.#leave(), patience]);
      clearTimeout(timer);
    }
    clearInterval(this.#beats);
    this.#down();
    await link?.close();
  }

  async #leave(): Promise<void> {
    await this.#ownership.leave();
    await this.#publisher.idle();
    const { aliveExchange: exchange } = this.#topology;
    await this.#publisher.say({ exchange, routingKey: '' }, BYE_TYPE, this.#settings.instance);
  }

  // ---- the link ------------------------------------------------------------

  async #open(lost: (reason: string) => void): Promise<Link> {
    const { instance } = this.#settings;
    const link = await Link.open(this.#url, `parley ${instance}`, lost);
    try {
      await this.#topology.declare(link.control, this.#inbox);
      await link.control.consume(this.#inbox, (message) => this.#receive(link, message), { noAck: true });
      return link;
    } catch (error) {
      this.#renew(); // the broker may still keep the name for the connection that failed
      await link.close();
      throw error;
    }
  }

  #up(link: Link): void {
    this.#publisher.attach(link.publishing, this.#inbox);
    this.#hear(this.#alive());
    this.#ownership.up(link);
    void this.#announce();
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

  // ---- who is there --------------------------------------------------------

  #alive(): Alive {
    const { takes, holds } = this.#ownership;
    const { instance } = this.#settings;
    return { instance, inbox: this.#inbox, takes, holds };
  }

  #beat(): void {
    const { link } = this.#keeper;
    const now = performance.now();
    if (!link || link.blocked) return this.#members.excuse(now); // while nobody can be heard, nobody is gone
    void this.#announce();
    const gone = this.#members.expire(now, this.#settings.instance);
    for (const inbox of gone) this.#gone(inbox);
    this.#ownership.reconcile();
    this.#ownership.probe();
  }

  /** What changes in one tick is announced together. */
  #announceLater(): void {
    if (this.#announcing) return;
    this.#announcing = true;
    setImmediate(() => {
      this.#announcing = false;
      void this.#announce();
    });
  }

  #announce(): Promise<void> {
    const alive = this.#alive();
    this.#hear(alive);
    return this.#publisher.say({ exchange: this.#topology.aliveExchange, routingKey: '' }, ALIVE_TYPE, alive);
  }

  #hear(alive: Alive): void {
    const news = this.#members.hear(alive, performance.now());
    const self = alive.instance === this.#settings.instance;
    if (!self) {
      for (const inbox of news.gone) this.#gone(inbox);
      if (news.isNew) this.#announceLater(); // it knows nobody yet
      for (const { kind, partition, epoch } of news.moved) this.#ownership.overtaken(kind, partition, epoch);
    }
    for (const { kind, partition } of news.moved) this.#reader.moved?.(kind, partition);
    if (news.moved.length > 0) this.#tellKept();
    if (news.isNew || news.changed) this.#ownership.reconcile();
  }

  #gone(inbox: string): void {
    for (const consumer of this.#ownership.consumers) consumer.gone(inbox);
  }

  #tellKept(): void {
    const isKnown = ({ kind, key }: Addressed): boolean =>
      this.#members.ownerInbox(kind, partitionOf(key, this.partitions)) !== undefined;
    for (const command of this.#tells.take(isKnown, performance.now())) this.tell(command);
  }

  // ---- the inbox -----------------------------------------------------------

  #receive(link: Link, message: ConsumeMessage | null): void {
    if (!message) return link.fail('the inbox was deleted');
    const { type } = message.properties;
    if (type === INBOX_TYPE) return this.#read(message.content);
    if (type === ALIVE_TYPE) {
      const alive = decodeAlive(message.content);
      if (alive.instance !== this.#settings.instance) this.#hear(alive);
    } else if (type === BYE_TYPE) {
      const inbox = this.#members.bye(String(JSON.parse(message.content.toString())));
      if (inbox !== undefined) this.#gone(inbox);
      this.#ownership.reconcile();
      this.#ownership.probe();
    } else {
      this.#settings.log.warn({ type }, 'an inbox message of another version was ignored');
    }
  }

  #read(content: Buffer): void {
    for (const item of decodeInbox(content)) {
      if ('message' in item) this.#reader.message(item.message);
      else this.#ownership.ownerHere(item.told.kind, partitionOf(item.told.key, this.partitions))?.told(item.told);
    }
  }
}
