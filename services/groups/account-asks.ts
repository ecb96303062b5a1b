// What a group's actor asks auth about accounts, and what waits for the answers. Auth answers each ask with the log as it is then; what
// waits is given none that was asked for before it came, so that it is decided by logs that are not older than itself.
import { decodeSignedEntry } from '#protocol/account-entry.ts';
import { replayAccountLog } from '#protocol/account-log.ts';
import type { Addressed, GroupCommand } from '#protocol/commands.ts';
import { MINUTE_MS } from '#protocol/limits.ts';
import { hasNoDevice, type ToldLog } from './append.ts';

type Told = Extract<GroupCommand, { type: 'account' }>;

/** That an account has no device in use is believed for so long; its owner may enrol one. */
const DEVICELESS_FOR_MS = MINUTE_MS;
const DEVICELESS_MAX = 4_096;

/** What something waits for: address → which ask of it, counted from 1. */
export type Lacking = Map<string, number>;

export class AccountAsks {
  readonly #name: string;
  readonly #counts = new Map<string, { asked: number; answered: number }>();
  /** address → until when. */
  readonly #deviceless = new Map<string, number>();

  /** `name`: of the group. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Asks for these; the commands that do so are added to `effects`. */
  ask(addresses: Iterable<string>, effects: Addressed[]): Lacking {
    const lacking: Lacking = new Map();
    for (const key of addresses) {
      if (lacking.has(key)) continue;
      const count = this.#counts.get(key) ?? { asked: 0, answered: 0 };
      count.asked += 1;
      this.#counts.set(key, count);
      lacking.set(key, count.asked);
      effects.push({ kind: 'account', key, command: { type: 'log.tell', group: `#${this.#name}` } });
    }
    return lacking;
  }

  /** Takes an answer; returns the log, and the number of the last ask that it answers. One that nobody asked for, as after a crash, is read too. */
  answered({ address, log }: Told, now: number): { readonly log: ToldLog; readonly upTo: number } {
    const told = log === undefined ? 'gone' : replayAccountLog(log.map(decodeSignedEntry), address); // auth verified it
    if (hasNoDevice(told)) this.#noteDeviceless(address, now + DEVICELESS_FOR_MS);
    else this.#deviceless.delete(address);
    const count = this.#counts.get(address);
    if (!count) return { log: told, upTo: 0 };
    count.answered += 1;
    if (count.answered >= count.asked) this.#counts.delete(address);
    return { log: told, upTo: count.answered };
  }

  /** Whether that account is known to have no device in use. */
  isDeviceless(address: string, now: number): boolean {
    return (this.#deviceless.get(address) ?? 0) > now;
  }

  #noteDeviceless(address: string, until: number): void {
    this.#deviceless.delete(address);
    this.#deviceless.set(address, until);
    const [oldest] = this.#deviceless.size > DEVICELESS_MAX ? this.#deviceless.keys() : [];
    if (oldest !== undefined) this.#deviceless.delete(oldest);
  }
}
