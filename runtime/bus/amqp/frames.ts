// Frames that came from a partition's queue, on their way to its owner: in order, acked when each of their commands is settled; one
// command at a time where the frame has come back so often that one of them may be what kills its owners.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import type { Addressed } from '#protocol/commands.ts';
import type { Delivery, Suspects } from '../bus.ts';
import { decodeCommands } from './wire.ts';

/** A frame that came back this often is handed out command by command (DESIGN section 2, Queue arguments). */
const SUSPECT_AFTER_RETURNS = 5;
const NOTE_RETRY_MS = 200;
/** A command's JSON beside its strings, roughly: for sizes only. */
const OVERHEAD_CHARS = 400;

type Fields = ConsumeMessage['fields'];

class Item implements Delivery {
  readonly to: Addressed;
  readonly redelivered: boolean;
  readonly size: number;
  readonly poison: boolean;
  #settled: (() => void) | undefined;

  constructor(to: Addressed, frame: { redelivered: boolean; size: number; poison?: boolean }, settled: () => void) {
    this.to = to;
    this.redelivered = frame.redelivered;
    this.size = frame.size;
    this.poison = frame.poison ?? false;
    this.#settled = settled;
  }

  settle(): void {
    const settled = this.#settled;
    this.#settled = undefined;
    settled?.();
  }
}

export class FrameReader {
  readonly #deliver: (deliveries: readonly Delivery[]) => void;
  readonly #ack: (fields: Fields) => void;
  readonly #suspects: Suspects;
  readonly #log: Logger;
  #waiting: ConsumeMessage[] = [];
  #state: 'waiting' | 'running' | 'stopped' = 'waiting';
  /** A suspect frame is handed out; later ones wait for its end. */
  #careful = false;
  #whenStopped: (() => void) | undefined;

  constructor(deps: {
    deliver: (deliveries: readonly Delivery[]) => void;
    ack: (fields: Fields) => void;
    suspects: Suspects;
    log: Logger;
  }) {
    this.#deliver = deps.deliver;
    this.#ack = deps.ack;
    this.#suspects = deps.suspects;
    this.#log = deps.log;
  }

  /** Hands out from now on. */
  start(): void {
    if (this.#state === 'waiting') this.#state = 'running';
    this.#pump();
  }

  /** Hands out nothing more. Settling what was handed out still acks. */
  stop(): void {
    this.#state = 'stopped';
    this.#waiting = [];
    this.#whenStopped?.();
  }

  get stopped(): boolean {
    return this.#state === 'stopped';
  }

  add(message: ConsumeMessage): void {
    if (this.stopped) return;
    this.#waiting.push(message);
    this.#pump();
  }

  #pump(): void {
    while (this.#state === 'running' && !this.#careful) {
      const message = this.#waiting.shift();
      if (!message) return;
      const { fields, properties, content } = message;
      const commands = decodeCommands(content);
      const size = Math.ceil(content.length / Math.max(1, commands.length)) + OVERHEAD_CHARS;
      const frame = { redelivered: fields.redelivered, size };
      const returns = Number(properties.headers?.['x-delivery-count'] ?? 0);
      if (commands.length === 0) this.#ack(fields);
      else if (returns >= SUSPECT_AFTER_RETURNS) void this.#oneByOne(commands, frame, message);
      else this.#together(commands, frame, fields);
    }
  }

  #together(commands: readonly Addressed[], frame: { redelivered: boolean; size: number }, fields: Fields): void {
    let left = commands.length;
    const settled = (): void => {
      left -= 1;
      if (left === 0) this.#ack(fields);
    };
    this.#deliver(commands.map((to) => new Item(to, frame, settled)));
  }

  /** Each command is noted before it is tried: the one that was noted before is what its last owner did not survive. */
  async #oneByOne(
    commands: readonly Addressed[],
    frame: { redelivered: boolean; size: number },
    { fields, properties }: ConsumeMessage,
  ): Promise<void> {
    this.#careful = true;
    this.#log.warn({ queue: fields.routingKey, commands: commands.length }, 'a frame that came back often: one by one');
    for (const [index, to] of commands.entries()) {
      const id = `${fields.routingKey} ${properties.appId} ${properties.messageId} ${index}`;
      const poison = await this.#noted(id);
      if (poison === undefined) return;
      await new Promise<void>((settled) => {
        this.#whenStopped = settled;
        this.#deliver([new Item(to, { ...frame, poison }, settled)]);
      });
      // Also when it was stopped: whoever is there to say so was not killed.
      await this.#suspects
        .clear(id)
        .catch((error) => this.#log.warn({ reason: String(error) }, 'a suspect stays noted'));
      if (this.stopped) return;
    }
    this.#ack(fields);
    this.#careful = false;
    this.#pump();
  }

  /** Whether it had been noted before; undefined: stopped meanwhile. */
  async #noted(id: string): Promise<boolean | undefined> {
    for (; !this.stopped; await sleep(NOTE_RETRY_MS)) {
      try {
        return await this.#suspects.note(id);
      } catch (error) {
        this.#log.warn({ reason: String(error) }, 'suspects cannot be noted yet');
      }
    }
    return undefined;
  }
}
