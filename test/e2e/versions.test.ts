// Services of this version and of the one before on one RabbitMQ and one MongoDB, as in the middle of an upgrade; then the older ones go. What
// the older version is here: it knows only the older frames of the bus. What the newer one has besides: it reads a further form of stored data.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeQueues } from '#runtime/bus/amqp/removal.ts';
import { FRAME_VERSIONS } from '#runtime/bus/amqp/versions.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { MONGO_FORMS } from '#runtime/store/forms.ts';
import { People } from '../../clients/sdk/test/people.ts';
import { type Environment, Listening, runToEnd } from '../listening.fixture.ts';
import { openTestDatabase, type TestDatabase } from '../mongo.fixture.ts';
import { describeOnAll, freshName } from '../services.fixture.ts';

const STACK = join(import.meta.dirname, '../../services/stack.ts');
const DELIVERY = join(import.meta.dirname, '../../services/delivery/main.ts');
const HOOK = join(import.meta.dirname, '../version.hook.ts');
const [OLDER_FRAMES = 0, NEWER_FRAMES = 0] = FRAME_VERSIONS.slice(-2);
const OLDER_FORM = MONGO_FORMS.at(-1) ?? 0;
const NEWER_FORM = OLDER_FORM + 1;
/** Ten processes, on a machine that may be busy with others. */
const TWO_STACKS_MAX_MS = 300_000;
/** How services say that they met what they cannot read. */
const UNREADABLE = /cannot read|another version/;

describeOnAll('services of two versions', (urls) => {
  let database: TestDatabase;
  let older: Listening;
  let newer: Listening;
  let people: People;
  let shared: Environment;

  const asVersion = (frames: readonly number[], forms: readonly number[]): Environment => ({
    ...shared,
    NODE_OPTIONS: `--import ${HOOK}`,
    TEST_FRAME_VERSIONS: JSON.stringify(frames),
    TEST_MONGO_FORMS: JSON.stringify(forms),
  });
  const before = () => asVersion([OLDER_FRAMES], [OLDER_FORM]);
  const stack = (environment: Environment): Promise<Listening> =>
    Listening.start([STACK, '--port', '0', '--files-port', '0', '--health-port', '0', '--rate-factor', '100'], {
      environment,
      family: true,
    });
  /** What each service of a stack says of a metric. */
  const said = async ({ stdout, url }: Listening, metric: string): Promise<number[]> => {
    const services = [...stdout.matchAll(/ works, (http:\S+)$/gm)].map(([, at = '']) => at);
    const texts = [url.replace('ws', 'http'), ...services].map(async (at) => (await fetch(`${at}/metrics`)).text());
    return (await Promise.all(texts)).map((text) => Number(new RegExp(`^${metric} (\\d+)$`, 'm').exec(text)?.[1]));
  };
  const ofEach = (value: number): number[] => [value, value, value, value];

  beforeEach(async () => {
    database = await openTestDatabase(urls.MONGO);
    shared = {
      PARLEY_AMQP_URL: urls.AMQP,
      PARLEY_MONGO_URL: database.url,
      PARLEY_NATS_URL: urls.NATS,
      PARLEY_QUEUE_PREFIX: freshName('parley_test'),
      PARLEY_LOG_LEVEL: 'warn',
    };
    older = await stack(before()); // the data is theirs
    newer = await stack(asVersion([OLDER_FRAMES, NEWER_FRAMES], [OLDER_FORM, NEWER_FORM]));
    people = new People([older.url, newer.url], { inMemory: true });
  }, TWO_STACKS_MAX_MS);
  afterEach(async () => {
    await people?.end();
    await Promise.all([older?.end('SIGKILL'), newer?.end('SIGKILL')]);
    await database.close();
    await removeQueues(urls.AMQP, String(shared.PARLEY_QUEUE_PREFIX), PARTITIONS_DEFAULT);
  });

  it('people write to each other over both; what is new is used once the older ones are gone, and then they are refused', async () => {
    const names = ['al', 'bo', 'cy', 'di', 'ed', 'flo'];
    const all = await Promise.all(names.map((name) => people.signUp(name)));
    await Promise.all(all.map((person) => person.online()));
    const everybodyWrites = async (round: string): Promise<void> => {
      const texts = (from: string) => [`${round} 1 of ${from}`, `${round} 2 of ${from}`];
      for (const [place, person] of all.entries()) {
        for (const to of names)
          if (to !== names[place]) await person.say(`${to}@localhost`, ...texts(names[place] ?? ''));
      }
      for (const [place, person] of all.entries()) {
        const wanted = names.filter((_, from) => from !== place).flatMap(texts);
        const got = () => person.texts.filter((text) => text.startsWith(round));
        await person.until(() => got().length >= wanted.length);
        expect(got().toSorted()).toEqual(wanted.toSorted());
      }
    };

    for (const services of [older, newer]) {
      expect(await said(services, 'parley_bus_frame_version')).toEqual(ofEach(OLDER_FRAMES));
    }
    await everybodyWrites('side by side');
    expect(await said(newer, 'parley_store_form')).toEqual(ofEach(OLDER_FORM));
    expect(await older.end('SIGTERM')).toBe(0);

    await everybodyWrites('the newer alone');
    const patience = { timeout: 240_000, interval: 500 };
    await expect.poll(() => said(newer, 'parley_bus_frame_version'), patience).toEqual(ofEach(NEWER_FRAMES));
    await expect.poll(() => said(newer, 'parley_store_form'), patience).toEqual(ofEach(NEWER_FORM));
    await everybodyWrites('in what is new');

    const refused = await runToEnd([DELIVERY], before());
    expect(refused).toEqual({
      status: 1,
      stdout: '',
      stderr: `The data has the form of version ${NEWER_FORM}; this version of Parley reads ${OLDER_FORM}. Use the version that made it, or another database in --mongo-url.\n`,
    });
    expect([older.stderr, newer.stderr].filter((log) => UNREADABLE.test(log))).toEqual([]);
    const troubles = ['refused', 'given_up', 'gap', 'unreadable', 'trouble', 'stopped'];
    expect(all.flatMap(({ heard }) => heard.filter(({ type }) => troubles.includes(type)))).toEqual([]);
  }, 600_000);
});
