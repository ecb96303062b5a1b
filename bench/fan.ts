// One group of the fan-out benchmark: who writes to it, its other members, each of whom checks and acknowledges, and what came of each message.
// A message is sealed really, but to nobody: a server does not look into slots, so that those of one group are made once, random, SLOT_SETS
// different ones for each member. What sealing them costs is the benchmark `seal`.
import { encodeBase64 } from '#protocol/base64.ts';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { SLOT_BYTES } from '#protocol/limits.ts';
import { type Group, GroupWriter } from './group.ts';
import { type Person, random } from './people.ts';
import { addFaults, type Faults, NO_FAULTS, Stream } from './tally.ts';
import type { Incoming } from './wire.ts';

const TAG_BYTES = 16;
/** So that a message's slots are not those of the message before. */
const SLOT_SETS = 4;

type Recipient = {
  readonly arrivals: Stream;
  readonly slots: readonly string[];
  readonly tag: string;
};
type Message = {
  readonly id: string;
  readonly header: string;
  readonly body: string;
  /** When it was sent, by `performance.now()`. */
  readonly at: number;
  /** Members who have it. */
  arrived: number;
  /** In the group's order, as the first of them was told. */
  number: number | undefined;
  /** What the server has told the sender that members took. */
  counted: number;
};

export class Fan {
  readonly name: string;
  readonly #writer: GroupWriter;
  readonly #send: (frame: (requestId: number) => string) => void;
  readonly #recipients = new Map<Person, Recipient>();
  readonly #addresses = new Map<string, Recipient>();
  /** The slots of a `send`, as JSON. */
  readonly #slotSets: readonly string[];
  readonly #messages: Message[] = [];
  readonly #indexOf = new Map<string, number>();
  #accepted = 0;
  /** Members' messages that the server has told the sender of, and what it told beyond. */
  #counted = 0;
  #surplus = 0;
  /** Called when all members have a message, with how long that took, in ms. */
  onComplete: (ms: number) => void = () => {};
  /** Called when the server has told the sender of more members. */
  onCounted: () => void = () => {};

  /** `send`: for the first of the group's people, who writes. */
  constructor({ name, people, place }: Group, send: (frame: (requestId: number) => string) => void) {
    const [writer, ...others] = people as [Person, ...Person[]]; // whoever made it
    this.name = name;
    this.#send = send;
    this.#writer = new GroupWriter(writer, place, []);
    for (const person of others) {
      const recipient = {
        arrivals: new Stream(),
        slots: Array.from({ length: SLOT_SETS }, () => encodeBase64(random(SLOT_BYTES))),
        tag: encodeBase64(random(TAG_BYTES)),
      };
      this.#recipients.set(person, recipient);
      this.#addresses.set(person.address, recipient);
    }
    this.#slotSets = Array.from({ length: SLOT_SETS }, (_, set) =>
      JSON.stringify(
        [...this.#recipients].map(([{ address, device }, { slots }]) => ({
          to: address,
          device: device.name,
          slot: slots[set],
        })),
      ),
    );
  }

  /** How many deliveries a message is. */
  get width(): number {
    return this.#recipients.size;
  }

  send(): void {
    const index = this.#messages.length;
    const { id, sealed } = this.#writer.next();
    const [header, body] = [encodeBase64(sealed.header), encodeBase64(sealed.body)];
    this.#messages.push({ id, header, body, at: performance.now(), arrived: 0, number: undefined, counted: 0 });
    this.#indexOf.set(id, index);
    const slots = this.#slotSets[index % SLOT_SETS];
    const rest = `"group":"${this.name}","header":"${header}","body":"${body}","slots":${slots}`;
    this.#send((requestId) => `{"type":"send","id":${requestId},${rest}}`);
  }

  /** A message of this group has come to a member. Returns the tag for its ack. */
  atMember(person: Person, frame: ServerFrameOf<'deliver'>): string {
    const recipient = this.#recipients.get(person);
    if (!recipient) throw new Error('Somebody got a message of a group in which they are not.');
    const due = recipient.arrivals.due;
    const index = this.#messages[due]?.header === frame.header ? due : this.#find(frame);
    const message = this.#messages[index];
    if (message?.body !== frame.body || recipient.slots[index % SLOT_SETS] !== frame.slot) {
      throw new Error('A member got something that nobody sent.');
    }
    message.number ??= frame.group?.number;
    if (message.number === undefined || message.number !== frame.group?.number) {
      throw new Error('Two members have different numbers of a message.');
    }
    const before = recipient.arrivals.count;
    recipient.arrivals.take(index);
    if (recipient.arrivals.count > before) this.#arrived(message);
    return recipient.tag;
  }

  /** The answer to one of its sends. */
  accepted(frame: Incoming): void {
    if (frame.type === 'error') throw new Error(`A send was refused: ${frame.code}`);
    this.#accepted += 1;
  }

  /** What the writer is told of what became of messages. */
  told({ notice }: ServerFrameOf<'notice'>): void {
    if (notice.kind === 'group.counted') {
      for (const { id, delivered, expired, refused } of notice.entries) {
        if (expired + refused > 0) throw new Error('A member was refused a message.');
        this.#count(id, delivered);
      }
    } else if (notice.kind === 'group.delivered') {
      for (const { id, by, tag } of notice.entries) {
        if (this.#addresses.get(by)?.tag !== tag) throw new Error('A delivered notice has a wrong tag.');
        this.#count(id, 1);
      }
    } else {
      throw new Error(`A sender was told: ${notice.kind}`);
    }
    this.onCounted();
  }

  /** Whether the sender has heard of every member's every message. */
  get isCounted(): boolean {
    return this.#counted >= this.#messages.length * this.width;
  }

  /** `counts`: whether the server tells the sender how many members took a message. */
  faults(counts: boolean): Faults {
    const sent = this.#messages.length;
    const streams = [...this.#recipients.values()].map(({ arrivals }) => arrivals.faults(sent));
    const lost = counts ? sent * this.width - this.#counted : 0;
    const receipts = {
      lost: lost + (sent - this.#accepted),
      duplicated: this.#surplus,
      misordered: this.#inversions(),
    };
    return [...streams, receipts].reduce(addFaults, NO_FAULTS);
  }

  #find({ header }: { readonly header: string }): number {
    return this.#messages.findIndex((message) => message.header === header);
  }

  #arrived(message: Message): void {
    message.arrived += 1;
    if (message.arrived === this.width) this.onComplete(performance.now() - message.at);
  }

  #count(id: string, persons: number): void {
    const message = this.#messages[this.#indexOf.get(id) ?? -1];
    if (!message) throw new Error('A sender was told of a message that it did not send.');
    const due = Math.min(persons, this.width - message.counted);
    message.counted += due;
    this.#counted += due;
    this.#surplus += persons - due;
  }

  /** Messages of the one sender whose numbers do not rise. */
  #inversions(): number {
    let [last, found] = [0, 0];
    for (const { number } of this.#messages) {
      if (number === undefined) continue;
      if (number <= last) found += 1;
      last = number;
    }
    return found;
  }
}
