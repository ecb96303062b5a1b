// Two people and a real server, as a user would have them: everything in clients/sdk against everything in services.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../../clients/sdk/client.ts';
import { PASSWORD, People, type Person } from '../../clients/sdk/test/people.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { describeInBothModes } from '../modes.fixture.ts';

const FRESH = 'seven otters at dusk';
/** A stack of services has a dozen processes to start, each time. */
const RESTARTS_MS = 240_000;
const SETTINGS = ['--sweep-every-ms', '1000', '--rate-factor', '100', '--tries-per-source', '1000'];

const name = (address: string) => address.slice(0, address.indexOf('@'));
const delivered = (person: Person, id: string | undefined) => person.of('delivered').some((event) => event.id === id);
const numbered = (count: number, what = 'message') => Array.from({ length: count }, (_, index) => `${what} ${index}`);

describeInBothModes((start) => {
  let server: Deployment;
  let people: People;
  /** A new pair of names for each test: one server serves all of them. */
  let round = 0;
  let AL: string;
  let BO: string;

  beforeAll(async () => {
    server = await start(SETTINGS);
  });

  afterAll(async () => {
    await server.remove();
  });

  beforeEach(() => {
    people = new People(server.urls);
    round += 1;
    AL = `al${round}@localhost`;
    BO = `bo${round}@localhost`;
  });

  afterEach(async () => {
    await people.end();
  });

  async function two(): Promise<{ al: Person; bo: Person }> {
    const al = await people.signUp(name(AL));
    const bo = await people.signUp(name(BO));
    await Promise.all([al.online(), bo.online()]);
    return { al, bo };
  }

  describe('two people on a server', () => {
    it('talk, and hear of deliveries', async () => {
      const { al, bo } = await two();
      const [id] = await al.say(BO, 'good morning');
      await bo.until(({ texts }) => texts.includes('good morning'));
      await al.until(() => delivered(al, id));
      await bo.say(AL, 'to you too', '👋🏽', 'ü'.repeat(32_768));
      await al.until(({ texts }) => texts.length === 3);
      expect(al.texts).toEqual(['to you too', '👋🏽', 'ü'.repeat(32_768)]);
    });

    it('find what they missed, in order, once', async () => {
      const { al, bo } = await two();
      await bo.client.close();
      await al.say(BO, ...numbered(300));
      const back = await people.reopen(bo);
      await back.online();
      await back.until(({ texts }) => texts.length >= 300);
      await back.until(() => back.of('synced').length > 0);
      expect(back.texts).toEqual(numbered(300));
      const [conversation] = await back.client.history.conversations();
      expect(conversation).toMatchObject({ conversation: AL, unread: { [AL]: 300 } });
    });

    it(
      'lose nothing when the server is killed between them, again and again',
      async () => {
        const { al, bo } = await two();
        const texts = numbered(400);
        await al.client.send([BO], texts);
        for (const enough of [60, 250]) {
          await bo.until(() => bo.texts.length >= enough);
          await server.kill();
          await server.restart();
        }
        await bo.until(() => bo.texts.length >= texts.length);
        await al.until(() => al.of('accepted').length >= texts.length);
        await al.until(() => al.of('delivered').length >= texts.length);
        expect(bo.texts).toEqual(texts);
        expect(bo.of('gap')).toEqual([]);
        expect(await al.client.outboxSize()).toBe(0);
      },
      RESTARTS_MS,
    );

    it('agree on their safety numbers, and on nobody else’s', async () => {
      const { al, bo } = await two();
      const { number } = await al.client.safetyNumber(BO);
      expect(number).toMatch(/^(\d{5} ){11}\d{5}$/);
      expect((await bo.client.safetyNumber(AL)).number).toBe(number);
      const cy = await people.signUp(`cy${round}`);
      await cy.online();
      expect((await cy.client.safetyNumber(BO)).number).not.toBe(number);
    });

    it('are told that a message expired before anybody took it, on both sides', async () => {
      const { al, bo } = await two();
      await al.say(BO, 'first');
      await bo.until(({ texts }) => texts.length === 1);
      await bo.client.close();
      const [result] = await al.client.send([BO], ['too late'], { expiresInMs: 1_000 });
      if (result === undefined || 'error' in result) throw new Error('not sent');
      await al.until(() => al.of('expired').some((event) => event.id === result.ids[0]));
      const back = await people.reopen(bo);
      await back.online();
      await al.say(BO, 'in time');
      await back.until(({ texts }) => texts.includes('in time'));
      await back.until(() => back.of('gap').length > 0);
      expect(back.of('gap')).toMatchObject([{ from: AL, first: 2, last: 2, why: 'missed' }]);
      expect(back.texts).toEqual(['in time']);
    });

    it('do not hear whom they blocked', async () => {
      const { al, bo } = await two();
      await bo.client.block(AL);
      await al.say(BO, 'can you hear me');
      // Nothing tells of it: its copy of bo's own, which comes behind it, does.
      const second = await people.logIn(name(BO));
      await second.online({ receive: false });
      await second.say(BO, 'behind it');
      await bo.until(({ texts }) => texts.includes('behind it'));
      await bo.client.block(AL, false);
      const [id] = await al.say(BO, 'and now');
      await al.until(() => delivered(al, id));
      expect(bo.texts).toEqual(['behind it', 'and now']);
      expect(al.of('delivered')).toHaveLength(1);
    });

    it('are told what does not work in one act, and the rest is sent', async () => {
      const { al, bo } = await two();
      const results = await al.client.send([`nobody${round}@localhost`, 'xy@elsewhere.example', BO], ['hello']);
      expect(results).toMatchObject([
        { error: { code: 'unknown_user' } },
        { error: { code: 'remote_domain' } },
        { to: BO, ids: [expect.any(String)] },
      ]);
      await bo.until(({ texts }) => texts.includes('hello'));
    });
  });

  describe('several devices', () => {
    it('have the same conversation: late slots before, all slots after', async () => {
      const { al, bo } = await two();
      await al.say(BO, 'before the second device');
      await bo.until(({ texts }) => texts.length === 1);
      const second = await people.logIn(name(BO));
      await second.online();
      await al.say(BO, 'after it');
      await second.until(({ texts }) => texts.length === 2);
      await second.say(AL, 'from the second');
      await al.until(({ texts }) => texts.includes('from the second'));
      await bo.until(({ texts }) => texts.includes('from the second'));
      expect([...second.texts].sort()).toEqual(['after it', 'before the second device']);
      expect(bo.texts).toEqual(['before the second device', 'after it', 'from the second']);
    });

    it('are told at once when they are revoked, and get nothing more', async () => {
      const { al, bo } = await two();
      const second = await people.logIn(name(BO));
      await second.online();
      await al.say(BO, 'to both');
      await second.until(({ texts }) => texts.length === 1);
      await bo.until(({ texts }) => texts.length === 1);
      const other = (await bo.client.devices()).find(({ thisDevice }) => !thisDevice);
      await bo.client.revoke(other?.device ?? '', PASSWORD);
      await second.until(() => second.of('stopped').length > 0);
      expect(second.of('stopped')[0]).toMatchObject({ code: 4203 });
      await al.say(BO, 'to one');
      await bo.until(({ texts }) => texts.length === 2);
      expect(second.texts).toEqual(['to both']);
      const again = await people.reopen(second);
      await again.client.connect({ receive: true });
      await expect(again.client.online()).rejects.toThrow('revoked');
    });

    it('keep their sessions through a change of the password, and ask for the new one', async () => {
      const { al } = await two();
      const second = await people.logIn(name(AL));
      await second.online();
      await second.client.changePassword(PASSWORD, FRESH);
      await al.until(() => al.of('password_changed').length > 0);
      await al.say(BO, 'still here');
      await al.client.close();
      const again = await people.reopen(al);
      await expect(again.client.connect({ receive: true })).rejects.toMatchObject({ reason: 'password_changed' });
      await expect(again.client.adoptPassword('not the right one')).rejects.toThrow('left');
      await again.client.adoptPassword(FRESH);
      await again.online();
      await expect(people.logIn(name(AL), PASSWORD)).rejects.toThrow('Wrong name or password');
      const third = await people.logIn(name(AL), FRESH);
      await third.online();
    });

    it('replace their own earlier session, and no other', async () => {
      const { al, bo } = await two();
      const copy = await people.reopen(al);
      await copy.online({ receive: false });
      await copy.say(BO, 'from a sending session');
      await bo.say(AL, 'to the receiving one');
      await al.until(
        ({ texts }) => texts.includes('to the receiving one') || copy.texts.includes('to the receiving one'),
      );
      expect(al.of('stopped')).toEqual([]);
    });
  });

  describe('an account', () => {
    it('takes its name for ever: also after it was deleted', async () => {
      const { al, bo } = await two();
      await al.say(BO, 'farewell');
      // Of somebody whom nobody knows by then, it could not be told who it was.
      await bo.until(({ texts }) => texts.includes('farewell'));
      await al.client.deleteAccount(PASSWORD);
      await expect(people.signUp(name(AL))).rejects.toMatchObject({ code: 'name_taken' });
      await expect(people.reopen(al)).rejects.toMatchObject({ problem: 'missing' });
      const [result] = await bo.client.send([AL], ['are you there?']);
      if (result !== undefined && 'ids' in result) await bo.until(() => bo.of('refused').length > 0);
      else expect(result).toMatchObject({ error: { code: 'unknown_user' } });
    });

    it('is left by a device that signs out, which keeps nothing', async () => {
      const { al } = await two();
      await al.client.signOut(PASSWORD);
      await expect(people.reopen(al)).rejects.toMatchObject({ problem: 'missing' });
      const again = await people.logIn(name(AL));
      const devices = await again.client.devices();
      expect(devices.map(({ revokedAt }) => revokedAt !== undefined)).toEqual([true, false]);
    });

    it('locks nobody out, and tells how long to wait, when somebody guesses', async () => {
      const { al, bo } = await two();
      for (const left of ['2 tries', '1 try', 'the next try has to wait']) {
        await expect(people.logIn(name(AL), 'a wrong password')).rejects.toThrow(left);
      }
      await expect(people.logIn(name(AL))).rejects.toMatchObject({ code: 'too_many_tries' });
      await al.say(BO, 'undisturbed');
      await bo.until(({ texts }) => texts.includes('undisturbed'));
    });

    it('is refused with a sentence where the name is none or the server another’s', async () => {
      const platform = await people.platform();
      const elsewhere = { address: 'al@elsewhere.example', password: PASSWORD, servers: [server.url] };
      await expect(Client.signUp(platform, elsewhere)).rejects.toThrow('is the server of localhost');
      await expect(people.logIn(`nobody${round}`)).rejects.toThrow('Wrong name or password');
    });
  });

  describe('a server that goes away', () => {
    it(
      'is waited for, and what was written meanwhile is sent',
      async () => {
        const { al, bo } = await two();
        await al.say(BO, 'before');
        await server.stop();
        await al.until(() => al.of('reconnecting').length > 0);
        await al.client.send([BO], ['meanwhile']);
        await server.restart();
        await bo.until(({ texts }) => texts.includes('meanwhile'));
        expect(bo.texts).toEqual(['before', 'meanwhile']);
      },
      RESTARTS_MS,
    );
  });
});
