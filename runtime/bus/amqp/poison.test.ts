// A command that kills whoever runs it, on a real broker and a real store.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { InboxMessage } from '#protocol/commands.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/mongo.fixture.ts';
import { describeOn } from '../../../test/services.fixture.ts';
import type { Keyed } from '../../store/mongo.ts';
import type { AmqpBus } from './amqp-bus.ts';
import { Deployment } from './broker.fixture.ts';
import { Mortal, message, POISON } from './poison.fixture.ts';

/** It comes back five times with its frame, is noted, and is known the next time. */
const DEATHS_MAX = 6;
/** It starts seven processes one after the other, each of which connects to both servers. */
const STARTS_MAX_MS = 300_000;
const AL = 'al@localhost';

describeOn('AMQP', 'a command that kills its process', (amqpUrl) => {
  describeOn('MONGO', 'and is noted in MongoDB', (mongoServer) => {
    let place: Deployment;
    let database: TestDatabase;
    let sender: AmqpBus;
    let mortal: Mortal;
    const answers = new Map<number, InboxMessage>();
    let wake = (): void => {};

    beforeEach(async () => {
      place = new Deployment(amqpUrl);
      database = await openTestDatabase(mongoServer);
      sender = await place.make();
      sender.onMessage({
        message: (heard) => {
          if ('re' in heard) answers.set(heard.re, heard);
          wake();
        },
      });
      await sender.start();
      mortal = new Mortal(amqpUrl, place.prefix, database.url);
    });
    afterEach(async () => {
      await mortal.end();
      await place.dispose();
      await database.close();
    });

    const answered = async (...numbers: number[]): Promise<void> => {
      while (!numbers.every((re) => answers.has(re))) await new Promise<void>((resolve) => (wake = resolve));
    };

    test(
      'is put aside after some deaths and its sender told; the rest of its frame and its partition go on',
      async () => {
        const reply = (re: number) => ({ inbox: sender.inbox, re });
        await sender.publish([
          message(AL, 'before', reply(1)),
          message(AL, POISON, reply(2)),
          message(AL, 'after', reply(3)),
        ]);
        await sender.publish([message(AL, 'later', reply(4))]);
        await answered(1, 2, 3, 4);
        expect(answers.get(2)).toMatchObject({ type: 'refusal', code: 'rejected' });
        for (const re of [1, 3, 4]) expect(answers.get(re)).toMatchObject({ type: 'answer' });
        expect(mortal.starts).toBe(DEATHS_MAX + 1);
        const kept = await database.mongo.collection('quarantine').find().toArray();
        expect(kept).toMatchObject([{ kind: 'mailbox', key: AL, command: expect.stringContaining(POISON) }]);
        await sender.publish([message(AL, 'much later', reply(5))]);
        await answered(5);
        expect(mortal.starts).toBe(DEATHS_MAX + 1);
        expect(await database.mongo.collection<Keyed>('suspect').find().toArray()).toEqual([]);
      },
      STARTS_MAX_MS,
    );
  });
});
