// What a client says of its person, whom it watches, and what it makes of what it hears; by itself, and as part of a client.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { TYPING_MAX_ADDRESSES, WATCHED_MAX } from '#protocol/limits.ts';
import { PATIENTLY } from '../../test/patience.fixture.ts';
import type { ClientEvent } from './events.ts';
import { Presence } from './presence.ts';
import { AL, atDouble, BO, CY } from './test/at-double.ts';
import type { People, Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

const TEAM = '#team@localhost';

/** A Presence whose profile, time and connections are the test. */
class Alone {
  readonly events: ClientEvent[] = [];
  readonly said: object[] = [];
  readonly blocked = new Set<string>();
  readonly waits: { readonly ms: number; readonly run: () => void }[] = [];
  members: string[] = [AL, BO, CY];
  ended = false;
  visible: boolean | undefined;
  clock = 0;
  /** Thrown once in place of an answer. */
  failure: Error | undefined;
  readonly presence: Presence;

  constructor() {
    const deps = {
      own: { address: AL },
      profile: {
        account: {
          get: async () => (this.visible === undefined ? {} : { visible: this.visible }),
          setVisible: async (visible: boolean) => {
            this.visible = visible;
          },
        },
        pins: { get: async (address: string) => ({ blocked: this.blocked.has(address) }) },
      },
      clock: { now: () => this.clock, monotonic: () => this.clock },
      timers: {
        after: (ms: number, run: () => void) => {
          this.waits.push({ ms, run });
          return () => {};
        },
      },
      emit: (event: ClientEvent) => this.events.push(event),
      groupOf: async (conversation: string) => (conversation === TEAM ? this.#team() : undefined),
      groupNamed: async (name: string) => (`#${name}` === TEAM ? this.#team() : undefined),
    };
    this.presence = new Presence(deps);
  }

  #team() {
    return {
      name: 'team@localhost',
      state: { members: new Map(this.members.map((address) => [address, { address }])) },
      ...(this.ended ? { ended: { how: 'removed' as const, by: BO, at: 0 } } : {}),
    };
  }

  begin({ receive = true } = {}): void {
    const connection = {
      ask: async (type: string, fields: object) => {
        const failure = this.failure;
        this.failure = undefined;
        if (failure) throw failure;
        this.said.push({ type, ...fields });
        return {};
      },
      typing: (to: readonly string[], group?: string) => this.said.push({ type: 'typing', to, group }),
    };
    this.presence.begin(connection, receive);
  }

  /** What was said since the last look, once it says no more. */
  async spoken(): Promise<readonly object[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.said.splice(0);
  }
}

const seen = { type: 'presence.set', visible: true };
const hidden = { type: 'presence.set', visible: false };
const watching = (...addresses: string[]) => ({ type: 'presence.watch', addresses });

describe('a device', () => {
  it('is seen in every session that receives, and in no other', async () => {
    const alone = new Alone();
    alone.begin();
    expect(await alone.spoken()).toEqual([seen]);
    alone.begin({ receive: false });
    expect(await alone.spoken()).toEqual([]);
    await alone.presence.setVisible(true);
    expect(await alone.spoken()).toEqual([]);
    alone.begin();
    expect(await alone.spoken()).toEqual([seen]);
  });

  it('that is hidden says nothing at the beginning, and says what changes', async () => {
    const alone = new Alone();
    await alone.presence.setVisible(false);
    expect(await alone.presence.visible()).toBe(false);
    alone.begin();
    expect(await alone.spoken()).toEqual([]);
    await alone.presence.setVisible(true);
    expect(await alone.spoken()).toEqual([seen]);
    await alone.presence.setVisible(false);
    expect(await alone.spoken()).toEqual([hidden]);
  });
});

describe('whom a client watches', () => {
  it('is said when it changes, and again in every session', async () => {
    const alone = new Alone();
    alone.presence.watch([BO, CY, BO]);
    alone.begin({ receive: false });
    expect(await alone.spoken()).toEqual([watching(BO, CY)]);
    alone.presence.watch([CY, BO]);
    expect(await alone.spoken()).toEqual([]);
    alone.presence.watch([CY]);
    expect(await alone.spoken()).toEqual([watching(CY)]);
    alone.begin({ receive: false });
    expect(await alone.spoken()).toEqual([watching(CY)]);
    alone.presence.watch([]);
    expect(await alone.spoken()).toEqual([watching()]);
    alone.begin({ receive: false });
    expect(await alone.spoken()).toEqual([]);
  });

  it('is said once where it changes often while an answer is awaited, and no more than a server takes', async () => {
    const alone = new Alone();
    alone.begin({ receive: false });
    for (let n = 0; n < 10; n += 1) alone.presence.watch([`u${n}@localhost`]);
    expect(await alone.spoken()).toEqual([watching('u0@localhost'), watching('u9@localhost')]);
    alone.presence.watch(Array.from({ length: WATCHED_MAX + 1 }, (_, n) => `u${n}@localhost`));
    const [last] = (await alone.spoken()) as { addresses: string[] }[]; // the one above
    expect(last?.addresses).toHaveLength(WATCHED_MAX);
    expect(last?.addresses[0]).toBe('u0@localhost');
  });

  it('is said again after a refusal that asks for a wait, and not in a session that is over', async () => {
    const alone = new Alone();
    alone.presence.watch([BO]);
    alone.failure = new RequestError('rate_limited', undefined, 700);
    alone.begin({ receive: false });
    expect(await alone.spoken()).toEqual([]);
    expect(alone.waits.map(({ ms }) => ms)).toEqual([700]);
    alone.waits.pop()?.run();
    expect(await alone.spoken()).toEqual([watching(BO)]);
    alone.failure = new Unavailable('gone');
    alone.presence.watch([CY]);
    expect(await alone.spoken()).toEqual([]);
    expect(alone.waits).toEqual([]);
    expect(alone.events).toEqual([]);
    alone.presence.end();
    alone.presence.watch([BO]);
    expect(await alone.spoken()).toEqual([]);
  });
});

describe('what is heard', () => {
  it('is told when it changes, kept while the session lasts, and nothing of those for whom nobody asked', async () => {
    const alone = new Alone();
    const { presence } = alone;
    presence.watch([BO]);
    alone.begin();
    for (let times = 0; times < 2; times += 1) presence.heard({ type: 'presence', address: BO, online: true });
    presence.heard({ type: 'presence', address: CY, online: true });
    expect(alone.events).toEqual([{ type: 'presence', address: BO, online: true }]);
    expect(presence.of(BO)).toEqual({ online: true });
    expect(presence.of(CY)).toBeUndefined();
    presence.heard({ type: 'presence', address: BO, online: false, lastSeen: 60_000 });
    expect(alone.events.at(-1)).toEqual({ type: 'presence', address: BO, online: false, lastSeen: 60_000 });
    expect(presence.of(BO)).toEqual({ online: false, lastSeen: 60_000 });
    presence.watch([CY]);
    expect(presence.of(BO)).toBeUndefined();
    presence.heard({ type: 'presence', address: CY, online: true });
    presence.end();
    expect(presence.of(CY)).toBeUndefined();
  });

  it('of typing is told of those who are watched, and of nobody who is blocked', async () => {
    const alone = new Alone();
    alone.presence.watch([BO, CY]);
    alone.blocked.add(CY);
    alone.presence.heard({ type: 'typing', from: BO });
    alone.presence.heard({ type: 'typing', from: BO, group: 'team@localhost' });
    alone.presence.heard({ type: 'typing', from: CY });
    alone.presence.heard({ type: 'typing', from: 'di@localhost' });
    await alone.spoken();
    const typing = { type: 'typing', from: BO };
    expect(alone.events).toEqual([typing, { ...typing, group: 'team@localhost' }]);
  });
});

describe('typing in a group', () => {
  it('is shown of those who are in it, as long as this person is', async () => {
    const alone = new Alone();
    alone.presence.watch([BO, 'di@localhost']);
    const typing = { type: 'typing', from: BO, group: 'team@localhost' } as const;
    alone.presence.heard({ ...typing, from: 'di@localhost' });
    alone.presence.heard({ ...typing, group: 'other@localhost' });
    alone.presence.heard(typing);
    await alone.spoken();
    expect(alone.events).toEqual([typing]);
    alone.ended = true;
    alone.presence.heard(typing);
    await alone.spoken();
    expect(alone.events).toEqual([typing]);
  });

  it('is told to nobody any more by who is out of it', async () => {
    const alone = new Alone();
    alone.ended = true;
    alone.begin();
    await alone.spoken();
    alone.presence.typing(TEAM);
    expect(await alone.spoken()).toEqual([]);
  });
});

describe('typing', () => {
  it('is said once in about 3 s for each conversation, in a session that receives', async () => {
    const alone = new Alone();
    alone.presence.typing(BO);
    alone.begin({ receive: false });
    alone.presence.typing(BO);
    expect(await alone.spoken()).toEqual([]);
    alone.begin();
    await alone.spoken();
    for (let times = 0; times < 3; times += 1) for (const one of [BO, CY, TEAM]) alone.presence.typing(one);
    const inGroup = { type: 'typing', to: [BO, CY], group: 'team@localhost' };
    const all = [{ type: 'typing', to: [BO] }, { type: 'typing', to: [CY] }, inGroup];
    expect(await alone.spoken()).toEqual(expect.arrayContaining(all));
    alone.clock += 3_000;
    alone.presence.typing(BO);
    expect(await alone.spoken()).toEqual([]);
    alone.clock += 1_000;
    alone.presence.typing(BO);
    expect(await alone.spoken()).toEqual(all.slice(0, 1));
  });

  it('is not said by a device that is hidden, nor to somebody who is blocked, to oneself, or in no group', async () => {
    const alone = new Alone();
    alone.visible = false;
    alone.begin();
    alone.presence.typing(CY);
    expect(await alone.spoken()).toEqual([]);
    alone.visible = true;
    alone.blocked.add(BO);
    for (const conversation of [BO, AL, '#other@localhost', TEAM]) alone.presence.typing(conversation);
    expect(await alone.spoken()).toEqual([{ type: 'typing', to: [CY], group: 'team@localhost' }]);
  });

  it('in a large group names those who are online before others', async () => {
    const alone = new Alone();
    alone.members = Array.from({ length: 200 }, (_, n) => `u${n}@localhost`);
    alone.presence.watch(alone.members);
    alone.begin();
    alone.presence.heard({ type: 'presence', address: 'u150@localhost', online: true });
    await alone.spoken();
    alone.presence.typing(TEAM);
    const [frame] = (await alone.spoken()) as { to: string[] }[]; // the only one
    expect(frame?.to).toHaveLength(TYPING_MAX_ADDRESSES);
    expect(frame?.to[0]).toBe('u150@localhost');
  });
});

describe('in a client', () => {
  let server: ServerDouble;
  let people: People;
  let al: Person;
  beforeEach(async () => {
    ({ server, people } = await atDouble());
    al = await people.signUp('al');
  });
  /** Without their numbers. */
  const asked = () => server.presence.map((frame) => ({ ...frame, id: undefined }));

  it('what others see, whom it watches and what it hears come through, again after a reconnect', async () => {
    al.client.presence.watch([BO]);
    await al.online();
    await vi.waitUntil(() => server.presence.length === 2, PATIENTLY);
    expect(asked()).toEqual(expect.arrayContaining([seen, watching(BO)]));
    server.push(AL, { type: 'presence', address: BO, online: false, lastSeen: 60_000 });
    server.push(AL, { type: 'typing', from: BO });
    await al.until(() => al.of('typing').length > 0);
    expect(al.of('presence')).toEqual([{ type: 'presence', address: BO, online: false, lastSeen: 60_000 }]);
    expect(al.client.presence.of(BO)).toEqual({ online: false, lastSeen: 60_000 });
    al.client.typing(BO);
    await vi.waitUntil(() => server.presence.length === 3, PATIENTLY);
    expect(server.presence.at(-1)).toEqual({ type: 'typing', to: [BO] });
    server.dropAll();
    await vi.waitUntil(() => server.presence.length === 5, PATIENTLY);
    expect(al.client.presence.of(BO)).toBeUndefined();
    expect(asked().slice(3)).toEqual(expect.arrayContaining([seen, watching(BO)]));
  });

  it('the choice to be hidden is kept by the device', async () => {
    await al.client.presence.setVisible(false);
    await al.client.close();
    const again = await people.reopen(al);
    expect(await again.client.presence.visible()).toBe(false);
    await again.online();
    await again.client.presence.setVisible(true);
    await vi.waitUntil(() => server.presence.length === 1, PATIENTLY);
    expect(asked()).toEqual([seen]);
  });

  it('a server that refuses is asked again', async () => {
    let refusals = 2;
    server.lies.refusePresence = () => {
      refusals -= 1;
      return refusals < 0 ? undefined : 'rate_limited';
    };
    await al.online();
    await vi.waitUntil(() => server.presence.length === 3, PATIENTLY);
    expect(al.of('trouble')).toEqual([]);
  });
});
