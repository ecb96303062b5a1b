// Who is who: account logs fetched, verified and pinned. The longest good log seen is what this client believes; a server
// that shows less, or something else, is refused and shown (DESIGN section 4).

import { decodeSignedEntry } from '#protocol/account-entry.ts';
import { type AccountState, activeDevices, type LogDevice, replayAccountLog } from '#protocol/account-log.ts';
import { equalBytes } from '#protocol/bytes.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { ACCOUNT_LOG_MAX_ENTRIES } from '#protocol/limits.ts';
import type { Connection } from './connection.ts';
import type { OwnDevice } from './own-device.ts';
import {
  extendedPin,
  firstPin,
  isBadLog,
  judgeDiverged,
  judgeTail,
  type Known,
  type Log,
  startsWith,
  trustedPin,
  type Verdict,
  verifyWhole,
} from './pins.ts';
import type { Clock } from './platform.ts';
import type { NewEvent, Pin, Profile } from './profile/profile.ts';
import { Refusal } from './refusal.ts';

/** Entries of replayed logs kept in memory, over all accounts: about 1 KiB each. */
const STATES_MAX_ENTRIES = 4_000;

export type AccountsDeps = {
  readonly profile: Profile;
  readonly clock: Clock;
  readonly own: OwnDevice;
  /** A pinned log has grown; `events`: the devices that came and went. */
  grown(address: string, events: readonly NewEvent[]): void;
};

export class Accounts {
  readonly #profile: Profile;
  readonly #clock: Clock;
  readonly #own: OwnDevice;
  readonly #grown: AccountsDeps['grown'];
  readonly #states = new Map<string, { readonly last: string; readonly state: AccountState }>();
  #stateEntries = 0;
  readonly #underWay = new Map<string, Promise<Known>>();
  readonly #refused = new Map<string, string>();

  constructor({ profile, clock, own, grown }: AccountsDeps) {
    this.#grown = grown;
    this.#profile = profile;
    this.#clock = clock;
    this.#own = own;
  }

  /** What is pinned of an address, without asking the server. */
  async known(address: string): Promise<Known | undefined> {
    const pin = await this.#profile.pins.get(address);
    return pin === undefined ? undefined : { pin, state: this.#stateOf(pin) };
  }

  /**
   * What is pinned, or else the server's log, which is pinned then. A question that went down with its connection is put to the next one.
   * Throws RequestError, Refusal `log_refused`, Unavailable (a live server did not answer), or what `connection` throws.
   */
  knownOrFetched(address: string, connection: () => Promise<Connection>): Promise<Known> {
    return this.#knownIf(() => true, address, connection);
  }

  /** As `knownOrFetched`, to be written to: of somebody without a device in use it asks again, because they may have come back with another. */
  addressee(address: string, connection: () => Promise<Connection>): Promise<Known> {
    return this.#knownIf(({ state }) => activeDevices(state).length > 0, address, connection);
  }

  async #knownIf(
    isEnough: (known: Known) => boolean,
    address: string,
    connection: () => Promise<Connection>,
  ): Promise<Known> {
    for (;;) {
      const known = await this.known(address);
      if (known !== undefined && isEnough(known)) return known;
      const session = await connection();
      try {
        return await this.refresh(address, session);
      } catch (error) {
        if (!(error instanceof Unavailable) || session.state !== 'closed') throw error;
      }
    }
  }

  /**
   * Fetches what is new in an address's log and pins it. What the server may not do (show a shorter, forked or ill-formed log)
   * leaves the pin as it is and appends an `identity` event; a log under another identity is kept aside likewise.
   */
  refresh(address: string, connection: Connection): Promise<Known> {
    const running = this.#underWay.get(address);
    if (running !== undefined) return running;
    const fetched = this.#refresh(address, connection).finally(() => this.#underWay.delete(address));
    this.#underWay.set(address, fetched);
    return fetched;
  }

  /** Accepts the identity that was kept aside, if it `agrees`: the server may have shown another one since. Throws Refusal if not, or if there is none. */
  async trust(address: string, agrees: (identity: Uint8Array) => boolean): Promise<Pin> {
    const now = this.#clock.now();
    const pin = await this.#profile.pins.update(address, (current) => {
      if (current?.changed === undefined)
        throw new Refusal('nothing_to_trust', `The identity of ${address} has not changed.`);
      if (!agrees(current.changed.identity)) {
        throw new Refusal(
          'identity_changed',
          `The identity of ${address} has changed once more. Compare the safety number again.`,
        );
      }
      const trusted = trustedPin(current, current.changed, verifyWhole(current.changed.log, address), now);
      return { pin: trusted, events: [{ type: 'identity', address, change: 'accepted', at: now }] };
    });
    if (pin === undefined) throw new Refusal('nothing_to_trust', `${address} is not known here.`);
    return pin;
  }

  /** Sets the person's marks. Throws Refusal for an address that is not pinned. */
  async mark(address: string, marks: Partial<Pick<Pin, 'verified' | 'blocked'>>): Promise<void> {
    const pin = await this.#profile.pins.update(address, (current) => current && { pin: { ...current, ...marks } });
    if (pin === undefined) throw new Refusal('nothing_to_trust', `${address} is not known here yet.`);
  }

  /** Pins a longer log of this account that was verified elsewhere: it signed the entry itself. Throws Refusal where it does not extend the pin. */
  async extendOwn(log: Log, state: AccountState): Promise<void> {
    const known = await this.known(this.#own.address);
    if (known === undefined || startsWith(known.pin.log, log)) return;
    if (!startsWith(log, known.pin.log))
      throw new Refusal('log_refused', 'The own account log contradicts the known one.');
    await this.#extend(known, log, state);
  }

  async #refresh(address: string, connection: Connection): Promise<Known> {
    const known = await this.known(address);
    if (known === undefined) return this.#pinFirst(address, await fetchLog(connection, address, 0));
    const verdict = await this.#judge(known, connection);
    switch (verdict.type) {
      case 'same':
        return this.#shownAgain(known);
      case 'longer':
        return this.#shownAgain(await this.#extend(known, verdict.log, verdict.state));
      case 'other_identity':
        return this.#keepAside(known, verdict.log, verdict.state);
      case 'refused':
        await this.#tellOnce(address, 'refused_log', verdict.why);
        return known;
    }
  }

  /** The same `why` of an address is told once in this process. */
  async #tellOnce(address: string, change: string, why: string): Promise<void> {
    if (this.#refused.get(address) === why) return;
    this.#refused.set(address, why);
    await this.#profile.events.append([{ type: 'identity', address, change, at: this.#clock.now() }]);
  }

  /** The last pinned entry is asked for again: a log of the same length that has another one is no longer the same log. */
  async #judge(known: Known, connection: Connection): Promise<Verdict> {
    const { address, log } = known.pin;
    const [last, ...tail] = await fetchLog(connection, address, log.length - 1);
    if (last?.entry === log.at(-1)?.entry) return judgeTail(known, tail);
    return judgeDiverged(known, await fetchLog(connection, address, 0));
  }

  async #pinFirst(address: string, log: Log): Promise<Known> {
    let state: AccountState;
    try {
      state = verifyWhole(log, address);
    } catch (error) {
      if (!isBadLog(error)) throw error;
      throw new Refusal('log_refused', `The server's account log of ${address} does not verify: ${error.message}`);
    }
    if (address === this.#own.address) this.#mustBeMine(state);
    const pin = await this.#profile.pins.update(address, (current) =>
      current === undefined ? { pin: firstPin(log, state, this.#clock.now()) } : undefined,
    );
    return this.#asKnown(pin, address);
  }

  /** The own account is pinned when it is made. Where that was cut short, it is known by its identity and by this device, and by nothing that a server says. */
  #mustBeMine({ identity, devices, address }: AccountState): void {
    if (equalBytes(identity, this.#own.ids.identity) && devices.has(this.#own.device)) return;
    throw new Refusal('log_refused', `The server's account log of ${address} is not the one of this profile.`);
  }

  /** The server shows the pinned identity: what it may have shown meanwhile stands in nobody's way any more. */
  async #shownAgain(known: Known): Promise<Known> {
    if (known.pin.changed === undefined) return known;
    const { address } = known.pin;
    const at = this.#clock.now();
    const pin = await this.#profile.pins.update(address, (current) => {
      if (current?.changed === undefined) return undefined;
      const { changed: _changed, ...kept } = current;
      return { pin: kept, events: [{ type: 'identity', address, change: 'back', at }] };
    });
    return this.#asKnown(pin, address);
  }

  async #extend(known: Known, log: Log, state: AccountState): Promise<Known> {
    const { address } = known.pin;
    let told: readonly NewEvent[] = [];
    const pin = await this.#profile.pins.update(address, (current) => {
      // Another process may have pinned more meanwhile; what it has verified is as good.
      if (current === undefined || !startsWith(log, current.log) || current.log.length === log.length) return undefined;
      const extended = extendedPin(current, this.#stateOf(current), log, state, this.#clock.now());
      told = extended.events;
      return extended;
    });
    if (address === this.#own.address && state.passwordVersion > known.state.passwordVersion) {
      await this.#profile.account.sawPasswordVersion(state.passwordVersion);
    }
    this.#grown(address, told);
    return this.#asKnown(pin, address);
  }

  async #keepAside(known: Known, log: Log, state: AccountState): Promise<Known> {
    const { address } = known.pin;
    const now = this.#clock.now();
    if (address === this.#own.address) {
      // There is nothing to decide: this device has its identity, whatever a server shows.
      await this.#tellOnce(address, 'alarm', 'another identity');
      return known;
    }
    const pin = await this.#profile.pins.update(address, (current) => {
      if (current === undefined) return undefined;
      if (current.changed !== undefined && startsWith(current.changed.log, log)) return undefined;
      const events: NewEvent[] = [{ type: 'identity', address, change: 'changed', at: now }];
      return { pin: { ...current, changed: { identity: state.identity, log, seenAt: now } }, events };
    });
    return this.#asKnown(pin, address);
  }

  #asKnown(pin: Pin | undefined, address: string): Known {
    if (pin === undefined) throw new Refusal('log_refused', `${address} is not known here.`);
    return { pin, state: this.#stateOf(pin) };
  }

  /** The pinned log was verified before it was pinned: replaying it checks the chain alone. */
  #stateOf(pin: Pin): AccountState {
    const last = pin.log.at(-1)?.entry ?? '';
    const cached = this.#states.get(pin.address);
    if (cached?.last === last) return cached.state;
    const state = replayAccountLog(pin.log.map(decodeSignedEntry), pin.address);
    this.#stateEntries += pin.log.length;
    if (this.#stateEntries > STATES_MAX_ENTRIES) {
      this.#states.clear();
      this.#stateEntries = pin.log.length;
    }
    this.#states.set(pin.address, { last, state });
    return state;
  }
}

/** The devices that a message to this person goes to. Throws Refusal where the person must decide first. */
export function devicesForSending({ pin, state }: Known): LogDevice[] {
  const { address } = pin;
  if (pin.blocked) throw new Refusal('blocked', `${address} is blocked. Unblock them before you write to them.`);
  if (pin.changed !== undefined) {
    throw new Refusal(
      'identity_changed',
      `The identity of ${address} has changed: it may be another person. Compare safety numbers, then accept it with trust.`,
    );
  }
  return activeDevices(state);
}

/** Entries with index ≥ `after`, all pages. Throws RequestError and Unavailable. */
export async function fetchLog(connection: Connection, address: string, after: number): Promise<Log> {
  const entries: Log[number][] = [];
  for (;;) {
    const page = await connection.ask('log.get', { address, after: after + entries.length });
    entries.push(...page.entries);
    if (entries.length > ACCOUNT_LOG_MAX_ENTRIES) throw new RequestError('log_full');
    if (page.entries.length === 0 || after + entries.length >= page.length) return entries;
  }
}
