// Read receipts: what a person has read is told to who wrote it, by a hidden message of the conversation (content-receipt.ts), and what others
// have read of one's own counts with their device's tag alone, as a delivery does. Both only if the person allows it.
import { decodeBase64 } from '#protocol/base64.ts';
import { GROUP_PROOFS_MAX_MEMBERS, SECOND_MS } from '#protocol/limits.ts';
import type { Accounts } from './accounts.ts';
import { receiptContent } from './content/content.ts';
import { RECEIPT_MARKS_MAX } from './content/receipt.ts';
import { isReceivedTag } from './crypto/received.ts';
import { type ClientEvent, trouble } from './events.ts';
import type { Outbox } from './outbox.ts';
import type { OwnDevice } from './own-device.ts';
import type { Clock, Timers } from './platform.ts';
import type { DeviceId, Profile, ReadLine, ReadMark, StateChange } from './profile/profile.ts';
import { Refusal } from './refusal.ts';
import type { SureTime } from './sure-time.ts';

/** What is read within this time of the first is told together. */
export const RECEIPT_PAUSE_MS = SECOND_MS;

export type ReceiptsDeps = {
  readonly profile: Profile;
  readonly outbox: Outbox;
  readonly timers: Timers;
  readonly sureTime: SureTime;
  emit(event: ClientEvent): void;
};

export class Receipts {
  readonly #deps: ReceiptsDeps;
  readonly #read = new Map<string, ReadLine[]>();
  #cancel: (() => void) | undefined;
  #queueing: Promise<void> = Promise.resolve();

  constructor(deps: ReceiptsDeps) {
    this.#deps = deps;
  }

  /** These positions were shown to a person: they count as read, which their writers are told soon. */
  async read(conversation: string, shown: readonly number[]): Promise<void> {
    const { profile, sureTime, timers } = this.#deps;
    const read = await profile.history.read(conversation, shown, sureTime.now());
    if (read.length === 0) return;
    this.#read.set(conversation, [...(this.#read.get(conversation) ?? []), ...read]);
    this.#cancel ??= timers.after(RECEIPT_PAUSE_MS, () => void this.flush());
  }

  /** Resolves when what is to be told lies in the outbox. Never throws: a receipt may be lost, and nothing else is by that. */
  flush(): Promise<void> {
    const all = [...this.#read];
    this.stop();
    if (all.length === 0) return this.#queueing;
    this.#queueing = this.#queueing.then(async () => {
      try {
        if ((await this.#deps.profile.account.get()).receipts === false) return;
        for (const [conversation, read] of all) await this.#queue(conversation, read);
      } catch (error) {
        this.#deps.emit(trouble(error));
      }
    });
    return this.#queueing;
  }

  /** Forgets what nobody was told yet. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#read.clear();
  }

  /** Whoever is blocked, or is somebody else now, is told nothing: that is a result of its own, and nobody's trouble. */
  async #queue(conversation: string, read: readonly ReadLine[]): Promise<void> {
    if (!conversation.startsWith('#')) return this.#tell(conversation, read);
    const group = await this.#deps.profile.groups.get(conversation);
    // In a large group a sender hears of numbers, not of people.
    if (group === undefined || group.state.members.size > GROUP_PROOFS_MAX_MEMBERS) return;
    for (const [writer, lines] of Map.groupBy(read, ({ from }) => from)) await this.#tell(writer, lines, group.id);
  }

  async #tell(writer: string, read: readonly ReadLine[], group?: Uint8Array): Promise<void> {
    const drafts = [];
    for (let from = 0; from < read.length; from += RECEIPT_MARKS_MAX) {
      drafts.push({ content: receiptContent(read.slice(from, from + RECEIPT_MARKS_MAX), group) });
    }
    await this.#deps.outbox.send([writer], drafts, nobodyUnknown);
  }
}

/** Who wrote something here is known here. */
function nobodyUnknown(): Promise<never> {
  return Promise.reject(new Refusal('no_device', 'There is nobody to tell.'));
}

/** A receipt as it came: `device` of `from` says that it has shown these messages of the conversation. */
export type Receipt = {
  readonly conversation: string;
  readonly from: string;
  readonly device: DeviceId;
  readonly read: readonly ReadMark[];
};

export type TakeReceiptsDeps = {
  readonly own: OwnDevice;
  readonly profile: Profile;
  readonly accounts: Accounts;
  readonly clock: Clock;
};

/** What receipts change of own messages; what is not proved, or names none of them, changes nothing. Those of own other devices count here as read. */
export async function takeReceipts(receipts: readonly Receipt[], deps: TakeReceiptsDeps): Promise<StateChange[]> {
  const { own, profile } = deps;
  const changes: StateChange[] = [];
  const theirs = receipts.filter(({ from }) => from !== own.address);
  for (const { from, conversation, read } of receipts) {
    if (from === own.address) await profile.history.readElsewhere(conversation, read);
  }
  if (theirs.length === 0 || (await profile.account.get()).receipts === false) return changes;
  for (const receipt of theirs) changes.push(...(await readBy(receipt, deps)));
  return changes;
}

async function readBy({ conversation, from, device, read }: Receipt, deps: TakeReceiptsDeps): Promise<StateChange[]> {
  const known = await deps.accounts.known(from);
  if (known === undefined) return [];
  const reader = { address: from, identity: known.pin.identity, device: decodeBase64(device) };
  const changes: StateChange[] = [];
  for (const { device: author, seq, tag } of read) {
    const sent = await deps.profile.sending.numbered(conversation, author, seq);
    if (sent === undefined || !isReceivedTag(tag, sent.k, sent.mh, reader, 'read')) continue;
    const at = deps.clock.now();
    changes.push({ device: sent.device, id: sent.id, by: from, state: 'read', byDevice: device, at });
  }
  return changes;
}
