// Every gateway ends in peace and has a successor, while people write to each other: they are sent elsewhere, and lose nothing.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { describeInBothModes } from '../modes.fixture.ts';
import { INSTANCES, StackProcesses } from '../stack.fixture.ts';

const PAIRS = 4;
/** Gateways are started one after the other, on a machine that may be busy with others. */
const TEST_MAX_MS = 300_000;
/** Messages of each sender after the last gateway was replaced. */
const LAST_MESSAGES = 20;
/** Long enough that people leave at different moments. */
const DRAIN = ['--drain-notice-ms', '200', '--drain-ms', '1000', '--rate-factor', '1000'];

async function replaceGateways(server: Deployment): Promise<void> {
  if (server instanceof StackProcesses) {
    for (let gateway = 0; gateway < INSTANCES; gateway += 1) await server.replace('gateway', 'SIGTERM');
  } else {
    expect(await server.stop()).toBe(0);
    await server.restart();
  }
}

describeInBothModes((start) => {
  let server: Deployment;
  let people: People;

  beforeEach(async () => {
    server = await start(DRAIN);
    people = new People(server.urls, { inMemory: true });
  });

  afterEach(async () => {
    await people.end();
    await server.remove();
  });

  it(
    'a stream of messages goes on while every gateway drains and is replaced: each is accepted once and shown once, in order',
    async () => {
      const pairs = await Promise.all(
        Array.from({ length: PAIRS }, async (_, pair) => {
          const [from, to] = [await people.signUp(`from${pair}`), await people.signUp(`to${pair}`)];
          await Promise.all([from.online(), to.online()]);
          return { from, to, address: `to${pair}@localhost`, sent: [] as string[], ids: [] as string[] };
        }),
      );
      let left = Number.POSITIVE_INFINITY;
      const streams = pairs.map(async ({ from, address, sent, ids }) => {
        for (; left > 0; left -= 1) {
          const text = `message ${sent.length}`;
          sent.push(text);
          ids.push(...(await from.say(address, text)));
        }
      });
      await replaceGateways(server);
      left = LAST_MESSAGES * PAIRS;
      await Promise.all(streams);

      const endings = ({ heard }: Person) =>
        heard.flatMap((event) => (event.type === 'reconnecting' ? [event.reason] : []));
      for (const { from, to, sent, ids } of pairs) {
        await to.until(() => to.texts.length >= sent.length);
        expect(to.texts).toEqual(sent);
        expect(from.of('accepted').map(({ id }) => id)).toEqual(ids);
        for (const person of [from, to]) {
          expect(endings(person)).toContain(CLOSE.goElsewhere.reason);
          const errors = ['refused', 'given_up', 'gap', 'unreadable', 'trouble', 'stopped'];
          expect(person.heard.filter(({ type }) => errors.includes(type))).toEqual([]);
        }
      }
    },
    TEST_MAX_MS,
  );
});
