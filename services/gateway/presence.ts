// Presence and typing, this gateway's part. Each gateway knows its own sessions, and asks the others by signals about those whom its own sessions watch:
// at once, and again every 15 s, because signals may be lost and a gateway that crashes says nothing. Whoever has such a session says so, and each gateway
// says when the first one of a person begins or the last one ends. It is kept by gateway, so who is at two of them is there until both said otherwise, or
// were silent for 40 s. Nobody keeps presence in a store: but for the minute in which a person was last seen, it may be lost with the process.
import { encodeBase64 } from '#protocol/base64.ts';
import { type InboxMessage, SIGNAL_ADDRESSES_MAX, type Signal, type SignalOf } from '#protocol/commands.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { TYPING_INTERVAL_MS } from '#protocol/limits.ts';
import type { Bus } from '#runtime/bus/bus.ts';
import type { Metrics } from '#runtime/metrics.ts';
import type { Signals } from '#runtime/signals.ts';
import { Visible } from './presence-visible.ts';
import { type Onlooker, Watching } from './presence-watching.ts';

/** Two of these may be lost before somebody who is there counts as gone. */
const ASK_INTERVAL_MS = 15_000;
/** Conversations that one session may type in at a time. */
const TYPED_MAX = 32;
const NAME_BYTES = 12;

export type PresenceDeps = {
  readonly bus: Pick<Bus, 'inbox' | 'tell'>;
  readonly signals: Signals;
  readonly metrics: Pick<Metrics, 'gauge'>;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
  readonly monotonic: () => number;
};

type PresenceSignal = Exclude<Signal, SignalOf<'revoked'>>;

export class Presence {
  readonly #deps: PresenceDeps;
  /** By which the others know this gateway: a new one at each start. */
  readonly #name: string;
  readonly #visible = new Visible<Onlooker>();
  readonly #watching: Watching;
  /** session → conversation → when it was typed in last; monotonic. */
  readonly #typed = new WeakMap<Onlooker, Map<string, number>>();
  /** What is said to the other gateways at the end of this tick: who is here or not any more, and who is asked for. */
  readonly #news = new Map<string, boolean>();
  readonly #asks = new Set<string>();
  #saying = false;
  #askAt: number;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
    this.#name = encodeBase64(deps.random(NAME_BYTES));
    this.#askAt = deps.monotonic() + ASK_INTERVAL_MS;
    this.#watching = new Watching({
      isHere: (address) => this.#visible.has(address),
      askLastSeen: (address) => this.#tell(address, { type: 'seen.ask', inbox: deps.bus.inbox }),
      time: () => ({ now: deps.now(), monotonic: deps.monotonic() }),
    });
    deps.metrics.gauge('parley_persons_seen', 'Persons with a session that others may see', () => this.#visible.size);
    deps.metrics.gauge('parley_persons_watched', 'Persons whose presence is watched', () => this.#watching.size);
  }

  /** Whether others may see this session. */
  set(session: Onlooker, address: string, visible: boolean): void {
    if (visible) {
      if (this.#visible.add(address, session, this.#deps.monotonic())) this.#changed(address, true);
    } else if (this.#visible.remove(address, session)) {
      this.#tell(address, { type: 'seen' });
      this.#changed(address, false);
    }
  }

  /** Whether this session may watch so many. */
  hasRoom(session: Onlooker, count: number): boolean {
    return this.#watching.hasRoom(session, count);
  }

  /** Whom this session watches from now on. */
  watch(session: Onlooker, addresses: readonly string[]): void {
    for (const address of this.#watching.watch(session, addresses)) this.#asks.add(address);
    this.#sayLater();
  }

  /** Passes on that somebody types, if others may see their session; not again within 3 s in a conversation. */
  typing(session: Onlooker, from: string, { to, group }: ClientFrameOf<'typing'>): void {
    if (!this.#visible.hasSession(from, session) || !this.#mayType(session, group ?? to.join(' '))) return;
    this.#deps.signals.send({ type: 'typing', from, to, ...(group === undefined ? {} : { group }) });
  }

  /** The session is over. */
  forget(session: Onlooker, address: string): void {
    this.#watching.forget(session);
    this.set(session, address, false);
  }

  hear(signal: PresenceSignal): void {
    switch (signal.type) {
      case 'presence':
        if (signal.gateway === this.#name) return; // this gateway knows better
        for (const address of signal.here) this.#watching.heard(signal.gateway, address, true);
        for (const address of signal.gone) this.#watching.heard(signal.gateway, address, false);
        return;
      case 'presence.ask':
        if (signal.gateway === this.#name) return;
        for (const address of signal.addresses) if (this.#visible.has(address)) this.#news.set(address, true);
        return this.#sayLater();
      case 'typing':
        return this.#showTyping(signal);
    }
  }

  /** A mailbox says when its user was last seen. */
  seen({ address, at }: Extract<InboxMessage, { type: 'seen' }>): void {
    this.#watching.seen(address, at);
  }

  /** To be called every second. */
  look(): void {
    const now = this.#deps.monotonic();
    this.#watching.look();
    for (const address of this.#visible.due(now)) this.#tell(address, { type: 'seen' });
    if (now < this.#askAt) return;
    this.#askAt = now + ASK_INTERVAL_MS;
    for (const address of this.#watching.addresses) this.#asks.add(address);
    this.#sayLater();
  }

  /** Says to the other gateways what is to be said; else that happens at the end of the tick. */
  say(): void {
    this.#saying = false;
    const [gateway, { signals }] = [this.#name, this.#deps];
    for (const part of parts([...this.#news])) {
      const [here, gone] = [part.filter(([, is]) => is), part.filter(([, is]) => !is)];
      signals.send({ type: 'presence', gateway, here: here.map(([one]) => one), gone: gone.map(([one]) => one) });
    }
    for (const addresses of parts([...this.#asks])) signals.send({ type: 'presence.ask', gateway, addresses });
    this.#news.clear();
    this.#asks.clear();
  }

  #changed(address: string, here: boolean): void {
    this.#news.set(address, here);
    this.#sayLater();
    this.#watching.refresh(address);
  }

  #sayLater(): void {
    if (this.#saying || (this.#news.size === 0 && this.#asks.size === 0)) return;
    this.#saying = true;
    setImmediate(() => {
      if (this.#saying) this.say();
    });
  }

  #mayType(session: Onlooker, conversation: string): boolean {
    const now = this.#deps.monotonic();
    const typed = this.#typed.get(session) ?? new Map<string, number>();
    this.#typed.set(session, typed);
    for (const [one, at] of typed) if (now - at >= TYPING_INTERVAL_MS) typed.delete(one);
    if (typed.has(conversation) || typed.size >= TYPED_MAX) return false;
    typed.set(conversation, now);
    return true;
  }

  #showTyping({ from, to, group }: SignalOf<'typing'>): void {
    for (const onlooker of this.#watching.of(from)) {
      if (!onlooker.session || !to.includes(onlooker.session.address)) continue;
      onlooker.show({ type: 'typing', from, ...(group === undefined ? {} : { group }) });
    }
  }

  #tell(address: string, command: { type: 'seen' } | { type: 'seen.ask'; inbox: string }): void {
    this.#deps.bus.tell({ kind: 'mailbox', key: address, command });
  }
}

/** The list in parts that one signal takes. */
function parts<T>(list: readonly T[]): readonly T[][] {
  const count = Math.ceil(list.length / SIGNAL_ADDRESSES_MAX);
  return Array.from({ length: count }, (_, n) => list.slice(n * SIGNAL_ADDRESSES_MAX, (n + 1) * SIGNAL_ADDRESSES_MAX));
}
