// Frames: the commands that go to one partition in one commit, stored as one row. A frame leaves the journal once each is settled.
import type { Addressed } from '#protocol/commands.ts';
import { partitionOf } from '../partitions.ts';
import type { Delivery } from './bus.ts';
import { type Encoded, FrameText } from './frame-text.ts';

/** What a frame holds at most; one command always fits. In characters of JSON. */
const FRAME_MAX_CHARS = 1024 * 1024;

/** A command that was handed out, or will be. It belongs to a frame as soon as it is about to be written. */
export class Item implements Delivery {
  readonly to: Addressed;
  readonly redelivered: boolean;
  readonly size: number;
  frame: Frame | undefined;
  settled = false;
  readonly #unwritten: (() => void) | undefined;

  /** `unwritten`: called if it is settled before it has a frame. */
  constructor(to: Addressed, size: number, options: { redelivered?: boolean; unwritten?: () => void } = {}) {
    this.to = to;
    this.size = size;
    this.redelivered = options.redelivered ?? false;
    this.#unwritten = options.unwritten;
  }

  settle(): void {
    if (this.settled) return;
    this.settled = true;
    if (this.frame) this.frame.decided();
    else this.#unwritten?.();
  }
}

export class Frame {
  readonly id: number;
  readonly queue: string;
  readonly items: Item[] = [];
  readonly #remove: (id: number) => void;
  #text: FrameText | undefined = new FrameText();
  #undecided = 0;

  constructor(id: number, queue: string, remove: (id: number) => void) {
    this.id = id;
    this.queue = queue;
    this.#remove = remove;
  }

  /** Adds an item with its JSON; false if the frame is full. */
  add(item: Item, encoded: Encoded): boolean {
    if (!this.#text?.add(encoded, FRAME_MAX_CHARS)) return false;
    this.readd(item);
    return true;
  }

  /** Adds an item whose text is in its row already. */
  readd(item: Item): void {
    this.items.push(item);
    item.frame = this;
    this.#undecided += 1;
  }

  /** Its row's text, which is then forgotten here. */
  takeBody(): string {
    const body = String(this.#text);
    this.#text = undefined;
    return body;
  }

  decided(): void {
    this.#undecided -= 1;
    if (this.#undecided === 0) this.#remove(this.id);
  }
}

/** Sorts items into frames, one a partition unless it is full. */
export class FrameMaker {
  readonly frames: Frame[] = [];
  readonly #open = new Map<string, Frame>();
  readonly #partitions: number;
  readonly #make: (queue: string) => Frame;

  constructor(partitions: number, make: (queue: string) => Frame) {
    this.#partitions = partitions;
    this.#make = make;
  }

  add(item: Item, encoded: Encoded): void {
    const queue = `${item.to.kind}.${partitionOf(item.to.key, this.#partitions)}`;
    if (this.#open.get(queue)?.add(item, encoded)) return;
    const frame = this.#make(queue);
    this.#open.set(queue, frame);
    this.frames.push(frame);
    frame.add(item, encoded);
  }
}
