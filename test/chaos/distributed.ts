// Traffic over a distributed deployment, and what may happen to its processes.
import { setTimeout as sleep } from 'node:timers/promises';
import { People } from '../../clients/sdk/test/people.ts';
import type { Cut } from '../cut.fixture.ts';
import type { ServerUrls } from '../services.fixture.ts';
import { INSTANCES, SERVICES, type Service, StackProcesses } from '../stack.fixture.ts';
import { MESSAGES, STOP_MS, UNDER_LOAD } from './form.ts';
import { type Outcome, run } from './run.ts';

type Event = (stack: StackProcesses) => Promise<void>;

/** kill -9 of a process of each service in turn. */
export const KILLS: readonly Event[] = SERVICES.map((service) => (stack) => stack.replace(service, 'SIGKILL'));

/** Every process ends in peace, when the one before it has a successor. */
export const RESTARTS: readonly Event[] = SERVICES.flatMap((service) =>
  Array.from({ length: INSTANCES }, (): Event => (stack) => stack.replace(service, 'SIGTERM')),
);

/** SIGSTOP of a process of each of these services at once, and SIGCONT when others have long taken over. */
export const stopped =
  (...services: readonly Service[]): Event =>
  async (stack) => {
    const goOn = services.map((service) => stack.freeze(service));
    await sleep(STOP_MS);
    for (const one of goOn) one();
  };

/** A network that ends every connection, or holds every byte, until it is mended again. */
export const cut =
  (network: Cut, how: 'cut' | 'freeze'): Event =>
  async () => {
    await network[how]();
    await sleep(STOP_MS);
    await network.mend();
  };

/** Runs the traffic of a seed over a fresh deployment, through its doors: both gateways, or others that are opened for this. */
export async function chaos(
  urls: ServerUrls,
  seed: number,
  events: readonly Event[],
  doorsOf: (stack: StackProcesses) => Promise<readonly string[]> = async (stack) => stack.urls,
): Promise<Outcome> {
  const stack = await StackProcesses.start(urls, UNDER_LOAD);
  let people: People | undefined;
  try {
    people = new People(await doorsOf(stack), { inMemory: true });
    return await run({
      seed,
      messages: MESSAGES,
      people,
      events: events.map((event) => () => event(stack)),
      perSecond: (MESSAGES / (events.length + 1) / STOP_MS) * 1_000,
      log: () => stack.stderr,
    });
  } finally {
    await people?.end();
    await stack.remove();
  }
}
