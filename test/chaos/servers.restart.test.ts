// The whole of it in one run: services, RabbitMQ and the store killed under traffic. It runs when no other test uses these servers.
import { expect, test } from 'vitest';
import { control, describeOnAll, restartable } from '../services.fixture.ts';
import { SERVICES } from '../stack.fixture.ts';
import { chaos, KILLS, stopped } from './distributed.ts';
import { MESSAGES, RUN_MAX_MS, SEEDS } from './form.ts';

const killAndStart = (name: 'rabbitmq' | 'ferretdb') => async (): Promise<void> => {
  await control('kill', name);
  await control('start', name);
};

describeOnAll('a distributed deployment and its servers', (urls) => {
  test.skipIf(!restartable && process.env.REQUIRE_SERVICES !== '1').each(SEEDS)(
    `${MESSAGES} messages over kill -9 of each service, of RabbitMQ and of the store, and one of each that stands still: each arrives once, in order (seed %i)`,
    async (seed) => {
      const events = [...KILLS, killAndStart('rabbitmq'), killAndStart('ferretdb'), stopped(...SERVICES)];
      expect(await chaos(urls, seed, events)).toMatchObject({ seed, faults: [] });
    },
    RUN_MAX_MS,
  );
});
