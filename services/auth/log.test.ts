import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountRequest } from '#protocol/commands.ts';
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import { ACCOUNT_LOG_MAX_ENTRIES, DEVICES_MAX } from '#protocol/limits.ts';
import { Conflict } from '#runtime/store/database.ts';
import { Device, Person } from './person.fixture.ts';
import { answerIn, asked, Service } from './service.fixture.ts';

const AL = 'al@localhost';

describe('the account log', () => {
  let service: Service;
  let al: Person;
  beforeEach(async () => {
    service = await Service.open();
    al = await Person.signedUp(service, AL);
  });
  afterEach(() => service.close());

  const append = (entry: SignedEntryText) => asked('log.append', { address: AL, entry });
  const page = async (after: number) => {
    const command = asked('log.get', { address: AL, after }) as AccountRequest & { type: 'log.get' }; // by its first argument
    return service.ask(AL, command);
  };

  test('is read in pages by anybody', async () => {
    for (let i = 0; i < 35; i += 1) {
      const device = new Device();
      await al.append(al.enrolEntry(device));
      await al.append(al.revokeEntry(device));
    }
    const pages = [await page(0), await page(64), await page(71), await page(1_000)];
    expect(pages.map(({ entries, length }) => [entries.length, length])).toEqual([
      [64, 71],
      [7, 71],
      [0, 71],
      [0, 71],
    ]);
    const nobody = asked('log.get', { address: 'no@localhost', after: 0 });
    expect((await service.turn('no@localhost', nobody)).messages).toMatchObject([{ code: 'unknown_user' }]);
  });

  test('is not extended for a name that nobody has, and the refusals are those of a name that somebody has', async () => {
    const stranger = (address: string) => {
      const { entry, signature, countersignature } = new Person(service, address).enrolEntry(new Device());
      return [
        { entry, signature, countersignature },
        { entry, signature },
        { entry: 'AAAA', signature },
      ].map((one) => asked('log.append', { address, entry: one }));
    };
    for (const address of [AL, 'no@localhost']) {
      const { messages } = await service.turn(address, ...stranger(address));
      expect(messages).toMatchObject([{ code: 'stale_log' }, { code: 'stale_log' }, { code: 'bad_request' }]);
    }
  });

  test('is told to the actor of a group that asks for it, past its queue: there, commands wait for the answer', async () => {
    const actor = await service.actor(AL);
    const ask = { type: 'log.tell', group: '#team@localhost', ask: 7 } as const;
    const { told, effects } = await actor.turn([{ command: ask }], service.now);
    const [entry] = (await page(0)).entries;
    const command = { type: 'account', address: AL, ask: 7, log: [entry] };
    expect(told).toEqual([{ kind: 'group', key: ask.group, command }]);
    expect(effects).toBeUndefined();
  });

  test('tells the mailbox which devices are in use after each change', async () => {
    const second = new Device();
    const { effects } = await al.append(al.enrolEntry(second));
    expect(effects).toMatchObject([{ command: { length: 2, devices: [al.device.name, second.name], deleted: false } }]);
    const revoked = await al.append(al.revokeEntry(al.device));
    expect(revoked.effects).toMatchObject([{ command: { length: 3, devices: [second.name] } }]);
  });

  test('takes one of two entries for the same place; the other is stale', async () => {
    const [first, second] = [al.enrolEntry(new Device()), al.enrolEntry(new Device())];
    const { messages } = await service.turn(AL, append(first), append(second));
    expect(messages).toMatchObject([{ type: 'answer' }, { type: 'refusal', code: 'stale_log' }]);
    expect((await page(1)).entries).toEqual([first]);
  });

  test('asked twice for the very same entry answers and tells twice, and has it once', async () => {
    const command = append(al.enrolEntry(new Device()));
    const first = await service.turn(AL, command);
    expect(await service.turn(AL, command)).toEqual(first);
    await service.restart();
    expect(await service.turn(AL, command)).toEqual(first);
    expect((await page(0)).length).toBe(2);
  });

  test('of an owner that another overtook is not written, and the entry is judged again on what is there', async () => {
    const other = await service.actor(AL, { fresh: true });
    const [first, second] = [append(al.enrolEntry(new Device())), append(al.enrolEntry(new Device()))];
    const plan = await other.turn([{ command: second }], service.now);
    await service.turn(AL, first);
    await expect(service.write(AL, plan.writes ?? [])).rejects.toBeInstanceOf(Conflict);
    expect((await service.turn(AL, second)).messages).toMatchObject([{ code: 'stale_log' }]);
  });

  test('whose write fails has not grown', async () => {
    const command = append(al.enrolEntry(new Device()));
    service.failNextWrite = new Conflict('injected');
    await expect(service.turn(AL, command)).rejects.toThrow('injected');
    expect((await page(0)).length).toBe(1);
    answerIn(await service.turn(AL, command));
    expect((await page(0)).length).toBe(2);
  });

  test('refuses what its identity did not sign, and what makes no sense', async () => {
    const device = new Device();
    const entry = al.enrolEntry(device);
    const stranger = new Person(service, AL);
    stranger.log = al.log;
    const refused = [
      append(stranger.enrolEntry(device)),
      append({ ...entry, countersignature: undefined }),
      append(al.enrolEntry(al.device)),
      append(al.revokeEntry(device)),
      append({ ...al.revokeEntry(al.device), countersignature: entry.signature }),
    ];
    const { messages } = await service.turn(AL, ...refused);
    expect(messages).toMatchObject(refused.map(() => ({ type: 'refusal', code: 'bad_signature' })));
    const password = append(al.passwordEntry('AAAA', 'AAAA'));
    const broken = append({ ...entry, entry: 'AAAA' });
    expect((await service.turn(AL, password, broken)).messages).toMatchObject([
      { code: 'bad_request' },
      { code: 'bad_request' },
    ]);
    expect((await page(0)).length).toBe(1);
  });

  test('holds a bounded number of devices in use; one revoked makes room', async () => {
    for (let i = 1; i < DEVICES_MAX; i += 1) await al.append(al.enrolEntry(new Device()));
    await expect(al.append(al.enrolEntry(new Device()))).rejects.toThrow('Revoke one of them first');
    await al.append(al.revokeEntry(al.device));
    await al.append(al.enrolEntry(new Device()));
  });

  test('when nearly full takes no devices any more, but every one can still be revoked', async () => {
    let last = al.device;
    const commands: AccountRequest[] = [];
    const keep = (entry: SignedEntryText) => {
      commands.push(append(entry));
      al.keep(entry);
    };
    while ((al.log?.position.index ?? 0) + 1 < ACCOUNT_LOG_MAX_ENTRIES - DEVICES_MAX - 1) {
      keep(al.revokeEntry(last));
      last = new Device();
      keep(al.enrolEntry(last));
    }
    const { messages } = await service.turn(AL, ...commands);
    expect(messages.every(({ type }) => type === 'answer')).toBe(true);
    await al.append(al.enrolEntry(new Device()));
    await expect(al.append(al.enrolEntry(new Device()))).rejects.toThrow('log_full');
    await al.append(al.revokeEntry(last));
  });
});
