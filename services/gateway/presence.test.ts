// Who is told of whom, when, and how often, by one gateway and by several that share signals. The mailboxes are the test.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE } from '#protocol/close-codes.ts';
import { SIGNAL_ADDRESSES_MAX, type Signal, type SignalOf } from '#protocol/commands.ts';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { HEARTBEAT_TIMEOUT_MS, SECOND_MS, TYPING_INTERVAL_MS, WATCHED_MAX } from '#protocol/limits.ts';
import { LocalSignals } from '#runtime/signals.ts';
import { PATIENTLY } from '../../test/patience.fixture.ts';
import { Wire } from '../../test/wire.fixture.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';
import { Gateway } from './gateway.fixture.ts';
import { CONFIRM_PATIENCE_MS, CONFIRMED_MAX_MS } from './presence-person.ts';
import { SEEN_NOTE_INTERVAL_MS } from './presence-visible.ts';

const START = 1_800_000_000_000; // of the gateways' clocks, on a minute
const al = new WirePerson('al@localhost');
const bo = new WirePerson('bo@localhost');
const cy = new WirePerson('cy@localhost');

let signals: LocalSignals;
let said: Signal[];
let wires: Wire[];
let one: Gateway;
let two: Gateway;
beforeEach(async () => {
  signals = new LocalSignals();
  said = [];
  wires = [];
  signals.onSignal((signal) => said.push(signal));
  one = await Gateway.start(signals);
  two = await Gateway.start(signals);
});
afterEach(async () => {
  await one.stop();
  await two.stop();
});

/** Lets so many seconds pass, one after the other; clients show signs of life meanwhile. */
async function pass(seconds: number): Promise<void> {
  for (let n = 1; n <= seconds; n += 1) {
    one.clock += SECOND_MS;
    two.clock += SECOND_MS;
    vi.advanceTimersByTime(SECOND_MS); // the timers of both
    if (n % 10 > 0) continue;
    const open = wires.filter(({ websocket }) => websocket.readyState === WebSocket.OPEN);
    await Promise.all(open.map((wire) => wire.ok({ type: 'ping' })));
  }
}
async function session(gateway: Gateway, person: WirePerson, receive = false): Promise<Wire> {
  const wire = await gateway.session(person, receive);
  wires.push(wire);
  return wire;
}
const see = (wire: Wire, visible = true) => wire.ok({ type: 'presence.set', visible });
const watch = (wire: Wire, ...who: WirePerson[]) =>
  wire.ok({ type: 'presence.watch', addresses: who.map(({ address }) => address) });
const told = async (wire: Wire): Promise<Omit<ServerFrameOf<'presence'>, 'type'>> => {
  const { type: _type, ...state } = await wire.take('presence');
  return state;
};
/** What was pushed and not looked at, once all that is under way has come. */
async function untaken(wire: Wire): Promise<readonly string[]> {
  for (let times = 0; times < 3; times += 1) await wire.ok({ type: 'ping' });
  return wire.frames.map(({ type }) => type);
}
async function visible(gateway: Gateway, person: WirePerson): Promise<Wire> {
  const wire = await session(gateway, person, true);
  await see(wire);
  return wire;
}
const commands = (gateway: Gateway, type: 'seen' | 'seen.ask') => gateway.bus.others.filter((one) => one.type === type);
const answerSeen = (gateway: Gateway, at?: number) =>
  gateway.bus.send('held', { type: 'seen', address: bo.address, ...(at === undefined ? {} : { at }) });

describe('presence', () => {
  test('is told to whom asked, and to nobody else; a session is unseen until it says otherwise', async () => {
    const watcher = await session(one, al);
    const other = await session(one, cy, true);
    await watch(watcher, bo);
    const wire = await session(one, bo, true);
    expect(await untaken(watcher)).toEqual([]);
    await see(wire);
    expect(await told(watcher)).toEqual({ address: bo.address, online: true });
    await pass(90);
    await see(wire, false);
    expect(await told(watcher)).toEqual({ address: bo.address, online: false, lastSeen: START + 60_000 });
    await see(wire);
    await pass(1);
    expect(await told(watcher)).toEqual({ address: bo.address, online: true });
    await pass(1);
    await wire.close();
    expect(await told(watcher)).toMatchObject({ online: false });
    expect(await untaken(other)).toEqual([]);
  });

  test('of those whom a session watches in place of others, and of no others', async () => {
    const watcher = await session(one, al);
    const wire = await visible(one, bo);
    await watch(watcher, bo);
    expect(await told(watcher)).toEqual({ address: bo.address, online: true });
    await watch(watcher, bo, cy);
    expect(await untaken(watcher)).toEqual([]);
    await watch(watcher, cy);
    await wire.close();
    await visible(two, cy);
    expect(await told(watcher)).toEqual({ address: cy.address, online: true });
    expect(await untaken(watcher)).toEqual([]);
  });

  test('of so many persons at most for the sessions of an account together, whoever has many sessions', async () => {
    const many = (n: number) =>
      Array.from({ length: 2_048 }, (_, k) => `u${n}.${k}${bo.address.slice(bo.address.indexOf('@'))}`);
    const ask = (wire: Wire, n: number) => wire.request({ type: 'presence.watch', addresses: many(n) });
    const all: Wire[] = [];
    for (let n = 0; n < 8; n += 1) {
      const wire = await session(one, al);
      all.push(wire);
      expect(await ask(wire, n)).toMatchObject({ type: 'ok' });
    }
    const ninth = await session(one, al);
    expect(await ask(ninth, 8)).toMatchObject({ type: 'error', code: 'rate_limited' });
    await all[0]?.close();
    await vi.waitUntil(async () => (await one.measured('parley_persons_watched')) === 7 * 2_048, PATIENTLY);
    await watch(ninth, bo);
  });

  test('is heard from other gateways at once, with nobody asking again', async () => {
    const watcher = await session(one, al);
    const early = await visible(two, cy);
    await watch(watcher, bo, cy);
    expect(await told(watcher)).toEqual({ address: cy.address, online: true });
    const wire = await visible(two, bo);
    expect(await told(watcher)).toEqual({ address: bo.address, online: true });
    await pass(1);
    await early.close();
    expect(await told(watcher)).toEqual({ address: cy.address, online: false, lastSeen: START });
    await wire.close();
    expect(await told(watcher)).toMatchObject({ address: bo.address, online: false });
  });

  test('lasts while there is a session that may be seen at any gateway', async () => {
    const watcher = await session(one, al);
    const three = [await visible(one, bo), await visible(two, bo), await visible(two, bo)];
    await watch(watcher, bo);
    expect(await told(watcher)).toMatchObject({ online: true });
    await pass(5);
    for (const wire of three) {
      expect(await untaken(watcher)).toEqual([]);
      await wire.close();
    }
    expect(await told(watcher)).toMatchObject({ online: false });
  });

  test('of a gateway that says nothing any more is over after 40 s, and was last seen when it was last heard', async () => {
    const watcher = await session(one, al);
    await watch(watcher, bo);
    const here = () => signals.send({ type: 'presence', gateway: 'ghost', here: [bo.address], gone: [] });
    here();
    expect(await told(watcher)).toMatchObject({ online: true });
    await pass(30);
    here();
    await pass(CONFIRMED_MAX_MS / SECOND_MS - 1);
    expect(await untaken(watcher)).toEqual([]);
    await pass(1);
    expect(await told(watcher)).toEqual({ address: bo.address, online: false, lastSeen: START });
    expect(CONFIRMED_MAX_MS).toBeLessThan(45_000);
  });

  test('is asked for again every 15 s, so that who is there stays so and lost signals harm little', async () => {
    const watcher = await session(one, al);
    await visible(two, bo);
    await watch(watcher, bo);
    expect(await told(watcher)).toMatchObject({ online: true });
    said.length = 0;
    for (let round = 0; round < 6; round += 1) {
      await pass(15);
      await vi.waitUntil(() => said.filter(({ type }) => type === 'presence').length === round + 1, PATIENTLY);
    }
    expect(await untaken(watcher)).toEqual([]);
    expect(said.filter(({ type }) => type === 'presence.ask')).toHaveLength(6);
  });

  test('of many is asked for in signals of limited length', async () => {
    const watcher = await session(one, al);
    const addresses = Array.from({ length: SIGNAL_ADDRESSES_MAX + 1 }, (_, n) => `u${n}@localhost`);
    await watcher.ok({ type: 'presence.watch', addresses });
    const asks = () => said.filter((signal): signal is SignalOf<'presence.ask'> => signal.type === 'presence.ask');
    await vi.waitUntil(() => asks().length === 2, PATIENTLY);
    expect(asks().map((ask) => ask.addresses.length)).toEqual([SIGNAL_ADDRESSES_MAX, 1]);
    expect(asks().flatMap((ask) => ask.addresses)).toEqual(addresses);
  });

  test('of somebody who comes and goes costs a push a second, and the last one is the truth', async () => {
    const watcher = await session(one, al);
    await watch(watcher, bo);
    const wire = await session(one, bo, true);
    const pushes = () => watcher.seen.filter(({ type }) => type === 'presence').length;
    for (let second = 1; second <= 3; second += 1) {
      for (let times = 0; times < 20; times += 1) await see(wire, times % 2 === second % 2);
      expect(await untaken(watcher)).toHaveLength(pushes());
      expect(pushes()).toBe(second);
      await pass(1);
    }
    await see(wire, true);
    await pass(1);
    await untaken(watcher);
    expect(watcher.seen.filter(({ type }) => type === 'presence').at(-1)).toMatchObject({ online: true });
    expect(pushes()).toBeLessThanOrEqual(5);
  });

  test('of a client that crashed is over within 45 s', async () => {
    const watcher = await session(one, al);
    const crashed = await visible(two, bo);
    await watch(watcher, bo);
    expect(await told(watcher)).toMatchObject({ online: true });
    wires.splice(wires.indexOf(crashed), 1);
    crashed.websocket.pause(); // it answers no ping any more
    await pass(HEARTBEAT_TIMEOUT_MS / SECOND_MS);
    expect(await told(watcher)).toMatchObject({ online: false });
    crashed.websocket.terminate();
  });

  test('ends for the others with the gateway', async () => {
    const watcher = await session(one, al);
    await visible(two, bo);
    await watch(watcher, bo);
    expect(await told(watcher)).toMatchObject({ online: true });
    await pass(1);
    await two.stop();
    expect(await told(watcher)).toMatchObject({ online: false });
  });

  test('is forgotten with the sessions that watched or were seen', async () => {
    const [watcher, wire] = [await session(one, al), await visible(one, bo)];
    await watch(watcher, bo, cy);
    expect(await one.measured('parley_persons_watched')).toBe(2);
    expect(await one.measured('parley_persons_seen')).toBe(1);
    await Promise.all([watcher.close(), wire.close()]);
    await vi.waitUntil(async () => (await one.measured('parley_persons_watched')) === 0, PATIENTLY);
    await vi.waitUntil(async () => (await one.measured('parley_persons_seen')) === 0, PATIENTLY);
  });

  test('pushes are none of the mailbox: the detach of such a session still goes behind its attach', async () => {
    await visible(one, bo);
    const watcher = await session(one, al, true);
    await watch(watcher, bo);
    await told(watcher);
    one.bus.published.length = 0;
    await watcher.close();
    await vi.waitUntil(() => one.bus.published.some(({ command: { type } }) => type === 'detach'), PATIENTLY);
  });
});

describe('when somebody was last seen', () => {
  test('is asked of the mailbox once nobody has confirmed them, once, and told with the first state', async () => {
    const watcher = await session(one, al);
    await watch(watcher, bo);
    expect(commands(one, 'seen.ask')).toEqual([]);
    await pass(CONFIRM_PATIENCE_MS / SECOND_MS + 2);
    expect(commands(one, 'seen.ask')).toEqual([{ type: 'seen.ask', inbox: 'held' }]);
    expect(await untaken(watcher)).toEqual([]);
    answerSeen(one, 60_000);
    expect(await told(watcher)).toEqual({ address: bo.address, online: false, lastSeen: 60_000 });
    const second = await session(one, cy);
    await watch(second, bo);
    expect(await told(second)).toEqual({ address: bo.address, online: false, lastSeen: 60_000 });
    expect(commands(one, 'seen.ask')).toHaveLength(1);
  });

  test('is not waited for: without an answer they are not there; one that comes late is told', async () => {
    const watcher = await session(one, al);
    await watch(watcher, bo);
    await pass(5);
    expect(await told(watcher)).toEqual({ address: bo.address, online: false });
    await pass(1);
    answerSeen(one, 120_000);
    expect(await told(watcher)).toEqual({ address: bo.address, online: false, lastSeen: 120_000 });
  });

  test('is not known of somebody who never was; and no answer undoes what a gateway says', async () => {
    const watcher = await session(one, al);
    await watch(watcher, bo);
    await pass(1);
    answerSeen(one);
    expect(await told(watcher)).toEqual({ address: bo.address, online: false });
    await pass(1);
    await visible(two, bo);
    expect(await told(watcher)).toEqual({ address: bo.address, online: true });
    answerSeen(one, 60_000);
    await pass(2);
    expect(await untaken(watcher)).toEqual([]);
  });

  test('is noted at the end of the last session that was seen, and every 10 minutes while it lasts', async () => {
    const [first, last] = [await visible(one, bo), await visible(one, bo)];
    await first.close();
    await pass(SEEN_NOTE_INTERVAL_MS / SECOND_MS - 1);
    expect(commands(one, 'seen')).toEqual([]);
    await pass(1);
    expect(commands(one, 'seen')).toHaveLength(1);
    await pass(SEEN_NOTE_INTERVAL_MS / SECOND_MS);
    expect(commands(one, 'seen')).toHaveLength(2);
    await last.close();
    await vi.waitUntil(() => commands(one, 'seen').length === 3, PATIENTLY);
    expect(commands(two, 'seen')).toEqual([]);
  });

  test('is noted when a session is hidden, and never of one that was not seen', async () => {
    const unseen = await session(one, cy, true);
    await unseen.close();
    const wire = await visible(one, bo);
    await see(wire, false);
    await wire.close();
    await vi.waitUntil(() => one.bus.others.filter(({ type }) => type === 'detach').length === 2, PATIENTLY);
    expect(commands(one, 'seen')).toHaveLength(1);
  });
});

describe('typing', () => {
  const typing = (wire: Wire, to: readonly WirePerson[], group?: string) =>
    wire.send({ type: 'typing', to: to.map(({ address }) => address), ...(group === undefined ? {} : { group }) });

  test('reaches those whom it names and who watch, at every gateway', async () => {
    const wire = await visible(one, bo);
    const watchers = [await session(one, al), await session(two, al)];
    const unnamed = await session(two, cy);
    const deaf = await session(one, al);
    for (const watcher of [...watchers, unnamed]) await watch(watcher, bo);
    typing(wire, [al]);
    for (const watcher of watchers) expect(await watcher.take('typing')).toEqual({ type: 'typing', from: bo.address });
    typing(wire, [al, cy], 'team@localhost');
    const frame = { type: 'typing', from: bo.address, group: 'team@localhost' };
    for (const watcher of [...watchers, unnamed]) expect(await watcher.take('typing')).toEqual(frame);
    expect(await untaken(deaf)).toEqual([]);
  });

  test('of a session that is unseen reaches nobody, although another one of the person is seen', async () => {
    const wire = await visible(one, bo);
    const hidden = await session(one, bo, true);
    const watcher = await session(one, al);
    await watch(watcher, bo);
    await told(watcher);
    typing(hidden, [al]);
    await hidden.ok({ type: 'ping' });
    await see(wire, false);
    typing(wire, [al]);
    await wire.ok({ type: 'ping' });
    expect(await untaken(watcher)).toEqual([]);
    expect(said.filter(({ type }) => type === 'typing')).toEqual([]);
  });

  test('is passed on once in 3 s for each conversation, and of a limited number of them', async () => {
    const wire = await visible(one, bo);
    const passed = async () => {
      await wire.ok({ type: 'ping' });
      return said.filter(({ type }) => type === 'typing').length;
    };
    for (let times = 0; times < 5; times += 1) {
      typing(wire, [al]);
      typing(wire, [cy]);
      typing(wire, [al], 'team@localhost');
    }
    expect(await passed()).toBe(3);
    await pass(TYPING_INTERVAL_MS / SECOND_MS);
    typing(wire, [al]);
    expect(await passed()).toBe(4);
    for (let n = 0; n < 100; n += 1) typing(wire, [al], `g${n}@localhost`);
    expect(await passed()).toBe(3 + 32);
  });

  test('outside a session is none of the protocol', async () => {
    const wire = await Wire.open(one.url);
    typing(wire, [al]);
    expect(await wire.closed).toEqual(CLOSE.protocolError);
  });
});

describe('requests', () => {
  test('name persons of this domain only', async () => {
    const wire = await session(one, al);
    const addresses = ['bo@localhost', 'bo@elsewhere.org'];
    expect(await wire.refusal({ type: 'presence.watch', addresses })).toBe('remote_domain');
  });

  test('are limited by whom they name', async () => {
    const wire = await session(one, al);
    const addresses = Array.from({ length: WATCHED_MAX }, (_, n) => `u${n}@localhost`);
    const answers = [];
    for (let times = 0; times < 10; times += 1) answers.push(await wire.request({ type: 'presence.watch', addresses }));
    expect(answers.filter(({ type }) => type === 'ok')).toHaveLength(9);
    expect(answers.at(-1)).toMatchObject({ code: 'rate_limited', retry: true });
  });

  test('of a connection that ended meanwhile have no effect', async () => {
    const wire = await session(one, bo, true);
    wire.send({ type: 'presence.set', id: wire.nextId(), visible: true });
    wire.send({ type: 'presence.watch', id: wire.nextId(), addresses: [al.address] });
    await wire.close();
    await vi.waitUntil(() => one.bus.others.some(({ type }) => type === 'detach'), PATIENTLY);
    expect(await one.measured('parley_persons_seen')).toBe(0);
    expect(await one.measured('parley_persons_watched')).toBe(0);
  });
});
