// Messages in groups between people on a real server: everything in clients/sdk against everything in services.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { describeInBothModes } from '../modes.fixture.ts';

const SETTINGS = ['--rate-factor', '100', '--tries-per-source', '1000'];
/** A stack of services has a dozen processes to start. */
const START_MS = 240_000;

describeInBothModes((start) => {
  let server: Deployment;
  let people: People;
  let al: Person;
  let bo: Person;
  let cy: Person;
  /** New names for each test: one server serves all of them. */
  let round = 0;
  let TEAM: string;
  let ROOM: string;
  let BO: string;
  let CY: string;

  beforeAll(async () => {
    server = await start(SETTINGS);
  }, START_MS);

  afterAll(async () => {
    await server.remove();
  });

  beforeEach(async () => {
    people = new People(server.urls);
    round += 1;
    TEAM = `team${round}@localhost`;
    ROOM = `#${TEAM}`;
    [BO, CY] = [`bo${round}@localhost`, `cy${round}@localhost`];
    const signUp = (name: string) => people.signUp(`${name}${round}`);
    [al, bo, cy] = await Promise.all([signUp('al'), signUp('bo'), signUp('cy')]);
    await Promise.all([al.online(), bo.online(), cy.online()]);
    await al.client.groups.create(TEAM, { members: [BO, CY] });
    await Promise.all([bo, cy].map((person) => person.until(() => person.of('membership').length > 0)));
  });

  afterEach(async () => {
    await people.end();
  });

  const hears = (person: Person, text: string) => person.until(({ texts }) => texts.includes(text));

  async function lines(person: Person): Promise<string[]> {
    const entries = await person.client.history.before(ROOM, 100);
    return entries.map(({ from, content }) => `${from.slice(0, 2)}: ${new TextDecoder().decode(content.subarray(1))}`);
  }

  describe('a group on a server', () => {
    it('shows all that is said at the same time in one order to everybody, and who has it to who wrote it', async () => {
      const texts = (who: string) => Array.from({ length: 20 }, (_, index) => `${who} ${index}`);
      const said = await Promise.all([
        al.say(ROOM, ...texts('al')),
        bo.say(ROOM, ...texts('bo')),
        cy.say(ROOM, ...texts('cy')),
      ]);
      await Promise.all([al, bo, cy].map((person) => person.until((one) => one.texts.length === 40)));
      const [order] = await Promise.all([lines(al), ...said]);
      expect(order).toHaveLength(60);
      expect(await lines(bo)).toEqual(order);
      expect(await lines(cy)).toEqual(order);
      await al.until((person) => person.of('delivered').length === 40);
      for (const person of [al, bo, cy]) {
        expect([person.of('unreadable'), person.of('gap'), person.of('trouble'), person.of('refused')]).toEqual([
          [],
          [],
          [],
          [],
        ]);
      }
    });

    it('goes on while people come and go: what was sealed before is sealed anew, unnoticed', async () => {
      await bo.say(ROOM, 'hello');
      await Promise.all([hears(al, 'hello'), hears(cy, 'hello')]);
      await bo.client.close();
      bo = await people.reopen(bo);
      await bo.client.send([ROOM], ['one', 'two', 'three']);
      await cy.client.groups.leave(TEAM);
      await bo.online();
      await hears(al, 'three');
      await bo.client.settled();
      expect(await lines(al)).toEqual(['bo: hello', 'bo: one', 'bo: two', 'bo: three']);
      expect(await lines(bo)).toEqual(await lines(al));
      expect(cy.texts).toEqual(['hello']);
      expect([bo.of('delayed'), bo.of('refused'), bo.of('trouble'), al.of('unreadable')]).toEqual([[], [], [], []]);
    });

    it('keeps what is said for who is away, and for a device that comes just after', async () => {
      await cy.client.close();
      await al.say(ROOM, 'while you were away');
      const phone = await people.logIn(`bo${round}`);
      await phone.online();
      await al.say(ROOM, 'for the phone, too');
      await hears(phone, 'while you were away');
      await hears(phone, 'for the phone, too');
      cy = await people.reopen(cy);
      await cy.online();
      await hears(cy, 'for the phone, too');
      expect(await lines(cy)).toEqual(['al: while you were away', 'al: for the phone, too']);
      expect(await lines(phone)).toEqual(await lines(cy));
    });

    it('takes nothing more of somebody who was removed, and gives them nothing', async () => {
      await al.client.groups.remove(TEAM, BO);
      await bo.until((person) => person.of('membership').some(({ change }) => change === 'remove'));
      const [result] = await bo.client.send([ROOM], ['may I?']);
      expect(result).toMatchObject({ error: { message: expect.stringContaining('removed you') } });
      await al.say(ROOM, 'among us');
      await hears(cy, 'among us');
      await al.say(BO, 'the end');
      await hears(bo, 'the end');
      expect(bo.texts).toEqual(['the end']);
    });
  });
});
