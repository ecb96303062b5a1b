// The account actor on the host and bus that it runs on; each decision has its own test beside it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountRequest, Addressed, InboxMessage } from '#protocol/commands.ts';
import { ActorHost } from '#runtime/actors/host.ts';
import { Journal } from '#runtime/bus/journal.ts';
import { JournalStore, journalSchema } from '#runtime/bus/journal-store.ts';
import { LocalSignals } from '#runtime/signals.ts';
import type { Database } from '#runtime/store/database.ts';
import { openDatabase } from '#runtime/store/sqlite.ts';
import { Device, Person } from './person.fixture.ts';
import { asked, Service, START } from './service.fixture.ts';
import type { AccountWrite } from './store.ts';

const AL = 'al@localhost';

describe('account actors on the embedded bus', () => {
  let folder: string;
  let database: Database;
  let bus: Journal;
  let host: ActorHost<'account', AccountWrite>;
  let service: Service;
  let toMailboxes: Addressed[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-auth-'));
    database = await openDatabase({ file: join(folder, 'journal.db'), schema: journalSchema });
    bus = new Journal({ store: new JournalStore(database), partitions: 16, epoch: 1 });
    service = await Service.open();
    toMailboxes = [];
    bus.consume('mailbox', {
      deliver(deliveries) {
        for (const delivery of deliveries) {
          toMailboxes.push(delivery.to);
          delivery.settle();
        }
      },
      told: () => true,
      gained() {},
      lost() {},
      handOver: async () => {},
      undecidedSince: () => new Map(),
      gone() {},
    });
    host = new ActorHost({
      type: service.actors,
      bus,
      signals: new LocalSignals(),
      log: pino({ enabled: false }),
      now: () => START,
      observer: { turn() {}, repeated() {}, quarantined() {} },
      quarantine: { keep: (_, reason) => Promise.reject(new Error(reason)) },
    });
    await bus.start();
  });
  afterEach(async () => {
    await host.stop();
    await bus.close();
    await database.close();
    await service.close();
    rmSync(folder, { recursive: true });
  });

  async function answerTo(command: AccountRequest): Promise<InboxMessage> {
    const answered = new Promise<InboxMessage>((resolve) => bus.onMessage({ message: resolve }));
    const reply = { ...command.reply, inbox: bus.inbox };
    await bus.publish([{ kind: 'account', key: AL, command: { ...command, reply } }]);
    return answered;
  }

  test('the mailbox has heard of the account when the sign-up is answered', async () => {
    const al = new Person(service, AL);
    expect(await answerTo(await al.signUpCommand())).toMatchObject({ type: 'answer', answer: {} });
    expect(toMailboxes).toEqual([
      { kind: 'mailbox', key: AL, command: { type: 'account', length: 1, devices: [al.device.name], deleted: false } },
    ]);
  });

  test('an owner that another overtook loads again, and answers by what is there', async () => {
    const al = await Person.signedUp(service, AL);
    expect(await answerTo(al.sessionCommand())).toMatchObject({ type: 'answer' });
    const stale = asked('log.append', { address: AL, entry: al.enrolEntry(new Device()) });
    await al.append(al.enrolEntry(new Device()));
    expect(await answerTo(stale)).toMatchObject({ type: 'refusal', code: 'stale_log' });
    expect(toMailboxes).toEqual([]);
    const next = asked('log.append', { address: AL, entry: al.enrolEntry(new Device()) });
    expect(await answerTo(next)).toMatchObject({ type: 'answer', answer: {} });
    expect(toMailboxes).toMatchObject([{ command: { type: 'account', length: 3 } }]);
  });
});
