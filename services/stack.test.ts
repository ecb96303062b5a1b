// How services that run in processes of their own start, or say why they cannot, and end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { removeQueues } from '#runtime/bus/amqp/removal.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { type Ended, Listening, runToEnd } from '../test/listening.fixture.ts';
import { openTestDatabase } from '../test/mongo.fixture.ts';
import { describeOn, describeOnAll, freshName } from '../test/services.fixture.ts';

const WRONG_SETTING = 2;
const SERVICES = ['auth', 'groups', 'delivery', 'gateway'] as const;
const NOWHERE = 'amqp://127.0.0.1:1';

const stack = join(import.meta.dirname, 'stack.ts');
const main = (service: string): string => join(import.meta.dirname, service, 'main.ts');
const environment = (AMQP: string, MONGO = 'mongodb://127.0.0.1:1', NATS = 'nats://127.0.0.1:1') => ({
  PARLEY_AMQP_URL: AMQP,
  PARLEY_MONGO_URL: MONGO,
  PARLEY_NATS_URL: NATS,
  PARLEY_LOG_LEVEL: 'silent',
  PARLEY_QUEUE_PREFIX: freshName('parley_test'),
});

/** One sentence on stderr that says what to do; nothing else, anywhere. */
function expectSentence({ status, stdout, stderr }: Ended, expected: RegExp): void {
  expect(stderr).toMatch(expected);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/secret|\n\s+at |\.ts:\d/);
  expect({ status, stdout }).toEqual({ status: WRONG_SETTING, stdout: '' });
}

describe('a service that cannot start', () => {
  test.each(SERVICES)('says so and ends: %s with a URL that is none', async (service) => {
    const malformed = environment('http://al:secret@rabbit');
    expectSentence(await runToEnd([main(service)], malformed), /setting amqpUrl begins with http:.*amqp:\/\//);
  });

  test('ends the stack with its status, after its own sentence', async () => {
    const ended = await runToEnd([stack, '--port', '0'], { ...environment(NOWHERE), PARLEY_MONGO_URL: 'mongo' });
    expect(ended.stderr).toMatch(/setting mongoUrl is not a MongoDB URL/);
    expect(ended.stderr).toMatch(
      /The stack ends, because its (auth|groups|delivery|gateway) did not start: see above\.\n$/,
    );
    expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: WRONG_SETTING, stdout: '' });
  });
});

describeOn('AMQP', 'a service whose broker refuses it', (url) => {
  describeOn('MONGO', 'while its store does not', (mongo) => {
    test('says so and ends', async () => {
      const wrong = new URL(url);
      wrong.password = 'secret';
      const ended = await runToEnd([main('delivery')], environment(wrong.href, mongo));
      expectSentence(ended, /refuses the user \w+.*check user, password and virtual host.*data was made with/);
    });
  });
});

describeOn('MONGO', 'a service that has its store and waits for its broker', (mongo) => {
  test('ends at once when it is asked to: it has nothing to hand over', async () => {
    const env = { ...process.env, ...environment(NOWHERE, mongo), PARLEY_LOG_LEVEL: 'warn' };
    const child = spawn(process.execPath, [main('delivery')], { env, stdio: ['ignore', 'inherit', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'close');
    for await (const line of createInterface(child.stderr)) if (line.includes('RabbitMQ is away')) break;
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});

describeOnAll('a stack', (urls) => {
  test('serves the health of each of its services, and ends in peace', async () => {
    const database = await openTestDatabase(urls.MONGO);
    onTestFinished(() => database.close());
    const settings = environment(urls.AMQP, database.url, urls.NATS);
    onTestFinished(() => removeQueues(urls.AMQP, settings.PARLEY_QUEUE_PREFIX, PARTITIONS_DEFAULT));
    const args = [stack, '--port', '0', '--health-port', '0'];
    const running = await Listening.start(args, { environment: settings, family: true });
    onTestFinished(async () => void (await running.end('SIGKILL'))); // or what is removed below is made again
    const healthy = [...running.stdout.matchAll(/^Parley (\w+) works, (http:\S+)$/gm)];
    expect(healthy.map(([, service]) => service)).toEqual(['auth', 'groups', 'delivery']);
    for (const url of [...healthy.map(([, , at]) => at), running.url.replace('ws', 'http')]) {
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('parley_bus_away_seconds 0');
    }
    expect(await running.end('SIGTERM')).toBe(0);
    expect(running.stderr).toBe('');
  });
});
