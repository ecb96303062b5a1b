// Who writes what to whom and when: the same for all threads, from a seed, so that nobody has to tell anybody. The rate is constant and
// open: a message is due whether or not the server has answered those before it, and its latency counts from when it was due.

/** `bytes`: of a text; all lengths between are as likely. */
export type Shape = {
  readonly users: number;
  readonly groups: number;
  readonly rate: number;
  readonly groupShare: number;
  readonly bytes: { readonly least: number; readonly most: number };
};

/** The messages of one sender to one person or group, who should get them in this order. */
export type Stream = {
  readonly sender: number;
  readonly to: { readonly user: number } | { readonly group: number };
  readonly recipients: readonly number[];
};

type Due = { readonly sender: number; readonly stream: number; readonly bytes: number };

/** People that everybody writes to. */
const CONTACTS_MAX = 4;

export class Plan {
  readonly shape: Shape;
  readonly seed: number;
  readonly #contacts: number;

  constructor(shape: Shape, seed: number) {
    this.shape = shape;
    this.seed = seed;
    this.#contacts = Math.min(CONTACTS_MAX, shape.users - 1);
  }

  /** Everybody is in one group, if there are any; the first of them makes it. */
  members(group: number): number[] {
    const { users, groups } = this.shape;
    return Array.from({ length: Math.ceil((users - group) / groups) }, (_, index) => group + index * groups);
  }

  /** How many streams there can be: their numbers are below. */
  get streams(): number {
    return this.shape.users * (this.#contacts + 1);
  }

  stream(number: number): Stream {
    const { users, groups } = this.shape;
    const sender = Math.floor(number / (this.#contacts + 1));
    const choice = number % (this.#contacts + 1);
    if (choice > 0) {
      const user = (sender + choice) % users;
      return { sender, to: { user }, recipients: [user] };
    }
    const group = sender % Math.max(1, groups);
    return { sender, to: { group }, recipients: this.members(group).filter((member) => member !== sender) };
  }

  /** ms after the start. `index`: of the message, from 0. */
  dueMs(index: number): number {
    return (index * 1_000) / this.shape.rate;
  }

  due(index: number): Due {
    const { users, groupShare, bytes } = this.shape;
    const random = (part: number) => fraction(this.seed, index * 4 + part);
    const sender = Math.floor(random(0) * users);
    const choice = random(1) < groupShare ? 0 : 1 + Math.floor(random(2) * this.#contacts);
    return {
      sender,
      stream: sender * (this.#contacts + 1) + choice,
      bytes: bytes.least + Math.floor(random(3) * (bytes.most - bytes.least + 1)),
    };
  }
}

/** 0 ≤ x < 1, the same for the same two numbers (a step of mulberry32). */
function fraction(seed: number, index: number): number {
  const state = (seed + Math.imul(index + 1, 0x6d2b79f5)) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
