// What only some can reach: RabbitMQ, which one gateway is cut off from, and NATS, which everybody is.
import { expect, test } from 'vitest';
import { openCut } from '../cut.fixture.ts';
import { describeOnAll } from '../services.fixture.ts';
import { chaos, cut } from './distributed.ts';
import { MESSAGES, RUN_MAX_MS, SEEDS } from './form.ts';

describeOnAll('a distributed deployment', (urls) => {
  test.each(SEEDS)(
    `${MESSAGES} messages while half the people’s gateway is cut off from RabbitMQ, at once and in silence, and NATS is away: each arrives once, in order (seed %i)`,
    async (seed) => {
      const [amqp, nats] = [await openCut(urls.AMQP), await openCut(urls.NATS)];
      try {
        const events = [cut(amqp, 'cut'), cut(amqp, 'freeze'), cut(nats, 'cut')];
        const outcome = await chaos({ ...urls, NATS: nats.url }, seed, events, async (stack) => [
          await stack.furtherGateway(amqp.url),
          stack.url,
        ]);
        expect(outcome).toMatchObject({ seed, faults: [] });
      } finally {
        await Promise.all([amqp.close(), nats.close()]);
      }
    },
    RUN_MAX_MS,
  );
});
