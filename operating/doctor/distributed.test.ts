// What the doctor finds about services in processes of their own, on real servers: nothing where all is well, and each thing that can be wrong.
import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { Topology } from '#runtime/bus/amqp/topology.ts';
import { ALIVE_TYPE } from '#runtime/bus/amqp/wire.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { createServerSetup } from '../../services/auth/opaque.ts';
import { type Cut, openCut } from '../../test/cut.fixture.ts';
import type { Environment } from '../../test/listening.fixture.ts';
import { databaseUrl, describeOnAll, freshName } from '../../test/services.fixture.ts';
import { StackProcesses } from '../../test/stack.fixture.ts';
import { type Examined, examined, ran } from './doctor.fixture.ts';

/** A secret that must not be seen, in each place where one is given. */
const SECRET = 'kept-to-itself-0a1b2c3d';

async function cutOff(url: string): Promise<Cut> {
  const network = await openCut(url);
  onTestFinished(() => network.close());
  return network;
}

/** Each look listens for a while, and a machine that is busy with others may need several. */
const PATIENCE_MS = 120_000;
vi.setConfig({ testTimeout: 2 * PATIENCE_MS, hookTimeout: 2 * PATIENCE_MS });

/** What it finds once its problems are these: partitions move after a start, and a busy process may be silent for as long as one look listens. */
function found(
  wanted: readonly unknown[],
  options: readonly string[],
  environment: Environment = {},
): Promise<Examined> {
  const look = async (): Promise<Examined> => {
    const all = await examined(options, environment);
    expect(all.problems).toEqual(wanted);
    return all;
  };
  return vi.waitFor(look, { timeout: PATIENCE_MS });
}

describeOnAll('a distributed deployment', (urls) => {
  let stack: StackProcesses;
  beforeAll(async () => {
    stack = await StackProcesses.start(urls);
  });
  afterAll(() => stack?.remove());

  const options = (change: Readonly<Record<string, string>> = {}): string[] =>
    Object.entries({ ...stack.options, '--server': stack.url, ...change }).flat();

  test('that is whole has no problem', async () => {
    const { ok } = await found([], options());
    expect(ok).toContainEqual('services: Running: 2 gateway, 2 auth, 2 groups, 2 delivery.');
    expect(ok).toContainEqual(expect.stringMatching(/^queues: All 48 queues are there and read/));
    expect(ok).toContainEqual(expect.stringMatching(/^data: The database is that of localhost/));
    expect(ok).toContainEqual(expect.stringMatching(/^clock: The clock of MongoDB/));
    expect(ok).toContainEqual(expect.stringMatching(/^nats: NATS .* answers/));
    expect(ok).toContainEqual(expect.stringMatching(/^door: The server of localhost answers/));
  });

  test('of another domain is told apart, at the store and at the door', async () => {
    await found(
      [
        expect.stringMatching(/^data: The data belongs to the domain localhost, not chat\.example\.org/),
        expect.stringMatching(/^door: .* is that of localhost, not of chat\.example\.org/),
      ],
      options({ '--domain': 'chat.example.org' }),
    );
  });

  test('whose door is that of another deployment is found by its key', async () => {
    // An empty store knows no key yet.
    await found([], options({ '--mongo-url': databaseUrl(urls.MONGO, freshName('parley_test')) }));
    const other = { PARLEY_OPAQUE_SETUP: await createServerSetup() };
    await found([expect.stringMatching(/^door: .* has another key/)], options(), other);
  });

  test('of which nobody was ever started is said, and nothing is made by looking', async () => {
    const prefix = freshName('parley-test');
    const { problems, ok } = await examined(options({ '--queue-prefix': prefix }));
    expect(problems).toEqual(['services: No service is running.']);
    expect(ok).toContain('queues: There are no queues yet: the first start makes them.');
    const again = await examined(options({ '--queue-prefix': prefix }));
    expect(again.ok).toContain('queues: There are no queues yet: the first start makes them.');
  });

  test('in which somebody speaks as no version does is told so, and the rest is looked at', async () => {
    const prefix = freshName('parley-test');
    const model = await connect(urls.AMQP);
    const channel = await model.createChannel();
    const { aliveExchange } = new Topology(prefix, PARTITIONS_DEFAULT);
    await channel.assertExchange(aliveExchange, 'fanout');
    const words = setInterval(() => channel.publish(aliveExchange, '', Buffer.from('{}'), { type: ALIVE_TYPE }), 200);
    await found(
      [expect.stringMatching(/^rabbitmq: .* an instance speaks as this version cannot read/)],
      options({ '--queue-prefix': prefix }),
    ).finally(() => clearInterval(words));
    await channel.deleteExchange(aliveExchange);
    await model.close();
  });

  test('with servers that are not there, refuse or are frozen, is told so within bounds, and no password is shown', async () => {
    const frozen = await cutOff(urls.NATS);
    frozen.freeze();
    const amqp = new URL(urls.AMQP);
    amqp.password = SECRET;
    const nats = new URL(frozen.url);
    [nats.username, nats.password] = ['parley', SECRET];
    const { status, stdout, stderr } = await ran([
      ...['--amqp-url', amqp.href, '--mongo-url', `mongodb://parley:${SECRET}@127.0.0.1:1/parley`],
      ...['--nats-url', nats.href],
    ]);
    expect(stdout).toMatch(/problem +mongodb +MongoDB at 127\.0\.0\.1:1 does not answer/);
    expect(stdout).toMatch(/problem +rabbitmq +RabbitMQ at .* refuses the user/);
    expect(stdout).toMatch(/problem +nats +(NATS at .* does not answer|No answer within)/);
    expect(`${stdout}${stderr}`).not.toContain(SECRET);
    expect(status).toBe(1);
  });

  test('with a URL that is missing, none, or without a password for another machine, is told so', async () => {
    const { problems } = await examined([
      '--amqp-url',
      'http://rabbitmq',
      '--nats-url',
      'nats://parley:parley@nats.invalid',
    ]);
    expect(problems).toEqual([
      'settings: The password in the setting amqpUrl is missing.',
      'settings: The password in the setting natsUrl has fewer than 16 characters.',
      'settings: The setting mongoUrl is missing: no service starts.',
      expect.stringMatching(/^rabbitmq: The setting amqpUrl begins with http:/),
      expect.stringMatching(/^nats: NATS at nats\.invalid does not answer/),
    ]);
  });

  // The last: they break the deployment.
  test('with a queue that is gone, or made by somebody else, is told so', async () => {
    const prefix = stack.options['--queue-prefix'];
    const model = await connect(urls.AMQP);
    const channel = await model.createChannel();
    await stack.stop();
    await channel.deleteQueue(`${prefix}.mailbox.3`);
    await channel.deleteQueue(`${prefix}.group.5`);
    await channel.assertQueue(`${prefix}.group.5`, { durable: true });
    await model.close();
    await found(
      [
        `queues: The queue ${prefix}.mailbox.3 is not there.`,
        `queues: The queue ${prefix}.group.5 is not made by Parley: no service can start.`,
        expect.stringMatching(/^queues: 46 queues .* are read by nobody\./),
        'services: No service is running.',
        expect.stringMatching(/^door: Nobody listens at/),
      ],
      options(),
    );
  });
});
