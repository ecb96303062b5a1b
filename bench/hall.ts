// Everybody of the fan-out benchmark, connected to one subject: hands what comes to the group that it is of, and acknowledges it.
import { encodeBase64 } from '#protocol/base64.ts';
import { GROUP_APPEND_MAX_ENTRIES } from '#protocol/limits.ts';
import { Fan } from './fan.ts';
import type { Group } from './group.ts';
import type { Person } from './people.ts';
import type { Incoming, Wire } from './wire.ts';

const CONNECT_AT_ONCE = 32;

export class Hall {
  readonly #wires: ReadonlyMap<Person, Wire>;
  /** By name as deliveries have it, and by id as notices do. */
  readonly #fans = new Map<string, Fan>();
  /** Sends without an answer. */
  readonly #asked = new Map<number, Fan>();
  /** By group: who has not seen entry number `last`, and what then. */
  readonly #arriving = new Map<
    string,
    { readonly last: number; readonly waiting: Set<Person>; readonly done: () => void }
  >();
  #lastRequest = 0;

  private constructor(wires: ReadonlyMap<Person, Wire>) {
    this.#wires = wires;
    for (const [person, wire] of wires) wire.onFrame = (frame) => this.#take(person, wire, frame);
  }

  static async open(
    people: readonly Person[],
    connect: (person: Person, index: number) => Promise<Wire>,
  ): Promise<Hall> {
    const wires = new Map<Person, Wire>();
    const waiting = people.entries();
    const work = async (): Promise<void> => {
      for (const [index, person] of waiting) wires.set(person, await connect(person, index));
    };
    await Promise.all(Array.from({ length: CONNECT_AT_ONCE }, work));
    return new Hall(wires);
  }

  /** What went through all sockets so far, both ways. */
  get bytes(): number {
    return [...this.#wires.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Makes the group at the server. Each of its appends has come to all whom it leaves in the group before the next one is made. */
  async make({ name, people, entries }: Group): Promise<void> {
    const creator = this.#wireOf(people[0]);
    for (let begin = 0; begin < entries.length; begin += GROUP_APPEND_MAX_ENTRIES) {
      const some = entries.slice(begin, begin + GROUP_APPEND_MAX_ENTRIES);
      const last = begin + some.length;
      const arrived = new Promise<void>((done) => {
        this.#arriving.set(name, { last, waiting: new Set(people.slice(0, last)), done }); // an entry for each of them
      });
      await creator.ask('group.append', { name, entries: some });
      await arrived;
    }
    this.#arriving.delete(name);
  }

  /** The group, ready to be written to. */
  fan(group: Group): Fan {
    const wire = this.#wireOf(group.people[0]);
    const fan: Fan = new Fan(group, (frameOf) => {
      this.#lastRequest += 1;
      this.#asked.set(this.#lastRequest, fan);
      wire.send(frameOf(this.#lastRequest));
    });
    this.#fans.set(group.name, fan).set(encodeBase64(group.place.group), fan);
    return fan;
  }

  close(): void {
    for (const wire of this.#wires.values()) wire.close();
  }

  #take(person: Person, wire: Wire, frame: Incoming): void {
    switch (frame.type) {
      case 'deliver':
        wire.ack(frame.n, this.#fanOf(frame.group?.name).atMember(person, frame));
        return;
      case 'entries':
        wire.ack(frame.n);
        return this.#enter(person, frame.name, frame.number + frame.entries.length - 1);
      case 'notice':
        wire.ack(frame.n);
        return this.#fanOf(frame.notice.conversation).told(frame);
      case 'ok':
      case 'error': {
        const fan = this.#asked.get(frame.re);
        this.#asked.delete(frame.re);
        if (!fan) throw new Error('An answer came twice, or to nothing that was asked.');
        fan.accepted(frame);
      }
    }
  }

  #enter(person: Person, name: string, number: number): void {
    const arriving = this.#arriving.get(name);
    if (!arriving || number < arriving.last) return;
    arriving.waiting.delete(person);
    if (arriving.waiting.size === 0) arriving.done();
  }

  #fanOf(name = ''): Fan {
    const fan = this.#fans.get(name);
    if (!fan) throw new Error(`Something came of the group ${name}, to which nobody writes.`);
    return fan;
  }

  #wireOf(person: Person | undefined): Wire {
    const wire = person && this.#wires.get(person);
    if (!wire) throw new RangeError('Somebody who is not there cannot write.');
    return wire;
  }
}
