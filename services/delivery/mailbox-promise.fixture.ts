// What a mailbox promises when it settles a message that it accepted: each device that it is for has it, or the store has it for that
// device, or the device was told, or will be, that it does not come.
import type { MailboxCommand, MessageItem, NoticeItem } from '#protocol/commands.ts';
import { AL } from './mailbox.fixture.ts';
import type { MemoryMailboxStore } from './memory-store.fixture.ts';
import type { StoredItem } from './store.ts';

/** A command to a mailbox. `durable`: in the queue; what is relayed may be handed out before, and need not get there. */
export type Queued = {
  readonly key: string;
  readonly command: MailboxCommand;
  handed: boolean;
  durable: boolean;
  settled: boolean;
  /** Given to the memory that there is now. */
  taken: boolean;
};

export type Facts = {
  readonly store: MemoryMailboxStore;
  readonly queue: readonly Queued[];
  /** In use. */
  readonly devices: readonly string[];
  /** What each device has committed, and what it was told will not come. */
  readonly has: ReadonlyMap<string, ReadonlySet<string>>;
  readonly missed: ReadonlyMap<string, ReadonlySet<string>>;
};

/** A device to which the promise is not kept. */
export async function whoWillLack({ id, slots }: MessageItem, facts: Facts): Promise<string | undefined> {
  const { store, queue, devices } = facts;
  const isCopy = ({ command, settled }: Queued): boolean =>
    !settled && command.type === 'deliver' && command.item.id === id;
  if (queue.some(isCopy)) return undefined;
  const state = await store.load(AL);
  const chunks = await store.read(AL, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const stored = chunks.flatMap(({ n, items }) => items.map((item, index) => ({ ...item, n: n + index })));
  return Object.keys(slots).find((device) => {
    if (!devices.includes(device) || facts.has.get(device)?.has(id) || facts.missed.get(device)?.has(id)) return false;
    const toCome = stored.filter((one) => one.devices.includes(device) && (state?.cursors[device] ?? 0) <= one.n);
    return !toCome.some(({ item }) => tells(item, id)) && !isQueued(queue, device, id);
  });
}

/** It is the message, or says that it will not come. */
function tells(item: StoredItem['item'], id: string): boolean {
  return item?.type === 'message' ? item.id === id : item?.type === 'notice' && isMissed(item, id);
}

function isQueued(queue: readonly Queued[], device: string, id: string): boolean {
  return queue.some(({ command, durable, settled }) => {
    if (!durable || settled || command.type !== 'notify') return false;
    return command.item.devices?.includes(device) && isMissed(command.item, id);
  });
}

function isMissed({ notice }: NoticeItem, id: string): boolean {
  return notice.kind === 'missed' && notice.seqs.some((seq) => `${notice.device} ${seq}` === id);
}
