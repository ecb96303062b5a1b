// The text of a frame: a JSON list of commands or of what is for an inbox. Deliveries of one message to a group differ in little more than
// their slots, so a frame has what they share once (DESIGN section 6, Fan-out):
//
//   [command, [{shared}, rest], [1, rest], command, [1, rest]]
//
// `1` is the place in the list of the one that brought what is shared. Without such deliveries it is a plain list.

/** One of a frame, as JSON: whole, or without what it shares with others. */
export type Encoded = { readonly text: string; readonly shared?: Shared };

/** `fields`: members of a JSON object, without its braces. `body`: Base64, which is shared with them, if there is one. Who has both in common shares them. */
export type Shared = { readonly fields: string; readonly body?: string };

/** The characters of what is shared, where it is written. */
export const charsOf = ({ fields, body = '' }: Shared): number => fields.length + body.length;

/**
 * What is shared, made once for all that come one after another with the same values: half of the work of writing a fan-out was making it again.
 * `values`: all that goes into it.
 */
export function sharing<T>(values: (of: T) => readonly unknown[], make: (of: T) => Shared): (of: T) => Shared {
  let last: { readonly values: readonly unknown[]; readonly shared: Shared } | undefined;
  return (of) => {
    const now = values(of);
    if (!last || !now.every((value, index) => value === last?.values[index])) last = { values: now, shared: make(of) };
    return last.shared;
  };
}

export class FrameText {
  readonly #parts: string[] = [];
  readonly #places = new Map<string, { readonly place: number; readonly body: string | undefined }>();
  /** Most come one after another. */
  #latest: { readonly shared: Shared; readonly place: number } | undefined;
  #chars = 0;

  /** Adds one; false if it were longer than `maxChars` then, unless it is the first. */
  add({ text, shared }: Encoded, maxChars: number): boolean {
    const place = shared && this.#placeOf(shared);
    const chars = text.length + (shared && place === undefined ? charsOf(shared) : 0);
    if (this.#parts.length > 0 && this.#chars + chars > maxChars) return false;
    this.#chars += chars;
    if (!shared) {
      this.#parts.push(text);
    } else if (place !== undefined) {
      this.#parts.push(`[${place},${text}]`);
    } else {
      const { fields, body } = shared;
      this.#places.set(fields, { place: this.#parts.length, body });
      this.#parts.push(body === undefined ? `[{${fields}},${text}]` : `[{${fields},"body":"${body}"},${text}]`);
    }
    return true;
  }

  toString(): string {
    return `[${this.#parts.join(',')}]`;
  }

  #placeOf(shared: Shared): number | undefined {
    if (this.#latest?.shared === shared) return this.#latest.place;
    const { fields, body } = shared;
    const known = this.#places.get(fields);
    if (!known || known.body !== body) return undefined;
    this.#latest = { shared, place: known.place };
    return known.place;
  }
}

/**
 * Reads the text of a frame. `join` puts what is shared, whose strings all of them have in common then, into the rest of one. Throws if it is
 * no frame; what is in its list is looked at no further.
 */
export function readFrameText(text: string, join: (rest: unknown, shared: object) => unknown): unknown[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error('a frame that is no list');
  return list.map((one: unknown) => {
    if (!Array.isArray(one)) return one;
    const [first, rest]: unknown[] = one;
    const shared: unknown = typeof first === 'number' ? list[first]?.[0] : first;
    if (typeof shared !== 'object' || shared === null) throw new Error('a frame that refers to what it does not have');
    return join(rest, shared);
  });
}
