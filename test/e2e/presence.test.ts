// Who is online, last seen and typing, as people have it of each other: each at a gateway of their own where there are several.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ServerFrameOf } from '#protocol/frames/server.ts';
import { LAST_SEEN_GRAIN_MS } from '#protocol/limits.ts';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { describeInBothModes } from '../modes.fixture.ts';
import { describeOnAll } from '../services.fixture.ts';
import { StackProcesses } from '../stack.fixture.ts';
import type { Wire } from '../wire.fixture.ts';
import { WirePerson } from '../wire-person.fixture.ts';

const OPTIONS = ['--rate-factor', '100'];
/** What is promised of a gateway that crashed. */
const GONE_MAX_MS = 45_000;
const START_MAX_MS = 120_000;
const RESTART_MAX_MS = 240_000;

const minute = (at: number) => at - (at % LAST_SEEN_GRAIN_MS);

describeInBothModes((start) => {
  let server: Deployment;
  let people: People;
  let al: Person;
  let bo: Person;
  /** New names for each test: one server serves all of them. */
  let round = 0;
  let BO: string;

  beforeAll(async () => {
    server = await start(OPTIONS);
  }, START_MAX_MS);

  afterAll(async () => {
    await server.remove();
  });

  beforeEach(async () => {
    round += 1;
    BO = `bo${round}@localhost`;
    people = new People(server.urls);
    al = await people.signUp(`al${round}`);
    bo = await people.signUp(`bo${round}`);
    await at(al, 'first');
    al.client.presence.watch([BO]);
    await at(bo, 'last');
  });

  afterEach(async () => {
    await people.end();
  });

  /** Online at the first gateway, or at the last: in one process it is the same. */
  async function at(person: Person, which: 'first' | 'last'): Promise<void> {
    await person.client.setServers([server.urls.at(which === 'first' ? 0 : -1) ?? server.url]);
    await person.online();
  }
  const isOnline = (person: Person, online: boolean) => person.client.presence.of(BO)?.online === online;

  it('who comes, hides, shows up again and leaves is told to whom asked, and to nobody else', async () => {
    await al.until((person) => isOnline(person, true));
    const cy = await people.signUp(`cy${round}`);
    await cy.online();
    await bo.client.presence.setVisible(false);
    await al.until((person) => isOnline(person, false));
    await bo.client.presence.setVisible(true);
    await al.until((person) => isOnline(person, true));
    const before = minute(Date.now());
    await bo.client.close();
    await al.until((person) => isOnline(person, false));
    expect(al.client.presence.of(BO)?.lastSeen).toBeGreaterThanOrEqual(before);
    expect(cy.of('presence')).toEqual([]);
  });

  it('who has two devices is there until both are gone', async () => {
    await al.until((person) => isOnline(person, true));
    // Where it takes a second until somebody is there, who watches is told that they are not, first.
    const before = al.of('presence').length;
    const second = await people.logIn(`bo${round}`);
    await at(second, 'first');
    second.client.presence.watch([BO]);
    await second.until((person) => isOnline(person, true));
    await bo.client.close();
    const third = await people.logIn(`bo${round}`);
    await at(third, 'last');
    third.client.presence.watch([BO]);
    await third.until((person) => isOnline(person, true));
    expect(al.of('presence').slice(before)).toEqual([]);
    await Promise.all([second.client.close(), third.client.close()]);
    await al.until((person) => isOnline(person, false));
  });

  it('typing is shown to whom it is for', async () => {
    await al.until((person) => isOnline(person, true));
    bo.client.typing(al.client.account.address);
    await al.until((person) => person.of('typing').length > 0);
    expect(al.of('typing')).toEqual([{ type: 'typing', from: BO }]);
    expect(bo.of('typing')).toEqual([]);
  });

  it(
    'when somebody was last seen is known after a restart of the server; of who was hidden it is not',
    async () => {
      const hidden = await people.signUp(`cy${round}`);
      await hidden.client.presence.setVisible(false);
      await hidden.online();
      await al.until((person) => isOnline(person, true));
      const before = minute(Date.now());
      await Promise.all([bo.client.close(), hidden.client.close()]);
      await al.until((person) => isOnline(person, false));
      await server.stop();
      await server.restart();
      await al.client.close();
      const again = await people.reopen(al);
      const cy = hidden.client.account.address;
      again.client.presence.watch([BO, cy]);
      await again.online();
      await again.until(({ client: { presence } }) => Boolean(presence.of(BO) && presence.of(cy)));
      expect(again.client.presence.of(BO)?.lastSeen).toBeGreaterThanOrEqual(before);
      expect(again.client.presence.of(cy)).toEqual({ online: false });
    },
    RESTART_MAX_MS,
  );
});

describeOnAll('a gateway that is killed', (urls) => {
  let stack: StackProcesses;
  afterEach(() => stack.remove());

  it(
    'leaves its people offline within 45 s for those at other gateways, and nobody else',
    async () => {
      stack = await StackProcesses.start(urls, OPTIONS);
      const sides = await Promise.all(
        stack.urls.map(async (url, n) => {
          const person = await WirePerson.signedUp(stack.url, `b${n}@localhost`);
          const watcher = await WirePerson.signedUp(stack.url, `w${n}@localhost`);
          const wire = await person.session(url);
          await wire.ok({ type: 'presence.set', visible: true });
          return { address: person.address, wire, watcher: await watcher.session(url) };
        }),
      );
      const addresses = sides.map(({ address }) => address);
      for (const { watcher } of sides) {
        await watcher.ok({ type: 'presence.watch', addresses });
        for (const address of addresses) await toldOnline(watcher, address);
      }
      const [pid = 0] = stack.pidsOf('gateway');
      const killedAt = performance.now();
      process.kill(pid, 'SIGKILL');
      const dead = await Promise.race(sides.map((side) => side.wire.closed.then(() => side)));
      const alive = sides.find((side) => side !== dead);
      if (!alive) throw new Error('There are two gateways.');
      expect(await told(alive.watcher, dead.address)).toMatchObject({ online: false, lastSeen: expect.any(Number) });
      expect(performance.now() - killedAt).toBeLessThan(GONE_MAX_MS);
      expect(alive.watcher.frames.filter(({ type }) => type === 'presence')).toEqual([]);
    },
    RESTART_MAX_MS,
  );
});

/** Resolves once a session is told that somebody is there: after a second without a word of them it is told that they are not, first. */
async function toldOnline(wire: Wire, address: string): Promise<void> {
  for (let is = false; !is; ) is = (await told(wire, address)).online;
}

/** The next that a session is told of somebody. */
async function told(wire: Wire, address: string): Promise<ServerFrameOf<'presence'>> {
  const frame = await wire.take((one) => one.type === 'presence' && one.address === address);
  if (frame.type !== 'presence') throw new Error('As was asked for.');
  return frame;
}
