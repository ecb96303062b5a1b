import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Conflict } from '#runtime/store/database.ts';
import {
  INVITATION_NONCE_BYTES,
  INVITATION_SECRET_BYTES,
  type InvitationKey,
  writeInvitation,
} from './invitation-code.ts';
import { Device, Person } from './person.fixture.ts';
import { answerIn, asked, DOMAIN, Service, START } from './service.fixture.ts';

const AL = 'al@localhost';

describe('signing up', () => {
  let service: Service;
  beforeEach(async () => {
    service = await Service.open();
  });
  afterEach(() => service.close());

  test('makes the account, and tells the mailbox of its device before it answers', async () => {
    const al = new Person(service, AL);
    const { messages, effects } = await service.turn(AL, await al.signUpCommand());
    expect(messages).toMatchObject([{ type: 'answer', answer: {} }]);
    expect(effects).toEqual([
      {
        kind: 'mailbox',
        key: AL,
        command: { type: 'account', length: 1, devices: [al.device.name], deleted: false },
      },
    ]);
    await service.restart();
    expect(await al.login()).toMatchObject({ vault: al.vault, length: 1 });
  });

  test('of a taken name is refused, at the start and at the finish', async () => {
    const [first, second] = [new Person(service, AL), new Person(service, AL)];
    const commands = [await first.signUpCommand(), await second.signUpCommand()] as const;
    const { messages } = await service.turn(AL, ...commands);
    expect(messages).toMatchObject([{ type: 'answer' }, { type: 'refusal', code: 'name_taken' }]);
    await expect(second.signUpCommand()).rejects.toThrow('name_taken');
    expect(await first.login()).toMatchObject({ vault: first.vault });
  });

  test('asked for twice is answered twice and done once', async () => {
    const command = await new Person(service, AL).signUpCommand();
    const first = await service.turn(AL, command);
    const second = await service.turn(AL, command);
    await service.restart();
    const third = await service.turn(AL, command);
    expect([second, third]).toEqual([first, first]);
    expect((await service.store.load(AL))?.version).toBe(1);
  });

  test('with the public first entry of somebody else and another password is refused', async () => {
    const command = await new Person(service, AL).signUpCommand();
    await service.turn(AL, command);
    const other = { ...command, frame: { ...command.frame, vault: 'AAAA' } };
    expect((await service.turn(AL, other)).messages).toMatchObject([{ code: 'name_taken' }]);
  });

  test('by two owners at once makes one account', async () => {
    const [first, second] = [new Person(service, AL), new Person(service, AL)];
    const firstCommand = await first.signUpCommand();
    const other = await service.actor(AL, { fresh: true });
    const plan = await other.turn([{ command: await second.signUpCommand() }], service.now);
    await service.turn(AL, firstCommand);
    await expect(service.write(AL, plan.writes ?? [])).rejects.toBeInstanceOf(Conflict);
    expect(await first.login()).toMatchObject({ vault: first.vault });
  });

  test('whose write fails leaves the name free, and works when it is asked for again', async () => {
    const al = new Person(service, AL);
    const command = await al.signUpCommand();
    service.failNextWrite = new Conflict('injected');
    await expect(service.turn(AL, command)).rejects.toThrow('injected');
    expect(await service.store.load(AL)).toBeUndefined();
    expect(answerIn(await service.turn(AL, command))).toEqual({});
  });

  test.each([
    [
      'an entry of another address',
      (al: Person) => ({ entry: new Person(al.service, 'bo@localhost').enrolEntry(al.device) }),
      'bad_signature',
    ],
    [
      'no countersignature',
      (al: Person) => ({ entry: { ...al.enrolEntry(al.device), countersignature: undefined } }),
      'bad_signature',
    ],
    [
      'a countersignature of another device',
      (al: Person) => {
        const entry = al.enrolEntry(al.device);
        return { entry: { ...entry, countersignature: al.enrolEntry(new Device()).signature } };
      },
      'bad_signature',
    ],
    [
      'a signature of another identity',
      (al: Person) => {
        const entry = al.enrolEntry(al.device);
        return { entry: { ...entry, signature: new Person(al.service, AL).enrolEntry(al.device).signature } };
      },
      'bad_signature',
    ],
    ['a first entry that enrols nothing', (al: Person) => ({ entry: al.revokeEntry(al.device) }), 'bad_signature'],
    [
      'bytes that are no entry',
      (al: Person) => ({ entry: { ...al.enrolEntry(al.device), entry: 'AAAA' } }),
      'bad_request',
    ],
    [
      'a device key of small order',
      (al: Person) => {
        const entry = al.enrolEntry(al.device);
        const bytes = Buffer.from(entry.entry, 'base64');
        bytes.fill(0, bytes.length - 4 - 1 - 64, bytes.length - 4 - 1 - 32); // X25519 key ‖ Ed25519 key ‖ u32 count ‖ u8 suite
        return { entry: { ...entry, entry: bytes.toString('base64') } };
      },
      'bad_request',
    ],
    ['a record that is none', () => ({ record: 'A'.repeat(256) }), 'bad_request'],
    ['a record with bytes behind it', () => ({ record: 'A'.repeat(260) }), 'bad_request'],
  ])('with %s is refused, and the name stays free', async (_, change, code) => {
    const al = new Person(service, AL);
    const command = await al.signUpCommand(change(al));
    expect((await service.turn(AL, command)).messages).toMatchObject([{ type: 'refusal', code }]);
    expect(await service.store.load(AL)).toBeUndefined();
  });

  test('at an actor of another address is refused', async () => {
    const command = await new Person(service, AL).signUpCommand();
    expect((await service.turn('bo@localhost', command)).messages).toMatchObject([{ code: 'bad_request' }]);
  });
});

describe('who may sign up', () => {
  const DAY_MS = 86_400_000;
  const key: InvitationKey = { domain: DOMAIN, secret: randomBytes(INVITATION_SECRET_BYTES) };
  const invite = (expiresAt = START + DAY_MS): string =>
    writeInvitation(key, randomBytes(INVITATION_NONCE_BYTES), expiresAt);
  let service: Service;
  afterEach(() => service.close());
  const finish = async (address: string, invitation?: string) => {
    const person = new Person(service, address);
    return (await service.turn(address, await person.signUpCommand(invitation === undefined ? {} : { invitation })))
      .messages;
  };
  const refusedAs = (sentence: RegExp) => [
    { type: 'refusal', code: 'invitation_required', message: expect.stringMatching(sentence) },
  ];

  test('nobody, on a closed server', async () => {
    service = await Service.open({ signUp: { policy: 'closed' } });
    const start = asked('signup.start', { address: AL, request: 'AAAA' });
    expect((await service.turn(AL, start)).messages).toMatchObject([{ code: 'sign_up_closed' }]);
  });

  test('whoever has an invitation, once, however it is typed', async () => {
    service = await Service.open({ signUp: { policy: 'invitation', key } });
    const [one, two] = [invite(), invite()];
    expect(await finish('no@localhost')).toMatchObject(refusedAs(/wants a valid invitation/));
    expect(await finish('no@localhost', 'swordfish')).toMatchObject(refusedAs(/no invitation of this server/));
    expect(await finish(AL, one)).toMatchObject([{ type: 'answer' }]);
    for (const typed of [one, one.toUpperCase(), one.replaceAll('-', ' '), ` ${one.replaceAll('-', '')}`]) {
      expect(await finish('bo@localhost', typed)).toMatchObject(refusedAs(/used already/));
    }
    await service.restart();
    expect(await finish('bo@localhost', one)).toMatchObject(refusedAs(/used already/));
    expect(await finish('bo@localhost', two.toUpperCase())).toMatchObject([{ type: 'answer' }]);
  });

  test('nobody whose invitation has expired, to the second', async () => {
    service = await Service.open({ signUp: { policy: 'invitation', key } });
    const [late, early] = [invite(), invite()];
    service.now = START + DAY_MS - 1;
    expect(await finish(AL, early)).toMatchObject([{ type: 'answer' }]);
    service.now = START + DAY_MS;
    expect(await finish('bo@localhost', late)).toMatchObject(refusedAs(/expired at 2027-01-16 08:00 UTC/));
    expect(await finish('bo@localhost', early)).toMatchObject(refusedAs(/used already/));
  });

  test('nobody whose invitation was signed with another key, or for another domain', async () => {
    service = await Service.open({ signUp: { policy: 'invitation', key } });
    const nonce = randomBytes(INVITATION_NONCE_BYTES);
    for (const another of [
      { ...key, domain: 'elsewhere.example' },
      { ...key, secret: randomBytes(INVITATION_SECRET_BYTES) },
    ]) {
      for (const expiresAt of [START - DAY_MS, START + DAY_MS]) {
        const code = writeInvitation(another, nonce, expiresAt);
        expect(await finish(AL, code)).toMatchObject(refusedAs(/no invitation of this server/));
      }
    }
  });

  test('whoever may not learns nothing about names', async () => {
    service = await Service.open({ signUp: { policy: 'invitation', key } });
    const one = invite();
    const command = await new Person(service, AL).signUpCommand({ invitation: one });
    await service.turn(AL, command);
    for (const code of [undefined, 'swordfish', one, invite(START)]) {
      expect(await finish(AL, code)).toMatchObject([{ code: 'invitation_required' }]);
    }
    expect(await finish(AL, invite())).toMatchObject([{ code: 'name_taken' }]);
    expect((await service.turn(AL, command)).messages).toMatchObject([{ type: 'answer' }]);
    const closed = await Service.open({ signUp: { policy: 'closed' } });
    const late = { ...command, frame: { ...command.frame, invitation: undefined } };
    expect((await closed.turn(AL, late)).messages).toMatchObject([{ code: 'sign_up_closed' }]);
    await closed.close();
  });

  test('one of two who use an invitation at the same time', async () => {
    service = await Service.open({ signUp: { policy: 'invitation', key } });
    const one = invite();
    const command = await new Person(service, 'bo@localhost').signUpCommand({ invitation: one.toUpperCase() });
    const bo = await service.actor('bo@localhost', { fresh: true });
    const plan = await bo.turn([{ command }], service.now);
    expect(await finish(AL, one)).toMatchObject([{ type: 'answer' }]);
    await expect(service.write('bo@localhost', plan.writes ?? [])).rejects.toBeInstanceOf(Conflict);
    expect((await service.turn('bo@localhost', command)).messages).toMatchObject(refusedAs(/used already/));
  });
});
