// The queues of the partitions: whether they are there, as they must be, are read, and empty enough.
import type { QueueLook } from '#runtime/bus/amqp/look.ts';
import { about, counted, type Finding } from './finding.ts';
import { SERVICE_OF } from './instances.ts';

const it = about('queues');
/** What a busy partition has on its way is far less (DESIGN section 2, Batching): frames, each with up to some hundred commands. */
const WAITING_MANY = 1_000;

/** `used`: services have been here since RabbitMQ started. */
export function queueFindings(queues: readonly QueueLook[], used: boolean): readonly Finding[] {
  const absent = queues.filter(({ state }) => state === 'absent');
  if (absent.length === queues.length && !used) return [it.ok('There are no queues yet: the first start makes them.')];
  const findings: Finding[] = [];
  if (absent.length > 0) {
    const todo =
      'Start the services again: each declares all of them. What stood in them is lost; clients send again what had no answer.';
    findings.push(it.problem(`${someOf(absent)} not there.`, todo));
  }
  const other = queues.filter(({ state }) => state === 'other');
  if (other.length > 0) {
    const todo =
      'Another program, or a policy of RabbitMQ, made them: give Parley a virtual host or --queue-prefix of its own.';
    findings.push(it.problem(`${someOf(other)} not made by Parley: no service can start.`, todo));
  }
  const there = queues.filter((queue) => queue.state === 'there');
  const unread = there.filter(({ consumers }) => consumers === 0);
  if (unread.length > 0) {
    const services = [...new Set(unread.map(({ kind }) => SERVICE_OF[kind]))].join(' and ');
    findings.push(it.problem(`${someOf(unread)} read by nobody.`, `Start ${services}. Nothing is lost: it waits.`));
  }
  const full = there.filter(({ waiting }) => waiting > WAITING_MANY);
  if (full.length > 0) {
    const most = full.reduce((a, b) => (b.waiting > a.waiting ? b : a));
    const todo = `Run more ${SERVICE_OF[most.kind]}, and look at its log and at how fast the store is.`;
    findings.push(it.warning(`In ${most.name} ${counted(most.waiting, 'frame')} wait.`, todo));
  }
  if (findings.length > 0) return findings;
  const waiting = there.reduce((sum, queue) => sum + queue.waiting, 0);
  return [it.ok(`All ${queues.length} queues are there and read; ${counted(waiting, 'frame')} waiting.`)];
}

function someOf(queues: readonly QueueLook[]): string {
  const [first] = queues;
  return queues.length === 1 ? `The queue ${first?.name} is` : `${queues.length} queues (such as ${first?.name}) are`;
}
