import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientFrame } from '#protocol/frames/client.ts';
import { MINUTE_MS } from '#protocol/limits.ts';
import { Conflict } from '#runtime/store/database.ts';
import { Device, Person } from './person.fixture.ts';
import { Refused, Service } from './service.fixture.ts';

const AL = 'al@localhost';
const NOBODY = 'nobody@localhost';
const WRONG = 'not the password';

async function refusal(attempt: Promise<unknown>): Promise<Refused> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Refused)) throw new Error(`not refused: ${error}`);
  return error;
}

describe('signing in', () => {
  let service: Service;
  let al: Person;
  beforeEach(async () => {
    service = await Service.open();
    al = await Person.signedUp(service, AL);
  });
  afterEach(() => service.close());

  test('with the password gives vault and account log; without it the client already knows', async () => {
    const answer = await al.login();
    expect(answer).toEqual({ vault: al.vault, entries: [expect.anything()], length: 1 });
    expect((await al.startLogin(WRONG)).finish).toBeUndefined();
  });

  test('gives the first page of a long log', async () => {
    for (let i = 0; i < 40; i += 1) {
      const device = new Device();
      await al.append(al.enrolEntry(device));
      await al.append(al.revokeEntry(device));
    }
    const answer = await al.login();
    expect([answer.entries.length, answer.length]).toEqual([64, 81]);
  });

  test.each([null, undefined, '', 0, true, [], {}, { $gt: '' }])(
    'with %j in place of a proof is no frame at all',
    (finish) => {
      const frame = { type: 'login.finish', id: 1, address: AL, login: 'AAAAAAAAAAAAAAAAAAAAAA==', finish };
      expect(clientFrame.safeParse(frame).success).toBe(false);
      expect(clientFrame.safeParse({ ...frame, finish: 'AAAA' }).success).toBe(true);
      expect(clientFrame.safeParse({ type: 'login.start', id: 1, address: AL, request: finish }).success).toBe(false);
    },
  );

  test('with a proof that is none, of another password, of another sign-in or none at all, fails and ends that sign-in', async () => {
    const proof = (await al.startLogin()).finish ?? '';
    const other = await Person.signedUp(service, 'bo@localhost', WRONG);
    const theirs = await other.startLogin();
    const attempts = ['AAAA', 'A'.repeat(proof.length), theirs.finish ?? ''];
    for (const finish of attempts) {
      const { answer } = await al.startLogin();
      expect((await refusal(service.ask(AL, al.finishLoginCommand(answer.login, finish)))).code).toBe('login_failed');
      service.now += MINUTE_MS;
    }
    const ended = await al.startLogin();
    await refusal(service.ask(AL, al.finishLoginCommand(ended.answer.login, 'AAAA')));
    expect((await refusal(service.ask(AL, al.finishLoginCommand(ended.answer.login, ended.finish ?? '')))).code).toBe(
      'login_failed',
    );
  });

  test('that this owner knows nothing of is to be started anew, and nobody learns more than that', async () => {
    const nobody = new Person(service, NOBODY);
    const other = await Person.signedUp(service, 'bo@localhost', WRONG);
    const { answer, finish = '' } = await al.startLogin();
    const said = [
      await refusal(service.ask(AL, al.finishLoginCommand('AAAAAAAAAAAAAAAAAAAAAA==', finish))),
      await refusal(service.ask('bo@localhost', other.finishLoginCommand(answer.login, finish))),
      await refusal(service.ask(NOBODY, nobody.finishLoginCommand(answer.login, finish))),
    ];
    expect(said.map(({ code }) => code)).toEqual(['unavailable', 'unavailable', 'unavailable']);
    expect(new Set(said.map(({ message }) => message)).size).toBe(1);
    expect(await service.ask(AL, al.finishLoginCommand(answer.login, finish))).toMatchObject({ vault: al.vault });
  });

  test('cut by a hand-over is no wrong password: the next owner says to start anew, and counts the try until one succeeds', async () => {
    const { answer, finish = '' } = await al.startLogin();
    expect(answer.triesLeft).toBe(2);
    const giveBack = service.handOver();
    const cut = await refusal(service.ask(AL, al.finishLoginCommand(answer.login, finish)));
    expect(cut.code).toBe('unavailable');
    const again = await al.startLogin();
    expect(again.answer.triesLeft).toBe(1);
    giveBack();
    expect((await refusal(service.ask(AL, al.finishLoginCommand(again.answer.login, again.finish ?? '')))).code).toBe(
      'unavailable',
    );
    expect(await service.ask(AL, al.finishLoginCommand(answer.login, finish))).toMatchObject({ vault: al.vault });
    expect((await al.startLogin()).answer.triesLeft).toBe(2);
  });

  test('begun and cut over and over waits like any other', async () => {
    for (let i = 0; i < 3; i += 1) {
      const { answer, finish = '' } = await al.startLogin();
      service.handOver();
      await refusal(service.ask(AL, al.finishLoginCommand(answer.login, finish)));
    }
    expect((await refusal(al.startLogin())).code).toBe('too_many_tries');
  });

  test('takes at most a minute from start to finish', async () => {
    const { answer, finish } = await al.startLogin();
    service.now += MINUTE_MS + 1;
    expect((await refusal(service.ask(AL, al.finishLoginCommand(answer.login, finish ?? '')))).code).toBe(
      'unavailable',
    );
  });

  test('finished twice is answered twice, also when the first turn lost its write', async () => {
    const { answer, finish } = await al.startLogin();
    const command = al.finishLoginCommand(answer.login, finish ?? '');
    service.failNextWrite = new Conflict('injected');
    await expect(service.ask(AL, command)).rejects.toBeInstanceOf(Conflict);
    const first = await service.ask(AL, command);
    expect(first).toMatchObject({ vault: al.vault });
    expect(await service.ask(AL, command)).toEqual(first);
  });

  test('is answered alike for a name that nobody has', async () => {
    const nobody = new Person(service, NOBODY);
    const [known, unknown] = [await al.startLogin(WRONG), await nobody.startLogin(WRONG)];
    expect(Object.keys(unknown.answer)).toEqual(Object.keys(known.answer));
    expect(unknown.answer.response.length).toBe(known.answer.response.length);
    expect(unknown.answer.triesLeft).toBe(known.answer.triesLeft);
    expect([known.finish, unknown.finish]).toEqual([undefined, undefined]);
    const finishes = [
      await refusal(service.ask(AL, al.finishLoginCommand(known.answer.login, 'AAAA'))),
      await refusal(service.ask(NOBODY, nobody.finishLoginCommand(unknown.answer.login, 'AAAA'))),
    ];
    expect(finishes[1]?.message).toBe(finishes[0]?.message);
    for (const person of [al, nobody]) {
      await person.startLogin(WRONG);
      expect((await person.startLogin(WRONG)).answer.triesLeft).toBe(0);
      expect((await refusal(person.startLogin(WRONG))).message).toBe(
        'too_many_tries: Too many tries. Try again in 5 seconds.',
      );
    }
    expect(await service.store.load(NOBODY)).toBeUndefined();
  });

  test('leaves a name that nobody has free', async () => {
    await new Person(service, NOBODY).startLogin(WRONG);
    const person = await Person.signedUp(service, NOBODY);
    expect((await person.startLogin()).answer.triesLeft).toBe(2);
  });
});

describe('tries', () => {
  let service: Service;
  let al: Person;
  beforeEach(async () => {
    service = await Service.open({ triesPerSource: 5 });
    al = await Person.signedUp(service, AL);
  });
  afterEach(() => service.close());

  async function failThrice(person: Person, source?: string): Promise<number[]> {
    const left: number[] = [];
    for (let i = 0; i < 3; i += 1) left.push((await person.startLogin(WRONG, source)).answer.triesLeft);
    return left;
  }

  test('are three, then the right password has to wait as well, longer each time', async () => {
    expect(await failThrice(al)).toEqual([2, 1, 0]);
    for (const wait of [5_000, 10_000, 20_000]) {
      const refused = await refusal(al.startLogin());
      expect([refused.code, refused.retryAfterMs]).toEqual(['too_many_tries', wait]);
      service.now += wait;
      await al.startLogin(WRONG, `192.0.2.${wait / 1_000}`);
    }
  });

  test('count from their start: a client that never finishes gains nothing', async () => {
    for (let i = 0; i < 3; i += 1) await al.startLogin();
    expect((await refusal(al.startLogin())).code).toBe('too_many_tries');
  });

  test('of an account are forgotten once somebody proves its password', async () => {
    await al.startLogin(WRONG);
    await al.startLogin(WRONG);
    await al.login();
    expect((await al.startLogin(WRONG)).answer.triesLeft).toBe(2);
  });

  test.each([AL, NOBODY])('outlive a restart (%s)', async (address) => {
    const person = address === AL ? al : new Person(service, address);
    await failThrice(person);
    await service.restart();
    expect(await refusal(person.startLogin())).toMatchObject({ code: 'too_many_tries', retryAfterMs: 5_000 });
  });

  test('count by source as well, over all names', async () => {
    const names = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map((name) => new Person(service, `${name}@localhost`));
    for (const person of names.slice(0, 5)) await person.startLogin(WRONG, '198.51.100.7');
    const last = names[5] ?? al;
    expect(await refusal(last.startLogin(WRONG, '198.51.100.7'))).toMatchObject({
      code: 'too_many_tries',
      retryAfterMs: 2_000,
    });
    expect((await last.startLogin(WRONG, '198.51.100.8')).answer.triesLeft).toBe(2);
  });

  test('that were refused by the account do not count against the source', async () => {
    await failThrice(al);
    for (let i = 0; i < 10; i += 1) await refusal(al.startLogin());
    expect((await new Person(service, NOBODY).startLogin()).answer.triesLeft).toBe(2);
  });

  test('never disturb a device that is signed in', async () => {
    await failThrice(al);
    expect(await service.ask(AL, al.sessionCommand())).toEqual({});
  });

  test('after a clock that was years ahead cost one delay, not years', async () => {
    service.now += 3 * 365 * 86_400_000;
    await failThrice(al);
    service.now -= 3 * 365 * 86_400_000;
    expect(await refusal(al.startLogin())).toMatchObject({ retryAfterMs: 5_000 });
    service.now += 5_000;
    expect((await al.startLogin()).answer.triesLeft).toBe(0);
  });
});
