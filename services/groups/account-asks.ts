// What a group's actor asks auth about accounts, and what waits for the answers. Auth answers each ask with the log as it is then; what
// waits is given none that was asked for before it came, so that it is decided by logs that are not older than itself. Asks and answers are
// told, and asked again until they are answered: in the group's queue an answer would stand behind the commands that wait for it, and
// where these fill what is handed out at a time, it would never come.
import { decodeSignedEntry } from '#protocol/account-entry.ts';
import { replayAccountLog } from '#protocol/account-log.ts';
import { type Addressed, type GroupCommand, groupKey } from '#protocol/commands.ts';
import { MINUTE_MS } from '#protocol/limits.ts';
import { hasNoDevice, type ToldLog } from './append.ts';

type Told = Extract<GroupCommand, { type: 'account' }>;

/** That an account has no device in use is believed for so long; its owner may enrol one. */
const DEVICELESS_FOR_MS = MINUTE_MS;
const DEVICELESS_MAX = 4_096;

/** What was told may be lost: then it is asked again. */
export const ASK_AGAIN_MS = 2_000;

/** What something waits for: address → the number of an ask, greater than those of all asks that were made before it came. */
export type Lacking = Map<string, number>;

export class AccountAsks {
  readonly #name: string;
  #last = 0;
  /** Not answered: address → the last ask, and when it was told last (undefined: not yet), those of longest ago first. */
  readonly #open = new Map<string, { readonly ask: number; readonly toldAt: number | undefined }>();
  /** address → until when. */
  readonly #deviceless = new Map<string, number>();

  /** `name`: of the group. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Asks for these. `now`: ms since 1970; an answer to whoever had the group before is to an earlier ask. */
  ask(addresses: Iterable<string>, now: number): Lacking {
    const lacking: Lacking = new Map();
    for (const address of addresses) {
      if (lacking.has(address)) continue;
      this.#last = Math.max(this.#last + 1, now);
      lacking.set(address, this.#last);
      this.#note(address, this.#last, undefined);
    }
    return lacking;
  }

  /** What is to be told now: new asks, and those that were not answered in time. */
  open(now: number): Addressed[] {
    const open: Addressed[] = [];
    for (const [key, { ask, toldAt }] of [...this.#open]) {
      if (toldAt !== undefined && now >= toldAt && now < toldAt + ASK_AGAIN_MS) continue;
      this.#note(key, ask, now);
      open.push({ kind: 'account', key, command: { type: 'log.tell', group: groupKey(this.#name), ask } });
    }
    return open;
  }

  /** When asks are to be told again, ms since 1970; undefined: all are answered. */
  get due(): number | undefined {
    const [oldest] = this.#open.values();
    return oldest && (oldest.toldAt ?? 0) + ASK_AGAIN_MS;
  }

  /** Takes an answer; returns the log. It answers all asks for it up to this one. One that nobody asked for, as after a crash, is read too. */
  answered({ address, ask, log }: Told, now: number): ToldLog {
    const told = log === undefined ? 'gone' : replayAccountLog(log.map(decodeSignedEntry), address); // auth verified it
    if (hasNoDevice(told)) this.#noteDeviceless(address, now + DEVICELESS_FOR_MS);
    else this.#deviceless.delete(address);
    if ((this.#open.get(address)?.ask ?? Number.POSITIVE_INFINITY) <= ask) this.#open.delete(address);
    return told;
  }

  #note(address: string, ask: number, toldAt: number | undefined): void {
    this.#open.delete(address); // or it would keep its place
    this.#open.set(address, { ask, toldAt });
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
