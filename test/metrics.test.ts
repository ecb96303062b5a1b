// What operators see: the real /metrics of every service, after real traffic, show what happened, and are what docs/OPERATING.md says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { removeQueues } from '#runtime/bus/amqp/removal.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { Listening } from './listening.fixture.ts';
import { openTestDatabase } from './mongo.fixture.ts';
import { ServerProcess } from './server.fixture.ts';
import { describeOnAll, freshName } from './services.fixture.ts';
import type { Wire } from './wire.fixture.ts';
import { WirePerson } from './wire-person.fixture.ts';

const ROOT = join(import.meta.dirname, '..');
const STACK = join(ROOT, 'services/stack.ts');
/** Expired messages leave soon, and what is stored is counted often. */
const OPTIONS = ['--sweep-every-ms', '300', '--count-every-ms', '100'];
const TEST_MAX_MS = 600_000;
const RETENTION_MIN_MS = 1_000;
/** Nothing but TLS makes it, and this traffic is plain. */
const ONLY_WITH_TLS = 'parley_certificate_expiry_timestamp_seconds';

/** A deployment: where its clients connect, and the /metrics of its processes by what they run. */
type Running = {
  readonly url: string;
  readonly metricsUrls: Readonly<Record<string, string>>;
  restart(): Promise<Running>;
  remove(): Promise<void>;
};
type Samples = Readonly<Record<string, number>>;

async function samplesAt(url: string): Promise<Samples> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const lines = [...text.matchAll(/^(parley_\w+(?:\{.*\})?) (\S+)$/gm)];
  return Object.fromEntries(lines.map(([, name = '', value]) => [name, Number(value)]));
}

/** Of all processes together. */
async function samplesOf({ metricsUrls }: Running): Promise<Samples> {
  const sum: Record<string, number> = {};
  for (const samples of await Promise.all(Object.values(metricsUrls).map(samplesAt))) {
    for (const [name, value] of Object.entries(samples)) sum[name] = (sum[name] ?? 0) + value;
  }
  return sum;
}

/** Resolves once these samples are there: what is counted at intervals comes when it comes. */
async function shows(running: Running, expected: Samples): Promise<void> {
  await vi.waitFor(async () => expect(await samplesOf(running)).toMatchObject(expected), {
    timeout: TEST_MAX_MS / 2,
    interval: 100,
  });
}

/** Resolves once what is stored was counted from the beginning: the count that is complete first may have begun before. It takes a twentieth of the time at most. */
async function countedAnew(running: Running): Promise<void> {
  const countedAt = async () => (await samplesOf(running)).parley_backlog_counted_timestamp_seconds ?? 0;
  for (let counts = 0; counts < 2; counts += 1) {
    const before = await countedAt();
    await expect.poll(countedAt, { timeout: TEST_MAX_MS / 4 }).toBeGreaterThan(before);
  }
}

async function startEmbedded(): Promise<Running> {
  const server = await ServerProcess.start(OPTIONS);
  const running = (): Running => ({
    url: server.url,
    metricsUrls: { server: server.url.replace(/^ws/, 'http') },
    async restart() {
      await server.stop(); // a kill would leave notices in the journal that are settled but not removed: they would be stored
      await server.restart();
      return running();
    },
    remove: () => server.remove(),
  });
  return running();
}

/** One of each service: so nothing moves, and what is counted twice after a move is not. */
async function startApart(amqpUrl: string, mongoUrl: string, natsUrl: string): Promise<Running> {
  const prefix = freshName('parley_test');
  const database = await openTestDatabase(mongoUrl);
  const environment = {
    PARLEY_AMQP_URL: amqpUrl,
    PARLEY_MONGO_URL: database.url,
    PARLEY_NATS_URL: natsUrl,
    PARLEY_QUEUE_PREFIX: prefix,
    PARLEY_LOG_LEVEL: 'error',
  };
  const start = async (): Promise<Running> => {
    const args = [STACK, '--port', '0', '--files-port', '0', '--health-port', '0', ...OPTIONS];
    const stack = await Listening.start(args, { environment, family: true });
    const healthy = [...stack.stdout.matchAll(/^Parley (\w+) works, (http:\S+)$/gm)];
    return {
      url: stack.url,
      metricsUrls: {
        ...Object.fromEntries(healthy.map(([, service, url]) => [service, url])),
        gateway: stack.url.replace(/^ws/, 'http'),
      },
      async restart() {
        await stack.end('SIGTERM');
        return start();
      },
      async remove() {
        await stack.end('SIGKILL');
        await removeQueues(amqpUrl, prefix, PARTITIONS_DEFAULT);
        await database.close();
      },
    };
  };
  return start();
}

/** What docs/OPERATING.md says there is: each metric with the services that have it. */
function documented(): { readonly name: string; readonly services: readonly string[] }[] {
  const all = ['gateway', 'auth', 'groups', 'delivery'];
  const rows = readFileSync(join(ROOT, 'docs/OPERATING.md'), 'utf8').matchAll(/^\| `(parley_\w+)` \| ([a-z, ]+) \|/gm);
  return [...rows].map(([, name = '', where = '']) => ({
    name,
    services: where.split(', ').flatMap((one) => (one === 'all' ? [...all, 'server'] : one === 'apart' ? all : [one])),
  }));
}

async function metricsAt(url: string): Promise<string[]> {
  const names = Object.keys(await samplesAt(url)).map((sample) => sample.replace(/\{.*/, ''));
  return [...new Set(names.map((name) => name.replace(/_seconds_(bucket|sum|count)$/, '_seconds')))];
}

function describeMetrics(start: () => Promise<Running>): void {
  let running: Running;
  let al: WirePerson;
  let [atAl, atBo]: [Wire?, Wire?] = [];

  beforeAll(async () => {
    running = await start();
    const owned = (kind: string): Samples => ({ [`parley_partitions_owned{kind="${kind}"}`]: PARTITIONS_DEFAULT });
    await shows(running, { ...owned('account'), ...owned('group'), ...owned('mailbox') });
  });
  afterAll(() => running?.remove());

  test(
    'show sign-ups, messages accepted and refused, delivered, expired and missed, and what is stored',
    async () => {
      al = await WirePerson.signedUp(running.url, 'al@localhost');
      const bo = await WirePerson.signedUp(running.url, 'bo@localhost');
      const cy = await WirePerson.signedUp(running.url, 'cy@localhost');
      atAl = await al.session(running.url, { ackAll: true });
      atBo = await bo.session(running.url, { ackAll: true });

      for (let count = 0; count < 3; count += 1) {
        await atAl.ok({ type: 'send', ...al.message(bo) });
        await atBo.take('deliver');
        await atAl.take((frame) => frame.type === 'notice' && frame.notice.kind === 'delivered');
      }
      for (let count = 0; count < 2; count += 1) await atAl.ok({ type: 'send', ...al.message(cy) });
      await atAl.ok({ type: 'send', ...al.message(cy), retention: RETENTION_MIN_MS });
      await atAl.take((frame) => frame.type === 'notice' && frame.notice.kind === 'expired');
      const nobody = new WirePerson('nobody@localhost');
      expect(await atAl.refusal({ type: 'send', ...al.message(nobody) })).toBe('unknown_user');
      const login = await al.loginFields(atBo);
      if (!login) expect.fail('the password is right');
      const finish = login.finish.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
      expect(await atBo.refusal({ type: 'login.finish', ...login, finish })).toBe('login_failed');

      // There were three items, too, before one of the messages became a notice.
      await countedAnew(running);
      await shows(running, {
        'parley_requests_total{type="signup.finish",outcome="ok"}': 3,
        'parley_requests_total{type="session",outcome="ok"}': 2,
        'parley_requests_total{type="login.finish",outcome="login_failed"}': 1,
        parley_connections_total: 5,
        parley_connections: 2,
        parley_sessions: 2,
        parley_messages_accepted_total: 6,
        'parley_messages_refused_total{code="unknown_user"}': 1,
        parley_deliveries_accepted_total: 6,
        parley_messages_delivered_total: 3,
        parley_messages_expired_total: 1,
        parley_messages_missed_total: 1,
        // For cy: the two messages, and the notice that one is missing.
        parley_backlog_items: 3,
        'parley_commands_quarantined_total{kind="mailbox"}': 0,
        'parley_closes_total{reason="goElsewhere"}': 0,
        'parley_rate_limited_total{limit="send"}': 0,
      });
    },
    TEST_MAX_MS,
  );

  test('show what commands and frames it took, and that none of it waits', async () => {
    const { metricsUrls } = running;
    for (const [service, url] of Object.entries(metricsUrls)) {
      const samples = await samplesAt(url);
      expect([service, samples.parley_ready, samples.parley_draining]).toEqual([service, 1, 0]);
      expect(samples.parley_partitions).toBe(PARTITIONS_DEFAULT);
      expect(samples.parley_bus_items_total).toBeGreaterThanOrEqual(samples.parley_bus_frames_total ?? 0);
    }
    await shows(running, { parley_bus_unconfirmed: 0, parley_bus_lag_seconds: 0, parley_held_frames: 0 });
    const samples = await samplesOf(running);
    expect(samples.parley_bus_frames_total).toBeGreaterThan(0);
    // Six messages, three sign-ups: each was a command of its own.
    expect(samples['parley_turn_commands_total{kind="mailbox"}']).toBeGreaterThanOrEqual(6);
    expect(samples['parley_turn_commands_total{kind="account"}']).toBeGreaterThanOrEqual(3);
    expect(samples['parley_turn_seconds_sum{kind="mailbox"}']).toBeGreaterThan(0);
    // Three messages of 400 bytes of body, or what is left of them, and a notice.
    expect(samples.parley_backlog_bytes).toBeGreaterThan(800);
  });

  test('are those that docs/OPERATING.md names, at the services that it names', async () => {
    const table = documented();
    for (const [service, url] of Object.entries(running.metricsUrls)) {
      const expected = table.filter(({ name, services }) => services.includes(service) && name !== ONLY_WITH_TLS);
      expect([service, (await metricsAt(url)).sort()]).toEqual([service, expected.map(({ name }) => name).sort()]);
    }
  });

  test(
    'still show what is stored after a restart, before anybody comes back',
    async () => {
      const { parley_backlog_bytes: bytes = 0 } = await samplesOf(running);
      running = await running.restart();
      await shows(running, { parley_backlog_items: 3, parley_backlog_bytes: bytes, parley_sessions: 0 });
    },
    TEST_MAX_MS,
  );
}

describe('the metrics of one process', () => describeMetrics(startEmbedded));
describeOnAll('the metrics of services apart', ({ AMQP, MONGO, NATS }) =>
  describeMetrics(() => startApart(AMQP, MONGO, NATS)),
);
