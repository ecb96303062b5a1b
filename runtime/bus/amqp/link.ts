// One connection to the broker, which is two: one publishes, the other consumes and acks, because a broker short of memory or disk stops
// reading from whoever publishes, and the acks that would make room must not wait behind (measured). If one is lost, so is the other.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { ConfigError } from '../../config.ts';
import { KEPT_PASSWORD } from '../../strong-passwords.ts';

/** The broker ends a connection that was silent for about twice this long: a frozen owner's partitions move within 15 s. */
const HEARTBEAT_S = 3;
const CONNECT_TIMEOUT_MS = 5_000;
/** A broker that does not say goodbye in this time is left without. */
const CLOSE_PATIENCE_MS = 1_000;
/** How the broker says at the handshake that it will never let us in: user and password. */
const REFUSED = /ACCESS_REFUSED/;
/** How amqplib says that the broker closed at the opening of the virtual host. It hides the code, and so whether it is for good. */
const CLOSED_AT_OPEN = /got <ConnectionClose/;

/** The virtual host could not be opened. `refusal`: what to say if that is for good. */
export class ClosedAtOpen extends Error {
  readonly refusal: ConfigError;

  constructor(refusal: ConfigError) {
    super('the broker closed at the opening of the virtual host');
    this.refusal = refusal;
  }
}

/** Checks what can be known about a URL without connecting. Throws ConfigError. */
export function parseBrokerUrl(text: string): URL {
  const hint = 'It looks like amqp://user:password@host:5672 or amqps://….';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ConfigError(`The setting amqpUrl is not a URL. ${hint}`);
  }
  if (url.protocol !== 'amqp:' && url.protocol !== 'amqps:') {
    throw new ConfigError(`The setting amqpUrl begins with ${url.protocol}. ${hint}`);
  }
  if (url.hostname === '') throw new ConfigError(`The setting amqpUrl names no host. ${hint}`);
  try {
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part);
  } catch {
    throw new ConfigError(`The setting amqpUrl has a % that begins nothing: a % itself is written as %25. ${hint}`);
  }
  url.searchParams.set('heartbeat', String(HEARTBEAT_S));
  return url;
}

export class Link {
  /** With confirms. */
  readonly publishing: ConfirmChannel;
  /** For declarations and the inbox. */
  readonly control: Channel;
  readonly #publisher: ChannelModel;
  readonly #consumer: ChannelModel;
  #blocked = false;
  #ended = false;
  readonly #onLost: (reason: string) => void;

  /**
   * Connects twice. `name`: as the broker shows it. `onLost` is called once if the link ends by itself. Throws ConfigError if the broker refuses,
   * ClosedAtOpen if it perhaps does, anything else if it does not answer.
   */
  static async open(url: URL, name: string, onLost: (reason: string) => void): Promise<Link> {
    const opened = await Promise.allSettled([dial(url, `${name} publishes`), dial(url, `${name} consumes`)]);
    const [publisher, consumer] = opened.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
    try {
      for (const one of opened) if (one.status === 'rejected') throw explain(one.reason, url);
      if (!publisher || !consumer) throw new Error('unreachable: neither rejected');
      const [publishing, control] = await Promise.all([publisher.createConfirmChannel(), consumer.createChannel()]);
      return new Link(publisher, consumer, publishing, control, onLost);
    } catch (error) {
      for (const model of [publisher, consumer]) if (model) hangUp(model, 'given up');
      throw error;
    }
  }

  private constructor(
    publisher: ChannelModel,
    consumer: ChannelModel,
    publishing: ConfirmChannel,
    control: Channel,
    onLost: (reason: string) => void,
  ) {
    this.#publisher = publisher;
    this.#consumer = consumer;
    this.publishing = publishing;
    this.control = control;
    this.#onLost = onLost;
    for (const emitter of [publisher, consumer, publishing, control]) {
      emitter.on('error', (error: Error) => this.fail(error.message));
      emitter.on('close', () => this.fail('closed by the broker'));
    }
    publisher.on('blocked', () => (this.#blocked = true));
    publisher.on('unblocked', () => (this.#blocked = false));
  }

  /** The broker is short of memory or disk: what is published waits. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** A channel for one partition. */
  channel(): Promise<Channel> {
    return this.#consumer.createChannel();
  }

  /** Gives the link up: the broker takes it for a crash. */
  fail(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const model of [this.#publisher, this.#consumer]) hangUp(model, reason);
    this.#onLost(reason);
  }

  /** Ends it properly: what was written before is read by the broker. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const patience = new AbortController();
    const models = [this.#publisher, this.#consumer];
    const closed = Promise.allSettled(models.map((model) => Promise.race([once(model, 'close'), model.close()])));
    await Promise.race([closed, sleep(CLOSE_PATIENCE_MS, undefined, patience).catch(() => {})]);
    patience.abort();
    for (const model of models) hangUp(model, 'closed');
  }
}

/** One connection. Rejects with what amqplib says, which `explain` makes a reason of. */
export async function dial(url: URL, name: string): Promise<ChannelModel> {
  // amqplib leaves Nagle's algorithm on: 62 ms a round trip instead of 1 (measured).
  const options = { noDelay: true, timeout: CONNECT_TIMEOUT_MS, clientProperties: { connection_name: name } };
  const model = await connect(url.href, options);
  model.on('error', () => {}); // until the link listens
  return model;
}

/** Ends the socket without a word: a broker that does not answer would keep it, and the process, for minutes. */
function hangUp(model: ChannelModel, reason: string): void {
  // amqplib 2 has the socket there and offers no other way to end it at once.
  const { stream } = model.connection as unknown as { stream: Socket };
  stream.destroy(new Error(reason)); // an error, or amqplib would not notice
}

/** Why it was not let in: ConfigError or ClosedAtOpen if it was refused, else the reason alone. */
export function explain(error: unknown, url: URL): Error {
  const reason = error instanceof Error ? error.message : String(error);
  if (!REFUSED.test(reason) && !CLOSED_AT_OPEN.test(reason)) return new Error(reason);
  const what = `user ${decodeURIComponent(url.username) || 'guest'} or virtual host ${decodeURIComponent(url.pathname.slice(1)) || '/'}`;
  const refusal = new ConfigError(
    `RabbitMQ at ${url.host} refuses the ${what}: check user, password and virtual host of the setting amqpUrl, and what the user may do. ${KEPT_PASSWORD}`,
  );
  return REFUSED.test(reason) ? refusal : new ClosedAtOpen(refusal);
}
