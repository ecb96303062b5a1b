import { beforeEach, describe, expect, it } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { RequestError } from '#protocol/errors.ts';
import { Client } from './client.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import { PASSWORD, type People, type Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

const FRESH = 'seven otters at dusk';

let server: ServerDouble;
let people: People;

beforeEach(async () => {
  ({ server, people } = await atDouble());
});

const delivered = (person: Person, id: string | undefined) => person.of('delivered').some((event) => event.id === id);

describe('two people', () => {
  it('talk in both directions, and the sender hears of the delivery by its tag', async () => {
    const { al, bo } = await people.online('al', 'bo');
    const [id] = await al.say(BO, 'good morning');
    await bo.until(({ texts }) => texts.includes('good morning'));
    await al.until(() => delivered(al, id));
    await bo.say(AL, 'to you too');
    await al.until(({ texts }) => texts.includes('to you too'));
  });

  it('lose nothing while one of them is away', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await al.say(BO, 'before');
    await bo.until(({ texts }) => texts.length === 1);
    await bo.client.close();
    const texts = Array.from({ length: 150 }, (_, index) => `message ${index}`);
    await al.say(BO, ...texts);
    const back = await people.reopen(bo);
    await back.online();
    await back.until(() => back.of('synced').length > 0);
    await back.until(() => back.texts.length >= 150);
    expect(back.texts).toEqual(texts);
  });

  it('read the same safety number, which marks can be set on', async () => {
    const { al, bo } = await people.online('al', 'bo');
    const { number } = await al.client.safetyNumber(BO);
    expect((await bo.client.safetyNumber(AL)).number).toBe(number);
    await al.client.verify(BO);
    expect((await al.client.safetyNumber(BO)).verified).toBe(true);
  });

  it('are told in one act who could not be written to', async () => {
    const { al, bo } = await people.online('al', 'bo');
    const results = await al.client.send(['nobody@localhost', BO], ['hello']);
    expect(results[0]).toMatchObject({ to: 'nobody@localhost', error: { code: 'unknown_user' } });
    await bo.until(({ texts }) => texts.includes('hello'));
  });

  it('see nothing of whom they blocked, who is told nothing', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await bo.client.block(AL);
    await al.say(BO, 'can you hear me');
    await expect.poll(() => server.boxes.get(bo.client.account.device)).toEqual([]);
    await bo.client.block(AL, false);
    const [id] = await al.say(BO, 'and now');
    await al.until(() => delivered(al, id));
    await bo.until(({ texts }) => texts.includes('and now'));
    expect(bo.texts).toEqual(['and now']);
    expect(al.of('delivered')).toHaveLength(1);
    await bo.client.block(AL);
    expect(await bo.client.send([AL], ['x'])).toMatchObject([{ error: { reason: 'blocked' } }]);
  });

  it('do not see a message whose time is over', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await bo.client.close();
    const [result] = await al.client.send([BO], ['gone soon'], { expiresInMs: 1 });
    expect(result).toMatchObject({ ids: [expect.any(String)] });
    await al.until(() => al.of('accepted').length === 1);
    await al.say(BO, 'stays');
    const back = await people.reopen(bo);
    await back.online();
    await back.until(({ texts }) => texts.includes('stays'));
    expect(back.texts).toEqual(['stays']);
  });
});

describe('the password', () => {
  it('is changed on one device, asked for on the other, and the old one is worth nothing', async () => {
    const { al } = await people.online('al', 'bo');
    const second = await people.logIn('al');
    await second.online();
    await second.client.changePassword(PASSWORD, FRESH);
    expect(second.client.passwordChanged).toBe(false);
    await al.until(() => al.of('password_changed').length > 0);
    await al.say(BO, 'still signed in');
    await al.client.close();

    const again = await people.reopen(al, PASSWORD);
    expect(again.client.passwordChanged).toBe(true);
    await expect(again.client.connect({ receive: true })).rejects.toMatchObject({ reason: 'password_changed' });
    await expect(again.client.adoptPassword('not the right one')).rejects.toMatchObject({ reason: 'wrong_password' });
    await again.client.adoptPassword(FRESH);
    await again.online();
    await again.client.close();
    await expect(people.reopen(al, PASSWORD)).rejects.toMatchObject({ problem: 'wrong_password' });
    await (await people.reopen(al, FRESH)).online();
    await expect(people.logIn('al', PASSWORD)).rejects.toThrow('2 tries left');
    await people.logIn('al', FRESH);
  });

  it('is proved once more, unasked, where the server forgot the sign-in before its end; not for ever', async () => {
    await people.signUp('al');
    const finish = server.accounts.finishLogin.bind(server.accounts);
    let forgotten = 0;
    const forget = (times: number) => {
      forgotten = 0;
      server.accounts.finishLogin = (frame) => {
        if (forgotten === times) return finish(frame);
        forgotten += 1;
        throw new RequestError('unavailable');
      };
    };
    forget(1);
    await people.logIn('al');
    expect(server.accounts.devices(AL)).toHaveLength(2);
    forget(Number.POSITIVE_INFINITY);
    await expect(people.logIn('al')).rejects.toMatchObject({ code: 'unavailable' });
    expect(forgotten).toBe(2);
  });

  it('must not be guessable', async () => {
    await expect(people.signUp('al', 'password123')).rejects.toMatchObject({ reason: 'weak_password' });
    const al = await people.signUp('al');
    await al.online();
    await expect(al.client.changePassword(PASSWORD, 'al')).rejects.toMatchObject({ reason: 'weak_password' });
    await expect(al.client.changePassword('not the right one', FRESH)).rejects.toMatchObject({
      reason: 'wrong_password',
    });
  });
});

describe('an account', () => {
  it('is not made where its name is taken, or at a server of another domain', async () => {
    const al = await people.signUp('al');
    await expect(people.signUp('al')).rejects.toMatchObject({ code: 'name_taken' });
    const servers = [server.url];
    const platform = await people.platform();
    const elsewhere = { address: 'al@elsewhere.example', password: PASSWORD, servers };
    await expect(Client.signUp(platform, elsewhere)).rejects.toMatchObject({ reason: 'wrong_domain' });
    await expect(people.logIn('nobody')).rejects.toMatchObject({ reason: 'wrong_password' });
    await al.online();
  });

  it('leaves nothing on a device that was signed out', async () => {
    const { al } = await people.online('al', 'bo');
    await al.online();
    await al.client.signOut(PASSWORD);
    expect(al.of('stopped').map(({ code }) => code)).not.toContain(CLOSE.revoked.code);
    await expect(people.reopen(al)).rejects.toMatchObject({ problem: 'missing' });
    await expect(people.logIn('al')).resolves.toBeDefined();
  });

  it('is gone after it was deleted', async () => {
    const { al, bo } = await people.online('al', 'bo');
    await al.client.deleteAccount(PASSWORD);
    await expect(people.reopen(al)).rejects.toMatchObject({ problem: 'missing' });
    expect(await bo.client.send([AL], ['hello'])).toMatchObject([{ error: { code: 'unknown_user' } }]);
  });

  it('is gone also where its deletion closed the session ahead of the answer', async () => {
    const { al } = await people.online('al', 'bo');
    server.lies.closesFirst = true;
    await al.client.deleteAccount(PASSWORD);
    // Whoever asked for it need not be told that the session was ended for it.
    expect(al.of('stopped').map(({ code }) => code)).toEqual([]);
    await expect(people.reopen(al)).rejects.toMatchObject({ problem: 'missing' });
  });

  it('stays where the answer to its deletion was lost and a server has it still', async () => {
    const { al } = await people.online('al', 'bo');
    server.lies.closesFirst = true;
    const { accounts } = server;
    accounts.delete = () => {};
    await expect(al.client.deleteAccount(PASSWORD)).rejects.toThrow('deleted');
    expect(al.of('stopped').map(({ code }) => code)).toEqual([CLOSE.accountDeleted.code]);
    await al.client.close();
    await expect(people.reopen(al)).resolves.toBeDefined();
  });

  it('cannot be reached at a server that nobody runs, in a sentence', async () => {
    const platform = await people.platform();
    const nowhere = { address: AL, password: PASSWORD, servers: ['ws://127.0.0.1:1'] };
    await expect(Client.signUp(platform, nowhere)).rejects.toThrow('ws://127.0.0.1:1 cannot be reached');
  });
});
