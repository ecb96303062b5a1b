import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accountDeletionBytes } from '#protocol/account-entry.ts';
import { START as FIRST } from '#protocol/envelope.ts';
import { Device, Person, signLabelled } from './person.fixture.ts';
import { asked, Service } from './service.fixture.ts';

const AL = 'al@localhost';

describe('deleting an account', () => {
  let service: Service;
  let al: Person;
  beforeEach(async () => {
    service = await Service.open();
    al = await Person.signedUp(service, AL);
  });
  afterEach(() => service.close());

  const deletion = (signer = al.identity, position = al.log?.position ?? FIRST) =>
    asked('account.delete', { signature: signLabelled('account-delete', accountDeletionBytes(AL, position), signer) });

  test('leaves nothing but the taken name, and tells the mailbox', async () => {
    const { messages, effects } = await service.turn(AL, deletion());
    expect(messages).toMatchObject([{ type: 'answer', answer: {} }]);
    expect(effects).toEqual([
      { kind: 'mailbox', key: AL, command: { type: 'account', length: 2, devices: [], deleted: true } },
    ]);
    await service.restart();
    expect((await service.store.load(AL))?.value).toEqual({ status: 'deleted', length: 2 });
    await expect(service.ask(AL, al.sessionCommand())).rejects.toThrow('unknown_user');
    await expect(new Person(service, AL).signUpCommand()).rejects.toThrow('name_taken');
    const get = asked('log.get', { address: AL, after: 0 });
    expect((await service.turn(AL, get)).messages).toMatchObject([{ code: 'unknown_user' }]);
  });

  test('makes sign-ins answer as for a name that nobody has', async () => {
    await service.turn(AL, deletion());
    const { answer, finish } = await al.startLogin();
    expect(answer).toMatchObject({ triesLeft: 2 });
    expect(finish).toBeUndefined();
  });

  test('asked for twice is answered twice', async () => {
    const command = deletion();
    const first = await service.turn(AL, command);
    await service.restart();
    expect(await service.turn(AL, command)).toEqual(first);
  });

  test('is refused if another identity signed, or the log has grown since', async () => {
    const early = deletion();
    const stranger = deletion(new Person(service, AL).identity);
    await al.append(al.enrolEntry(new Device()));
    const { messages, effects } = await service.turn(AL, early, stranger);
    expect(messages).toMatchObject([{ code: 'bad_signature' }, { code: 'bad_signature' }]);
    expect(effects).toEqual([]);
    expect(await al.login()).toMatchObject({ vault: al.vault });
  });
});
