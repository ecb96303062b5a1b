// Publishes: one lane for each destination, confirms for all, and a report for what came back because its queue is no more.
import type { ConfirmChannel, Message } from 'amqplib';
import type { Addressed } from '#protocol/commands.ts';
import { Unavailable } from '#protocol/errors.ts';
import { MIB } from '#protocol/limits.ts';
import type { Encoded } from '../frame-text.ts';
import { Lane } from './lane.ts';
import { type Batch, Sent } from './sent.ts';
import { encodeFor, encodeItem, type FrameKind, frameType, type InboxItem } from './wire.ts';

/** What waits for one inbox while the broker takes nothing. Who is told more is told nothing: its sessions begin anew. */
const INBOX_WAITING_MAX_CHARS = 64 * MIB;

/** What a publish waits for: all its items, wherever they go. */
type Publication = {
  readonly since: number;
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};
type Item = Encoded & {
  readonly version: number;
  readonly publication?: Publication;
  /** Of what is for an inbox. */
  readonly batch?: Batch;
};
/** What went to other instances so far. */
export type Published = { readonly frames: number; readonly items: number; readonly bytes: number };
type Destination = { readonly queue: string; readonly kind: FrameKind; readonly lane: Lane<Item> };

export type PublisherEvents = {
  /** The version of frames that everybody reads now. */
  readonly version: () => number;
  /** A durable queue is not there. Resolves once it is. */
  readonly missing: (queue: string) => Promise<void>;
  /** An inbox is no more, or full: what was on its way there is lost. */
  readonly gone: (inbox: string) => void;
};

export class Publisher {
  readonly #events: PublisherEvents;
  readonly #destinations = new Map<string, Destination>();
  readonly #publications = new Set<Publication>();
  readonly #ready = new Set<Destination>();
  /** Ids of messages that were returned and whose confirm has not come yet. */
  readonly #returned = new Set<string>();
  readonly #sent = new Sent();
  #channel: ConfirmChannel | undefined;
  #name = '';
  #lastId = 0;
  #scheduled = false;
  #whenIdle: (() => void) | undefined;
  #frames = 0;
  #items = 0;
  #bytes = 0;

  constructor(events: PublisherEvents) {
    this.#events = events;
  }

  /** From now on through this channel. `name`: no other channel of any instance has it. */
  attach(channel: ConfirmChannel, name: string): void {
    this.#channel = channel;
    this.#name = name;
    channel.on('return', (message: Message) => this.#returned.add(String(message.properties.messageId)));
  }

  /** The channel is lost: nothing is known about what is unconfirmed, what was for inboxes is lost with them. */
  detach(): void {
    this.#channel = undefined;
    this.#destinations.clear();
    this.#ready.clear();
    this.#returned.clear();
    for (const { reject } of this.#publications) reject(new Unavailable('RabbitMQ is away.'));
    this.#publications.clear();
    this.#sent.clear();
    this.#whenIdle?.();
  }

  /** Resolves when each command is confirmed in its durable queue, in the order of publishing. Throws Unavailable. */
  publish(items: readonly { readonly queue: string; readonly command: Addressed }[]): Promise<void> {
    if (!this.#channel) return Promise.reject(new Unavailable('RabbitMQ is away.'));
    if (items.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const publication = { since: performance.now(), left: items.length, resolve, reject };
      this.#publications.add(publication);
      const version = this.#events.version();
      for (const { queue, command } of items) {
        this.#add(queue, 'commands', { ...encodeFor(version, command), version, publication });
      }
    });
  }

  /** Sends to an inbox; nobody waits for it. */
  send(inbox: string, item: InboxItem): void {
    if (!this.#channel) return;
    const version = this.#events.version();
    const batch = this.#sent.add();
    const destination = this.#add(inbox, 'inbox', { ...encodeItem(version, item), version, batch });
    if (destination.lane.waitingChars > INBOX_WAITING_MAX_CHARS) this.#lose(destination);
  }

  /** Calls `then` once all that was sent to inboxes until now has arrived, or is lost. */
  afterSent(then: () => void): void {
    this.#sent.after(then);
  }

  /** Whoever waits for what was sent is called now. */
  awaitNothing(): void {
    this.#sent.clear();
  }

  /** A single message past the lanes, for what instances say about themselves. Resolves once it is there, or lost: false. */
  say(to: { exchange: string; routingKey: string }, type: string, body: unknown): Promise<boolean> {
    return new Promise((resolve) => {
      if (!this.#channel) return resolve(false);
      const content = Buffer.from(JSON.stringify(body));
      this.#channel.publish(to.exchange, to.routingKey, content, { type }, (error: unknown) => resolve(!error));
    });
  }

  /** How long the oldest publish waits, in ms. */
  get lagMs(): number {
    for (const { since } of this.#publications) return performance.now() - since; // in the order of publishing
    return 0;
  }

  /** Publishes that wait for their confirms. */
  get unconfirmed(): number {
    return this.#publications.size;
  }

  /** How many messages it has published for others, how many items were in them, and how many bytes they had. */
  get published(): Published {
    return { frames: this.#frames, items: this.#items, bytes: this.#bytes };
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#destinations.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  #add(queue: string, kind: FrameKind, item: Item): Destination {
    let destination = this.#destinations.get(queue);
    if (!destination) {
      destination = { queue, kind, lane: new Lane() };
      this.#destinations.set(queue, destination);
    }
    destination.lane.add(item);
    this.#flushLater(destination);
    return destination;
  }

  /** At the end of the tick: what else it reads from its sockets and publishes comes along. */
  #flushLater(destination: Destination): void {
    this.#ready.add(destination);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const ready = [...this.#ready];
      this.#ready.clear();
      for (const each of ready) this.#flush(each);
    });
  }

  #flush(destination: Destination): void {
    const { queue, kind, lane } = destination;
    for (let frame = lane.take(); frame && this.#channel; frame = lane.take()) {
      const { items, text } = frame;
      this.#frames += 1;
      this.#items += items.length;
      const content = Buffer.from(text);
      this.#bytes += content.length;
      const id = String(++this.#lastId);
      const type = frameType(kind, items[0]?.version ?? this.#events.version());
      const persistent = kind === 'commands';
      const options = { type, appId: this.#name, messageId: id, mandatory: true, persistent };
      this.#channel.publish('', queue, content, options, (error: unknown) =>
        this.#confirmed(destination, items, id, error),
      );
    }
  }

  #confirmed(destination: Destination, items: readonly Item[], id: string, error: unknown): void {
    if (this.#destinations.get(destination.queue) !== destination) return; // of a channel that was lost
    destination.lane.done();
    const returned = this.#returned.delete(id); // a return comes before its confirm
    this.#arrived(items);
    if (!error && !returned) for (const { publication } of items) this.#done(publication);
    else if (destination.kind === 'inbox') this.#lose(destination);
    else void this.#refuse(destination, items, returned);
    if (!destination.lane.idle) return this.#flushLater(destination);
    this.#destinations.delete(destination.queue);
    if (this.#destinations.size === 0) this.#whenIdle?.();
  }

  #done(publication: Publication | undefined): void {
    if (!publication) return;
    publication.left -= 1;
    if (publication.left > 0) return;
    this.#publications.delete(publication);
    publication.resolve();
  }

  async #refuse({ queue }: Destination, items: readonly Item[], returned: boolean): Promise<void> {
    if (returned) await this.#events.missing(queue).catch(() => {}); // the next try finds it missing again
    const error = new Unavailable(`RabbitMQ did not take what was published to ${queue}.`);
    for (const { publication } of items) {
      if (publication && this.#publications.delete(publication)) publication.reject(error);
    }
  }

  #arrived(items: readonly Item[]): void {
    for (const { batch } of items) if (batch) this.#sent.arrived(batch);
  }

  #lose({ queue, lane }: Destination): void {
    this.#arrived(lane.clear());
    this.#events.gone(queue);
  }
}
