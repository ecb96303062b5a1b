// What the mailboxes of a process count: what became of messages, each once for every person that it is for. Counted where it is decided,
// so a turn that is decided again, after a fault, counts again.
import type { Metrics } from '#runtime/metrics.ts';

/** `accepted`: copies for a person's own other devices are none. The rest as the notices say it (notices.ts). */
export type MailboxCounts = { accepted: number; delivered: number; expired: number; missed: number };

export const noCounts = (): MailboxCounts => ({ accepted: 0, delivered: 0, expired: 0, missed: 0 });

export function measureMailboxes(metrics: Metrics, counts: MailboxCounts): void {
  metrics.total(
    'parley_deliveries_accepted_total',
    'Messages that mailboxes took from others, once for each person that they are for',
    () => counts.accepted,
  );
  metrics.total(
    'parley_messages_delivered_total',
    'Messages that the first device of a person took, once for each person',
    () => counts.delivered,
  );
  metrics.total(
    'parley_messages_expired_total',
    'Messages that left the store and no device of the person had taken them: the sender is told',
    () => counts.expired,
  );
  metrics.total(
    'parley_messages_missed_total',
    'Messages that left the store before all devices of the person had taken them: the devices are told',
    () => counts.missed,
  );
}
