// Groups over the wire, in both modes: who is told what, under which number, and who is not.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Deployment } from './deployment.fixture.ts';
import { describeInBothModes } from './modes.fixture.ts';
import type { Wire } from './wire.fixture.ts';
import { subjectOf, WireGroup } from './wire-group.fixture.ts';
import { WirePerson } from './wire-person.fixture.ts';

/** Eight processes are started again, on two cores that others use too: measured, 30 s and more. */
const RESTART_TIMEOUT_MS = 240_000;

describeInBothModes((start) => {
  let server: Deployment;
  let al: WirePerson;
  let bo: WirePerson;
  let cy: WirePerson;
  let wires: Wire[];
  beforeAll(async () => {
    server = await start();
    [al, bo, cy] = (await Promise.all(
      ['al', 'bo', 'cy'].map((name) => WirePerson.signedUp(server.url, `${name}@localhost`)),
    )) as [WirePerson, WirePerson, WirePerson];
  });
  afterAll(() => server.remove());

  /** Everybody's sessions, until the test is over. */
  async function connected(body: (al: Wire, bo: Wire, cy: Wire) => Promise<void>): Promise<void> {
    wires = await Promise.all([al, bo, cy].map((person) => person.session(server.url, { ackAll: true })));
    const [one, two, three] = wires as [Wire, Wire, Wire];
    await body(one, two, three);
    await Promise.all(wires.map((wire) => wire.close()));
  }

  test('a message goes to every member under one number, and to nobody who was removed', async () => {
    await connected(async (alWire, boWire, cyWire) => {
      const team = new WireGroup('team@localhost');
      const { name } = team;
      const entries = [
        team.create(al),
        team.by(al, { type: 'add', subject: subjectOf(bo) }),
        team.by(al, { type: 'add', subject: subjectOf(cy) }),
      ];
      expect(await alWire.ok({ type: 'group.append', name, entries })).toMatchObject({ number: 1 });
      expect(await boWire.refusal({ type: 'group.append', name, entries: [new WireGroup(name).create(bo)] })).toBe(
        'group_exists',
      );

      const message = team.message(al, [bo, cy], 1);
      expect(await alWire.ok({ type: 'send', ...message })).toMatchObject({ number: 4 });
      expect(await alWire.ok({ type: 'send', ...message })).toMatchObject({ number: 4 });
      for (const wire of [boWire, cyWire]) {
        expect(await wire.take('deliver')).toMatchObject({ header: message.header, body: message.body });
      }

      const stale = team.message(bo, [al, cy], 1);
      const remove = team.by(al, { type: 'remove', subject: subjectOf(cy) });
      expect(await alWire.ok({ type: 'group.append', name, entries: [remove] })).toMatchObject({ number: 5 });
      expect(await boWire.refusal({ type: 'send', ...stale })).toBe('stale_group');
      expect(await cyWire.refusal({ type: 'send', ...team.message(cy, [al, bo], 1) })).toBe('not_a_member');
      // Up to the entry that removed her; where newcomers begin is for those who may come.
      expect(await cyWire.ok({ type: 'group.get', name, after: 0 })).toMatchObject({ entries: [{}, {}, {}, remove] });
      expect(await cyWire.refusal({ type: 'group.state', name })).toBe('not_a_member');
      expect(await boWire.ok({ type: 'send', ...team.message(bo, [al], 1) })).toMatchObject({ number: 6 });
      await alWire.take('deliver');
      expect(await boWire.ok({ type: 'group.list', own: true, after: '' })).toMatchObject({
        groups: [{ name, policy: 'closed', members: 2 }],
        more: false,
      });
      expect((await boWire.ok({ type: 'group.get', name, after: 3 })).entries).toEqual([remove]);
      const { length, index } = await boWire.ok({ type: 'group.state', name });
      expect([index, length]).toEqual([2, 4]);
      expect(cyWire.frames.filter(({ type }) => type === 'deliver')).toEqual([]); // nothing was sent that it could still get
    });
  });

  test('the lobby is created by whoever comes first, and anybody joins and finds it', async () => {
    await connected(async (alWire, boWire) => {
      const lobby = new WireGroup('lobby@localhost');
      const { name } = lobby;
      const create = { type: 'group.append' as const, name, entries: [lobby.create(al, 'lobby')] };
      expect(await alWire.ok(create)).toMatchObject({ number: 1 });
      const join = { type: 'group.append' as const, name, entries: [lobby.by(bo, { type: 'join' })] };
      expect(await boWire.ok(join)).toMatchObject({ number: 2 });
      expect(await boWire.ok(join)).toMatchObject({ number: 2 });
      expect(await boWire.ok({ type: 'group.list', own: false, after: '' })).toMatchObject({
        groups: [{ name, policy: 'lobby', members: 2 }],
      });
      expect(await alWire.refusal({ type: 'group.get', name: 'none@localhost', after: 0 })).toBe('no_such_group');
      expect(await alWire.refusal({ type: 'group.get', name: 'none@elsewhere', after: 0 })).toBe('remote_domain');
    });
  });

  test(
    'a group and its numbers are there after kill -9 of everything',
    async () => {
      const club = new WireGroup('club@localhost');
      const { name } = club;
      const entries = [club.create(al), club.by(al, { type: 'add', subject: subjectOf(bo) })];
      const message = club.message(al, [bo], 2);
      await connected(async (alWire) => {
        await alWire.ok({ type: 'group.append', name, entries });
        expect(await alWire.ok({ type: 'send', ...message })).toMatchObject({ number: 3 });
      });
      await server.kill();
      await server.restart();
      const next = club.message(al, [bo], 3);
      expect(await al.answered(server.url, { type: 'send', ...message })).toMatchObject({ number: 3 });
      expect(await al.answered(server.url, { type: 'send', ...next })).toMatchObject({ number: 4 });
      expect(await al.answered(server.url, { type: 'group.append', name, entries })).toMatchObject({ number: 1 });
    },
    RESTART_TIMEOUT_MS,
  );
});
