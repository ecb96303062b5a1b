import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Device, Person } from './person.fixture.ts';
import { Service } from './service.fixture.ts';

const AL = 'al@localhost';

describe('a session', () => {
  let service: Service;
  let al: Person;
  beforeEach(async () => {
    service = await Service.open();
    al = await Person.signedUp(service, AL);
  });
  afterEach(() => service.close());

  test('is opened by a device of the account, also after a restart, and touches neither store nor bus', async () => {
    expect(await service.ask(AL, al.sessionCommand())).toEqual({});
    await service.restart();
    const actor = await service.actor(AL);
    expect(actor.turn([{ command: al.sessionCommand() }], service.now)).toEqual({
      tells: [{ inbox: 'inbox', message: expect.objectContaining({ type: 'answer', answer: {} }) }],
      settled: [],
    });
  });

  test('is not opened for another challenge, number, nonce or kind of key than was signed', async () => {
    const command = al.sessionCommand();
    const { frame } = command;
    const other = Buffer.alloc(32, 7).toString('base64');
    const forged = [
      { ...command, challenge: other },
      { ...command, frame: { ...frame, number: 2 } },
      { ...command, frame: { ...frame, nonce: Buffer.alloc(16, 7).toString('base64') } },
      { ...command, frame: { ...frame, signature: Buffer.alloc(64).toString('base64') } },
      al.sessionCommand(al.device, other, new Device()),
    ];
    const { messages } = await service.turn(AL, ...forged);
    expect(messages).toMatchObject(forged.map(() => ({ type: 'refusal', code: 'bad_signature' })));
  });

  test('is not opened for a device that is not in the log', async () => {
    await expect(service.ask(AL, al.sessionCommand(new Device()))).rejects.toThrow('no such device');
  });

  test('is not opened for a revoked device, and still for the others', async () => {
    const second = new Device();
    await al.append(al.enrolEntry(second));
    await al.append(al.revokeEntry(al.device));
    await expect(service.ask(AL, al.sessionCommand())).rejects.toThrow('device_revoked');
    expect(await service.ask(AL, al.sessionCommand(second))).toEqual({});
  });

  test('for a name that nobody has is refused just as for an account without that device', async () => {
    const nobody = new Person(service, 'nobody@localhost');
    const { messages } = await service.turn(nobody.address, nobody.sessionCommand());
    const known = await service.turn(AL, al.sessionCommand(new Device()));
    const refusal = { type: 'refusal', code: 'bad_signature', message: 'There is no such device.' };
    expect([messages, known.messages]).toMatchObject([[refusal], [refusal]]);
  });
});
