// Signals over NATS: what one instance says is heard by all others. None of it carries a message, so NATS may be away: then an instance
// still hears itself, what it sends to others is dropped, and the connection is made again for as long as it takes.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, DebugEvents, ErrorCode, Events, type NatsConnection, NatsError } from 'nats';
import type { Logger } from 'pino';
import { z } from 'zod';
import { SIGNAL_ADDRESSES_MAX, type Signal } from '#protocol/commands.ts';
import { ADDRESS_MAX_CHARS, KIB } from '#protocol/limits.ts';
import { ConfigError } from './config.ts';
import { readNatsUrl } from './nats-url.ts';
import { LocalSignals, type Signals } from './signals.ts';

const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_MS = 1_000;
const LEAVE_PATIENCE_MS = 500;
/** A server that stays silent is given up after two of these. */
const PING_MS = 3_000;
const PINGS_UNANSWERED_MAX = 2;
/** Longer than any signal: two full lists of addresses. What is longer is not read. */
export const SIGNAL_MAX_BYTES = 96 * KIB;
/** Of the names of devices (Base64 of 32 bytes) and of gateways. */
const NAME_MAX_CHARS = 64;

const address = z.string().max(ADDRESS_MAX_CHARS);
const addresses = z.array(address).max(SIGNAL_ADDRESSES_MAX);
const name = z.string().max(NAME_MAX_CHARS);
const signalSchema: z.ZodType<Signal> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('revoked'), address, device: name, deleted: z.boolean() }),
  z.strictObject({ type: z.literal('presence'), gateway: name, here: addresses, gone: addresses }),
  z.strictObject({ type: z.literal('presence.ask'), gateway: name, addresses }),
  z.strictObject({ type: z.literal('typing'), from: address, to: addresses, group: address.optional() }),
]);

export type NatsSignalsSettings = {
  /** nats://name:password@host:4222, or tls://; several separated by commas. */
  readonly url: string;
  /** Deployments that share a server do not hear each other. */
  readonly domain: string;
  readonly log: Logger;
};

export class NatsSignals implements Signals {
  readonly #local = new LocalSignals();
  readonly #subject: string;
  readonly #log: Logger;
  readonly #connect: () => Promise<NatsConnection>;
  readonly #closing = new AbortController();
  #connection: NatsConnection | undefined;
  #ready = false;
  #malformed = 0;
  #dropped = 0;
  #lives: Promise<void> = Promise.resolve();

  /** Throws ConfigError if the URL is none. */
  private constructor({ url, domain, log }: NatsSignalsSettings) {
    const server = readNatsUrl(url);
    this.#log = log;
    this.#subject = `parley.signals.${domain.replaceAll('.', '_')}`; // dots separate the parts of a subject
    this.#connect = () =>
      connect({
        ...server,
        name: 'parley',
        noEcho: true, // one's own are heard without NATS
        timeout: CONNECT_TIMEOUT_MS,
        pingInterval: PING_MS,
        maxPingOut: PINGS_UNANSWERED_MAX,
        reconnectTimeWait: RETRY_MS,
        maxReconnectAttempts: -1,
      });
  }

  /**
   * Tries to connect once, and goes on trying in the background if NATS is away. Throws ConfigError if the URL is none, or NATS refuses
   * its name and password.
   */
  static async open(settings: NatsSignalsSettings): Promise<NatsSignals> {
    const signals = new NatsSignals(settings);
    const first = await signals.#try();
    const refusal = refusalOf(first);
    if (refusal) throw refusal;
    signals.#lives = signals.#live();
    return signals;
  }

  /** Whether signals reach others, as far as is known. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Payloads that were no signals. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Signals that reached nobody but this instance. */
  get dropped(): number {
    return this.#dropped;
  }

  send(signal: Signal): void {
    this.#local.send(signal);
    // The driver would keep what is published while it is not connected, without bound, and say it when it is old.
    if (!this.#ready || !this.#connection) {
      this.#dropped += 1;
      return;
    }
    try {
      this.#connection.publish(this.#subject, JSON.stringify(signal));
    } catch (error) {
      if (!(error instanceof NatsError)) throw error;
      this.#dropped += 1;
    }
  }

  onSignal(listener: (signal: Signal) => void): void {
    this.#local.onSignal(listener);
  }

  /** Resolves when NATS has all that this instance sent, and this instance has heard what NATS had before; at once if NATS is away. */
  async flush(): Promise<void> {
    if (!this.#ready) return;
    await this.#connection?.flush().catch((error) => {
      if (!(error instanceof NatsError)) throw error; // it went away meanwhile: what was sent is lost
    });
  }

  /** What was sent just before leaves with it, if NATS takes it soon. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.race([this.flush(), sleep(LEAVE_PATIENCE_MS, undefined, { ref: false })]);
    this.#ready = false;
    await this.#connection?.close();
    await this.#lives;
  }

  /** A connection after the other: the driver mends its own until it is refused, then it ends. */
  async #live(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      if (this.#connection) {
        const reason = await this.#connection.closed();
        this.#connection = undefined;
        this.#see(false, reason);
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await this.#try();
    }
  }

  /** Returns why it failed. */
  async #try(): Promise<unknown> {
    let connection: NatsConnection | undefined;
    try {
      connection = await this.#connect();
      if (this.#closing.signal.aborted) return connection.close();
      connection.subscribe(this.#subject, {
        callback: (error, { data }) => {
          if (!error) this.#receive(data);
        },
      });
      await connection.flush(); // from here on the server knows the subscription
      this.#connection = connection;
      void this.#watch(connection);
      this.#see(true);
      return undefined;
    } catch (error) {
      void connection?.close().catch(() => {}); // or it would hear every signal beside the next one
      this.#log.warn({ reason: String(error) }, 'waiting for NATS');
      return error;
    }
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (connection !== this.#connection) return;
      if (type === Events.Disconnect || type === DebugEvents.StaleConnection) this.#see(false);
      if (type === Events.Reconnect) this.#see(true);
    }
  }

  #see(ready: boolean, reason?: unknown): void {
    if (ready === this.#ready || this.#closing.signal.aborted) return;
    this.#ready = ready;
    if (ready) this.#log.info('NATS is there');
    else this.#log.warn({ reason: reason && String(reason) }, 'NATS is away');
  }

  #receive(data: Uint8Array): void {
    const signal = data.length > SIGNAL_MAX_BYTES ? undefined : readSignal(data);
    if (signal) this.#local.send(signal);
    else this.#malformed += 1;
  }
}

function readSignal(data: Uint8Array): Signal | undefined {
  try {
    return signalSchema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))).data;
  } catch {
    // Not JSON, or not even text: no signal, which is what undefined says.
    return undefined;
  }
}

/** What to say if NATS will never let us in. */
export function refusalOf(error: unknown): ConfigError | undefined {
  if (!(error instanceof NatsError) || !isRefusal(error)) return undefined;
  return new ConfigError(`NATS refuses the name and password of the setting natsUrl (${error.message}).`);
}

function isRefusal({ code }: NatsError): boolean {
  return code === ErrorCode.AuthorizationViolation || code === ErrorCode.BadAuthentication;
}
