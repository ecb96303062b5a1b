import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { Conflict } from '#runtime/store/database.ts';
import { Device, Person } from './person.fixture.ts';
import { answerIn, asked, Service } from './service.fixture.ts';

const AL = 'al@localhost';
const NEW = 'another horse, another battery';

describe('a new password', () => {
  let service: Service;
  let al: Person;
  beforeEach(async () => {
    service = await Service.open();
    al = await Person.signedUp(service, AL);
  });
  afterEach(() => service.close());

  async function change() {
    const { registration, record } = await al.registration(NEW, 'password.start');
    const vault = encodeBase64(new Uint8Array(randomBytes(130)));
    const entry = al.passwordEntry(record, vault);
    return { registration, record, vault, entry };
  }

  test('replaces record, vault and log together; the old one stops, devices stay', async () => {
    const fields = await change();
    const { messages, effects } = await service.turn(AL, asked('password.finish', fields));
    expect(messages).toMatchObject([{ type: 'answer' }]);
    expect(effects).toMatchObject([{ command: { type: 'account', length: 2, devices: [al.device.name] } }]);
    expect((await al.startLogin()).finish).toBeUndefined();
    expect(await al.login(NEW)).toMatchObject({ vault: fields.vault, length: 2 });
    expect(await service.ask(AL, al.sessionCommand())).toEqual({});
    await service.restart();
    expect(await al.login(NEW)).toMatchObject({ vault: fields.vault });
  });

  test('ends a sign-in that began with the old one', async () => {
    const { answer, finish } = await al.startLogin();
    answerIn(await service.turn(AL, asked('password.finish', await change())));
    await expect(service.ask(AL, al.finishLoginCommand(answer.login, finish ?? ''))).rejects.toThrow('login_failed');
  });

  test('asked for twice is answered twice and done once', async () => {
    const command = asked('password.finish', await change());
    const first = await service.turn(AL, command);
    await service.restart();
    expect(await service.turn(AL, command)).toEqual(first);
    expect((await service.store.load(AL))?.version).toBe(2);
  });

  test('whose write fails changes nothing at all', async () => {
    const fields = await change();
    service.failNextWrite = new Conflict('injected');
    await expect(service.turn(AL, asked('password.finish', fields))).rejects.toThrow('injected');
    expect(await al.login()).toMatchObject({ vault: al.vault, length: 1 });
    expect((await al.startLogin(NEW)).finish).toBeUndefined();
  });

  test('that another change overtook is stale', async () => {
    const fields = await change();
    const elsewhere = asked('log.append', { address: AL, entry: al.enrolEntry(new Device()) });
    const { messages } = await service.turn(AL, elsewhere, asked('password.finish', fields));
    expect(messages).toMatchObject([{ type: 'answer' }, { code: 'stale_log' }]);
    expect(await al.login()).toMatchObject({ vault: al.vault });
  });

  test('is refused if its entry names another record, vault or version, or is not the identity’s', async () => {
    const fields = await change();
    const { entry } = fields;
    const stranger = new Person(service, AL);
    stranger.log = al.log;
    const skipped = new Person(service, AL);
    skipped.log = al.log && { ...al.log, passwordVersion: 1 };
    const turn = async (changes: Partial<typeof fields>) =>
      (await service.turn(AL, asked('password.finish', { ...fields, ...changes }))).messages;
    expect(await turn({ vault: 'AAAA' })).toMatchObject([{ code: 'bad_request' }]);
    expect(await turn({ record: 'A'.repeat(256) })).toMatchObject([{ code: 'bad_request' }]);
    expect(await turn({ entry: al.enrolEntry(new Device()) })).toMatchObject([{ code: 'bad_request' }]);
    expect(
      await turn({ entry: { ...entry, signature: stranger.passwordEntry(fields.record, fields.vault).signature } }),
    ).toMatchObject([{ code: 'bad_signature' }]);
    expect(await turn({ entry: skipped.passwordEntry(fields.record, fields.vault) })).toMatchObject([
      { code: 'bad_signature' },
    ]);
    expect(await al.login()).toMatchObject({ vault: al.vault, length: 1 });
  });

  test('needs an account', async () => {
    const start = asked('password.start', { request: 'AAAA' });
    expect((await service.turn('no@localhost', start)).messages).toMatchObject([{ code: 'unknown_user' }]);
  });
});
