// Who is in a group, with a real server: everything in clients/sdk against everything in services.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { PASSWORD, People, type Person } from '../../clients/sdk/test/people.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { describeInBothModes } from '../modes.fixture.ts';

/** A stack of services has a dozen processes to start. */
const START_MS = 240_000;
const SETTINGS = ['--rate-factor', '100', '--tries-per-source', '1000'];

const told = (person: Person) =>
  person.of('membership').map(({ change, by, subject }) => `${change} ${(subject ?? by).split('@')[0]}`);

describeInBothModes((start) => {
  let server: Deployment;
  let people: People;
  let round = 0;

  beforeAll(async () => {
    server = await start(SETTINGS);
  }, START_MS);
  afterAll(() => server.remove());

  beforeEach(() => {
    people = new People(server.urls);
    round += 1;
  });
  afterEach(() => people.end());

  async function signedUp(...names: string[]): Promise<Person[]> {
    const all = await Promise.all(names.map((name) => people.signUp(`${name}${round}`)));
    await Promise.all(all.map((person) => person.online()));
    return all;
  }

  it('is known to all members, verified, as it changes, and to a device that comes later', async () => {
    const [al, bo, cy] = (await signedUp('al', 'bo', 'cy')) as [Person, Person, Person];
    const team = `team${round}@localhost`;
    const [BO, CY] = [bo, cy].map(({ client }) => client.account.address) as [string, string];
    await al.client.groups.create(team, { members: [BO, CY] });
    await Promise.all([bo, cy].map((person) => person.until(() => told(person).includes(`add cy${round}`))));
    await al.client.groups.setRole(team, BO, 'admin');
    await bo.until(() => told(bo).includes(`admin bo${round}`));
    await bo.client.groups.remove(team, CY);
    await Promise.all([al, cy].map((person) => person.until(() => told(person).includes(`remove cy${round}`))));
    await expect(cy.client.groups.members(team)).rejects.toThrow(`${BO} removed you from #${team}.`);
    const second = await people.logIn(`bo${round}`);
    await second.online();
    const members = await second.client.groups.members(team);
    expect(members.map(({ role }) => role)).toEqual(['admin', 'admin']);
    for (const person of [al, bo, cy, second]) expect(person.of('group')).toEqual([]);
  });

  it('is told to who was added, written to and removed while away: what they were there for is theirs', async () => {
    const [al, bo, cy] = (await signedUp('al', 'bo', 'cy')) as [Person, Person, Person];
    const team = `team${round}@localhost`;
    const [BO, CY] = [bo, cy].map(({ client }) => client.account.address) as [string, string];
    await al.client.groups.create(team, { members: [CY] });
    await al.say(`#${team}`, 'before');
    await bo.client.close();
    await al.client.groups.add(team, [BO]);
    await al.say(`#${team}`, 'for bo, too');
    await al.client.groups.remove(team, BO);
    await al.say(`#${team}`, 'not for bo');
    await cy.until(({ texts }) => texts.length === 3);
    const back = await people.reopen(bo);
    await back.online();
    await back.until(() => told(back).length === 2);
    expect(told(back)).toEqual([`add bo${round}`, `remove bo${round}`]);
    await back.until(() => back.of('synced').length > 0);
    expect(back.texts).toEqual(['for bo, too']);
    expect(back.of('unreadable')).toEqual([]);
    expect(back.of('group')).toEqual([]);
    const { address } = al.client.account;
    await expect(back.client.groups.members(team)).rejects.toThrow(`${address} removed you from #${team}.`);
  });

  it('is told to who was added, removed and added again while away', async () => {
    const [al, bo] = (await signedUp('al', 'bo')) as [Person, Person];
    const team = `team${round}@localhost`;
    const BO = bo.client.account.address;
    await bo.client.close();
    await al.client.groups.create(team, { members: [BO] });
    await al.client.groups.remove(team, BO);
    await al.client.groups.add(team, [BO]);
    const back = await people.reopen(bo);
    await back.online();
    await back.until(() => told(back).length === 3);
    expect(told(back)).toEqual([`add bo${round}`, `remove bo${round}`, `add bo${round}`]);
    expect(back.of('group')).toEqual([]);
  });

  it('is not changed by a revoked device of an admin; what it did before stands', async () => {
    const [al, bo, cy] = (await signedUp('al', 'bo', 'cy')) as [Person, Person, Person];
    const team = `team${round}@localhost`;
    const [BO, CY] = [bo, cy].map(({ client }) => client.account.address) as [string, string];
    await al.client.groups.create(team, { members: [BO] });
    const second = await people.logIn(`al${round}`);
    await second.online();
    await second.client.groups.add(team, [CY]);
    await Promise.all([al, bo, cy].map((person) => person.until(() => told(person).includes(`add cy${round}`))));
    await al.client.revoke(second.client.account.device, PASSWORD);
    await second.until(() => second.of('stopped').length > 0);
    await expect(second.client.groups.remove(team, BO)).rejects.toThrow();
    const again = await people.reopen(second);
    await again.client.connect({ receive: true });
    await expect(again.client.groups.remove(team, BO)).rejects.toThrow('revoked');
    await al.client.groups.setRole(team, BO, 'admin');
    await bo.until(() => told(bo).includes(`admin bo${round}`));
    const late = await people.logIn(`cy${round}`);
    await late.online();
    for (const person of [al, bo, cy, late]) {
      await person.until(() => person === late || told(person).includes(`admin bo${round}`));
      const members = await person.client.groups.members(team);
      expect(members.map(({ role }) => role)).toEqual(['admin', 'admin', 'member']);
      expect(person.of('group')).toEqual([]);
    }
  });

  it('is open to whoever joins', async () => {
    const [al, bo] = (await signedUp('al', 'bo')) as [Person, Person];
    const club = `club${round}@localhost`;
    expect(await al.client.groups.join(club)).toEqual({ created: true });
    expect(await bo.client.groups.join(club)).toEqual({ created: false });
    await al.until(() => told(al).includes(`join bo${round}`));
    expect(await bo.client.groups.list(false)).toContainEqual({ name: club, policy: 'open', members: 2 });
    await al.client.groups.delete(club);
    await bo.until(() => told(bo).includes(`delete al${round}`));
    expect(await bo.client.groups.join(club)).toEqual({ created: true });
    expect((await bo.client.groups.find(club))?.conversation).toMatch(/^#club\d+@localhost\/[0-9a-f]{8}$/);
  });
});
