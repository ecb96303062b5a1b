// RabbitMQ: whether it answers and takes messages; its queues; and what the services say of themselves over it.

import { ClosedAtOpen } from '#runtime/bus/amqp/link.ts';
import { BrokerLook } from '#runtime/bus/amqp/look.ts';
import { SILENCE_MAX_MS } from '#runtime/bus/amqp/members.ts';
import { ConfigError } from '#runtime/config.ts';
import { PARTITIONS_DEFAULT } from '#runtime/partitions.ts';
import { about, type Finding } from './finding.ts';
import { instanceFindings } from './instances.ts';
import { queueFindings } from './queues.ts';
import { hostsOf } from './secrets.ts';

const it = about('rabbitmq');
/** Quorum queues hand back what a killed owner held only from this version on as Parley needs it. */
const OLDEST = [3, 10] as const;

/** Listens for as long as a live instance may be silent, beside what it asks. */
export async function rabbitFindings(url: string, prefix: string, timeoutMs: number): Promise<readonly Finding[]> {
  let look: BrokerLook;
  try {
    look = await within(timeoutMs, BrokerLook.open(url, 'parley doctor', prefix, PARTITIONS_DEFAULT));
  } catch (error) {
    const refusal = error instanceof ClosedAtOpen ? error.refusal : error;
    if (refusal instanceof ConfigError)
      return [
        it.problem(
          refusal.message,
          'Correct the setting amqpUrl. A volume of RabbitMQ keeps the user and password that it was made with.',
        ),
      ];
    const reason = error instanceof Error ? error.message : String(error);
    const todo = 'Start it, or correct the setting amqpUrl. Until then no service works.';
    return [it.problem(`RabbitMQ at ${hostsOf(url)} does not answer: ${reason.replace(/\.$/, '')}.`, todo)];
  }
  try {
    const alive = look.alive(SILENCE_MAX_MS);
    alive.catch(() => {}); // awaited below, perhaps after another failure
    const takes = await within(timeoutMs, look.takesMessages());
    const queues = await within(timeoutMs, look.queues());
    const heard = await alive;
    return [
      brokerFinding(look.server, takes),
      ...queueFindings(queues, heard !== undefined),
      ...instanceFindings(heard),
    ];
  } finally {
    await look.close();
  }
}

function brokerFinding({ product, version }: BrokerLook['server'], takes: boolean): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    return it.problem(
      `${product} ${version} is older than ${OLDEST.join('.')}.`,
      'Upgrade it: Parley needs its quorum queues.',
    );
  }
  if (takes) return it.ok(`${product} ${version} takes messages.`);
  const says = `${product} ${version} is short of memory or disk: it takes no message, and everybody waits.`;
  return it.problem(says, 'Give it more of it: rabbitmq-diagnostics alarms says of which.');
}

async function within<T>(timeoutMs: number, asked: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs);
  });
  return Promise.race([asked, silence]).finally(() => clearTimeout(late));
}
