// RabbitMQ killed and started again. These files run after all others (vitest.config.ts): everybody shares the servers.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { control, describeOn, restartable } from '../../../test/services.fixture.ts';
import { command, Recorder } from '../bus.contract.ts';
import { Deployment, PARTITIONS, publishAgain } from './broker.fixture.ts';
import { FairClock } from './fair-clock.fixture.ts';

describeOn('AMQP', 'a restart of RabbitMQ', (url) => {
  let place: Deployment;
  beforeEach(() => {
    place = new Deployment(url);
  });
  afterEach(() => place.dispose());

  test.skipIf(!restartable && process.env.REQUIRE_SERVICES !== '1')(
    'a broker that is killed and started loses nothing that it confirmed; everybody is back without help',
    async () => {
      const bus = await place.make();
      const recorder = new Recorder();
      recorder.settling = true;
      bus.consume('mailbox', recorder);
      await bus.start();
      const sender = await place.make();
      let renewals = 0;
      sender.onMessage({ message: () => {}, renewed: () => (renewals += 1) });
      await sender.start();
      await recorder.when(() => recorder.owned.size === PARTITIONS);
      await new Promise((resolve) => setTimeout(resolve, 1_100)); // RabbitMQ remembers a queue that is a second old
      const confirmed: number[] = [];
      let publishing = true;
      const traffic = (async () => {
        for (let n = 0; publishing; n += 1) {
          await publishAgain(sender, command('al@localhost', n));
          confirmed.push(n);
        }
      })();
      await recorder.until(100);
      await control('kill', 'rabbitmq');
      await control('start', 'rabbitmq');
      const before = confirmed.length;
      const clock = await FairClock.open(url);
      const back = await clock.measure(() => recorder.when(() => confirmed.length > before + 10 && renewals > 0));
      await clock.close();
      expect(back).toBeLessThan(10_000);
      publishing = false;
      await traffic;
      await recorder.when(() => confirmed.every((n) => recorder.lengths.includes(n)));
      expect([bus.awayMs, sender.awayMs]).toEqual([0, 0]);
    },
  );
});
