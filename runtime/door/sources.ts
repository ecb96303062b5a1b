// Where connections come from: the network that limits are counted for, and how many of its connections are open.
import { isIPv6 } from 'node:net';

/** Connections of one source that may be open at a time, before the factor: a whole office behind one address. Some 30 KiB each. */
const CONNECTIONS_PER_SOURCE_MAX = 1_000;
const GROUPS = 8;
/** A /64 is what one customer gets, and chooses addresses from as it likes. */
const NETWORK_GROUPS = 4;

/** The source of an IP address: IPv4 whole, also if it is written as IPv6 (::ffff:); IPv6 by its /64. Anything else stands for itself. */
export function sourceOf(address: string): string {
  const [bare = ''] = address.split('%'); // a zone
  if (!isIPv6(bare)) return address;
  const { hostname } = new URL(`http://[${bare}]`); // one spelling: lower case, no leading zeros, no dotted end
  const [head = '', tail = ''] = hostname.slice(1, -1).split('::');
  const [before, after] = [head, tail].map((part) => part.split(':').filter((group) => group !== '')) as [
    string[],
    string[],
  ]; // of two, two
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after];
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') {
    return groups
      .slice(6)
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
      .join('.');
  }
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

export class Sources {
  readonly #open = new Map<string, number>();
  readonly #max: number;

  /** `factor` multiplies the limit. */
  constructor(factor: number) {
    this.#max = Math.ceil(CONNECTIONS_PER_SOURCE_MAX * factor);
  }

  /** Counts one more connection of a source; false, and not counted, if it has too many. */
  enter(source: string): boolean {
    const count = this.#open.get(source) ?? 0;
    if (count >= this.#max) return false;
    this.#open.set(source, count + 1);
    return true;
  }

  leave(source: string): void {
    const count = (this.#open.get(source) ?? 0) - 1;
    if (count > 0) this.#open.set(source, count);
    else this.#open.delete(source);
  }
}
