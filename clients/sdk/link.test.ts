import { beforeEach, describe, expect, it } from 'vitest';
import { RequestError } from '#protocol/errors.ts';
import { Link, type LinkState } from './link.ts';
import { ProfileError } from './profile/profile.ts';
import { FakeTime, type FakeWire, fakeTransport, settle } from './test/wires.ts';

let time: FakeTime;
let states: LinkState[];
let signIns: (() => Promise<void>)[];

beforeEach(() => {
  time = new FakeTime();
  states = [];
  signIns = [];
});

/** `random` at 255 makes every jitter its longest. */
function link(servers: string[], random = 255): { link: Link; wires: FakeWire[] } {
  const { transport, wires } = fakeTransport();
  const made = new Link(
    servers,
    { transport, clock: time, timers: time, random: (n) => new Uint8Array(n).fill(random) },
    {
      signIn: () => (signIns.shift() ?? (() => Promise.resolve()))(),
      push: () => {},
      changed: (state) => void states.push(state),
    },
  );
  return { link: made, wires };
}

const last = () => states.at(-1);

async function online(wires: FakeWire[]): Promise<FakeWire> {
  const wire = wires.at(-1);
  if (wire === undefined) throw new Error('no connection was tried');
  wire.challenge();
  await settle();
  expect(last()?.type).toBe('online');
  return wire;
}

describe('a link', () => {
  it('comes back after a lost connection, to another server, and says when', async () => {
    const { link: it, wires } = link(['ws://a', 'ws://b'], 0);
    it.start();
    const first = await online(wires);
    expect(first.url).toBe('ws://a');
    first.drop(4001, 'This server is going away.');
    expect(last()).toEqual({ type: 'reconnecting', seconds: 0, reason: 'This server is going away.' });
    time.pass(0);
    expect(wires.at(-1)?.url).toBe('ws://b');
    await online(wires);
    expect((await it.online()).url).toBe('ws://b');
  });

  it('waits longer each time, up to half a minute, and begins anew after a session that lasted', async () => {
    const { link: it, wires } = link(['ws://a']);
    it.start();
    const waits: number[] = [];
    for (let round = 0; round < 9; round++) {
      wires.at(-1)?.drop(1006, 'connect ECONNREFUSED');
      await settle();
      const state = last();
      if (state?.type !== 'reconnecting') throw new Error(`it is ${state?.type}`);
      waits.push(state.seconds);
      time.pass(state.seconds * 1000);
    }
    expect(waits).toEqual([1, 1, 2, 4, 8, 16, 30, 30, 30]);
    const wire = await online(wires);
    time.pass(12_000);
    wire.drop(1006);
    expect(last()).toMatchObject({ type: 'reconnecting', seconds: 1 });
  });

  it.each([4200, 4201, 4202, 4203, 4204, 4299])('stops at close code %i', async (code) => {
    const { link: it, wires } = link(['ws://a']);
    it.start();
    (await online(wires)).drop(code, 'sentence');
    expect(last()).toEqual({ type: 'stopped', code, reason: 'sentence' });
    await expect(it.online()).rejects.toThrow('sentence');
    time.pass(1_000_000);
    expect(wires).toHaveLength(1);
  });

  it.each([1000, 1006, 1011, 4000, 4050, 4099, 4100, 4150, 4300, 4999])(
    'connects again after close code %i',
    async (code) => {
      const { link: it, wires } = link(['ws://a']);
      it.start();
      (await online(wires)).drop(code);
      expect(last()?.type).toBe('reconnecting');
      time.pass(1_000);
      await online(wires);
    },
  );

  it('signs in again at the same server where only the session was the matter', async () => {
    const { link: it, wires } = link(['ws://a', 'ws://b'], 0);
    it.start();
    (await online(wires)).drop(4100);
    time.pass(0);
    expect(wires.at(-1)?.url).toBe('ws://a');
  });

  it('stops when the server refuses the device for good', async () => {
    signIns = [() => Promise.reject(new RequestError('device_revoked'))];
    const { link: it, wires } = link(['ws://a']);
    it.start();
    const waiting = it.online();
    wires[0]?.challenge();
    await expect(waiting).rejects.toThrow('revoked');
    expect(last()).toMatchObject({ type: 'stopped', code: 'device_revoked' });
    expect(wires[0]?.ended).toBe('closed');
  });

  it.each(['busy', 'no_space'] as const)(
    'tries again where the profile is kept from being written for a while: %s',
    async (problem) => {
      signIns = [() => Promise.reject(new ProfileError(problem, 'Not now.'))];
      const { link: it, wires } = link(['ws://a'], 0);
      it.start();
      wires[0]?.challenge();
      await settle();
      expect(last()).toMatchObject({ type: 'reconnecting', reason: 'Not now.' });
      time.pass(0);
      await online(wires);
    },
  );

  it('waits as long as a refusal asks for', async () => {
    signIns = [() => Promise.reject(new RequestError('too_many_tries', undefined, 60_000))];
    const { link: it, wires } = link(['ws://a'], 0);
    it.start();
    wires[0]?.challenge();
    await settle();
    expect(last()).toMatchObject({ type: 'reconnecting', seconds: 60 });
    time.pass(59_999);
    expect(wires).toHaveLength(1);
    time.pass(1);
    await online(wires);
  });

  it('ends its connection and starts none when stopped, at whatever moment', async () => {
    const { link: it, wires } = link(['ws://a']);
    it.start();
    await settle();
    it.stop();
    wires[0]?.challenge();
    await settle();
    expect(wires[0]?.ended).toBe('closed');
    expect(last()?.type).toBe('stopped');
    time.pass(1_000_000);
    expect(wires).toHaveLength(1);
  });
});
