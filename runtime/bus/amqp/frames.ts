// Frames that came from a partition's queue, on their way to its owner: in order, acked when each of their commands is settled; one
// command at a time where the frame has come back so often that one of them may be what kills its owners. What is no frame is put aside;
// a frame of a version that is not read here is left, with all behind it, to somebody else.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import type { ActorKind, Addressed } from '#protocol/commands.ts';
import type { Delivery, Suspects, Unreadable } from '../bus.ts';
import { decodeCommands, isFrame } from './wire.ts';

/** A frame that came back this often is handed out command by command (DESIGN section 2, Queue arguments). */
const SUSPECT_AFTER_RETURNS = 5;
const STORE_RETRY_MS = 200;
/** A command's JSON beside its strings, roughly: for sizes only. */
const OVERHEAD_CHARS = 400;

type Fields = ConsumeMessage['fields'];
type Handed = {
  readonly redelivered: boolean;
  readonly size: number;
  readonly since: number;
  readonly poison?: boolean;
};

export type FrameReaderDeps = {
  readonly kind: ActorKind;
  readonly deliver: (deliveries: readonly Delivery[]) => void;
  readonly ack: (fields: Fields) => void;
  readonly suspects: Suspects;
  readonly unreadable: Unreadable;
  /** The next frame is of a version that is not read here; nothing is handed out any more. */
  readonly foreign: () => void;
  readonly log: Logger;
};

class Item implements Delivery {
  readonly to: Addressed;
  readonly redelivered: boolean;
  readonly size: number;
  readonly poison: boolean;
  readonly since: number;
  readonly frame: object;
  #settled: (() => void) | undefined;

  constructor(to: Addressed, frame: Handed, settled: () => void) {
    this.to = to;
    this.redelivered = frame.redelivered;
    this.size = frame.size;
    this.poison = frame.poison ?? false;
    this.since = frame.since;
    this.frame = frame;
    this.#settled = settled;
  }

  settle(): void {
    const settled = this.#settled;
    this.#settled = undefined;
    settled?.();
  }
}

export class FrameReader {
  readonly #deps: FrameReaderDeps;
  #waiting: { readonly message: ConsumeMessage; readonly since: number }[] = [];
  #state: 'waiting' | 'running' | 'stopped' = 'waiting';
  /** A suspect frame is handed out, or something is put aside; later ones wait for its end. */
  #careful = false;
  #whenStopped: (() => void) | undefined;

  constructor(deps: FrameReaderDeps) {
    this.#deps = deps;
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
    this.#waiting.push({ message, since: performance.now() });
    this.#pump();
  }

  /** Since when the first that is not handed out waits; undefined: none does. Monotonic, in ms. */
  get waitingSince(): number | undefined {
    return this.#waiting[0]?.since;
  }

  #pump(): void {
    while (this.#state === 'running' && !this.#careful) {
      const next = this.#waiting.shift();
      if (!next) return;
      const { message, since } = next;
      const { fields, properties, content } = message;
      if (!isFrame('commands', properties.type)) {
        this.stop(); // what comes behind it must not overtake it
        return this.#deps.foreign();
      }
      let commands: readonly Addressed[];
      try {
        commands = decodeCommands(content, this.#deps.kind);
      } catch (error) {
        return void this.#putAside(message, String(error));
      }
      const size = Math.ceil(content.length / Math.max(1, commands.length)) + OVERHEAD_CHARS;
      const frame = { redelivered: fields.redelivered, size, since };
      const returns = Number(properties.headers?.['x-delivery-count'] ?? 0);
      if (commands.length === 0) this.#deps.ack(fields);
      else if (returns >= SUSPECT_AFTER_RETURNS) void this.#oneByOne(commands, frame, message);
      else this.#together(commands, frame, fields);
    }
  }

  #together(commands: readonly Addressed[], frame: Handed, fields: Fields): void {
    let left = commands.length;
    const settled = (): void => {
      left -= 1;
      if (left === 0) this.#deps.ack(fields);
    };
    this.#deps.deliver(commands.map((to) => new Item(to, frame, settled)));
  }

  /** Each command is noted before it is tried: the one that was noted before is what its last owner did not survive. */
  async #oneByOne(
    commands: readonly Addressed[],
    frame: Handed,
    { fields, properties }: ConsumeMessage,
  ): Promise<void> {
    const { suspects, deliver, ack, log } = this.#deps;
    this.#careful = true;
    log.warn({ queue: fields.routingKey, commands: commands.length }, 'a frame that came back often: one by one');
    for (const [index, to] of commands.entries()) {
      const id = `${fields.routingKey} ${properties.appId} ${properties.messageId} ${index}`;
      const poison = await this.#stored(() => suspects.note(id), 'suspects cannot be noted yet');
      if (poison === undefined) return;
      await new Promise<void>((settled) => {
        this.#whenStopped = settled;
        deliver([new Item(to, { ...frame, poison }, settled)]);
      });
      // Also when it was stopped: whoever is there to say so was not killed.
      await suspects.clear(id).catch((error) => log.warn({ reason: String(error) }, 'a suspect stays noted'));
      if (this.stopped) return;
    }
    ack(fields);
    this.#careful = false;
    this.#pump();
  }

  /** What says that it is a frame and is none: nobody will ever read it. */
  async #putAside({ fields, content }: ConsumeMessage, reason: string): Promise<void> {
    const { unreadable, ack, log } = this.#deps;
    const { routingKey: queue } = fields;
    this.#careful = true;
    log.error({ queue, reason }, 'a frame that nobody can read: quarantined');
    const keep = async (): Promise<true> => {
      await unreadable.keepFrame(queue, content, reason);
      return true;
    };
    if (!(await this.#stored(keep, 'what cannot be read cannot be kept yet'))) return;
    ack(fields);
    this.#careful = false;
    this.#pump();
  }

  /** Repeats what needs a store until it answers; undefined: stopped meanwhile. */
  async #stored<T>(attempt: () => Promise<T>, failure: string): Promise<T | undefined> {
    for (; !this.stopped; await sleep(STORE_RETRY_MS)) {
      try {
        return await attempt();
      } catch (error) {
        this.#deps.log.warn({ reason: String(error) }, failure);
      }
    }
    return undefined;
  }
}
