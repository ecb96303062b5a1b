// The devices of a mailbox that are attached, and how each drains: it is given what is stored, paced by its acks, until there is no
// more; then it is live (DESIGN section 3). What has expired is not given any more: its sender may have heard so already, though it is
// still in the store. So a drain sweeps what it reads.
import type { MailboxCommand, SessionRef } from '#protocol/commands.ts';
import type { Tell } from '#runtime/actors/actor.ts';
import { Attachment } from './carried.ts';
import type { Draft, MailboxResult } from './draft.ts';
import { sizeOf } from './item.ts';
import type { Stored } from './stored.ts';

/** Chunks that one read brings. */
const READ_CHUNKS = 2;

export class Attachments {
  readonly #stored: Stored;
  readonly #attached = new Map<string, Attachment>();

  constructor(stored: Stored) {
    this.#stored = stored;
  }

  get size(): number {
    return this.#attached.size;
  }

  has(device: string): boolean {
    return this.#attached.has(device);
  }

  of(device: string): Attachment | undefined {
    return this.#attached.get(device);
  }

  /** A device's attachment, if it is this session's. */
  find(device: string, at: SessionRef): Attachment | undefined {
    const found = this.#attached.get(device);
    return found && found.at.session === at.session && found.at.inbox === at.inbox ? found : undefined;
  }

  /** The session with the greater number wins, the other is told. Returns the attachment that it took the place of. */
  attach(draft: Draft, { device, number, at }: Extract<MailboxCommand, { type: 'attach' }>): Attachment | undefined {
    const present = this.#attached.get(device);
    if (present && present.number > number) {
      draft.close(at, 'replaced');
      return undefined;
    }
    if (present && (present.at.session !== at.session || present.at.inbox !== at.inbox)) {
      draft.close(present.at, 'replaced');
    }
    this.#attached.set(device, new Attachment(device, at, number, this.#stored.cursor(device)));
    return present;
  }

  /** Those of one gateway, as it is since its last start. */
  through(inbox: string): readonly Attachment[] {
    return [...this.#attached.values()].filter(({ at }) => at.inbox === inbox);
  }

  remove(device: string): void {
    this.#attached.delete(device);
  }

  tellLog(draft: Draft, address: string, length: number): void {
    for (const { at } of this.#attached.values()) draft.tell(at, { type: 'log', address, length });
  }

  /** Raises the cursors of all: also of one that only sees pass by what is for others. True if one rose. */
  raise(draft: Draft): boolean {
    let raised = false;
    for (const { device, cursor } of this.#attached.values()) {
      if (this.#stored.raise(draft, device, cursor)) raised = true;
    }
    return raised;
  }

  /** At the end of a turn, all that it stored having its number: gives draining devices what they have room for. */
  pump(draft: Draft): void {
    for (const attachment of this.#attached.values()) {
      if (attachment.live) attachment.sentUpTo = this.#stored.next;
      else this.#pump(draft, attachment);
    }
  }

  /** Gives a device what its window takes; asks the store for more; makes it live when there is no more. */
  #pump(draft: Draft, attachment: Attachment): void {
    if (attachment.reading) return;
    const { buffer } = attachment;
    for (let next = buffer[0]; next && attachment.roomy; next = buffer[0]) {
      if (draft.expired(next.item)) {
        attachment.readAgain(); // what brings it back sweeps it
        break;
      }
      draft.push(attachment, next);
      buffer.shift();
    }
    if (buffer.length > 0) return;
    if (attachment.sentUpTo < this.#stored.next) {
      if (!attachment.roomy) return;
      attachment.reading = true;
      const { device, at, sentUpTo } = attachment;
      const { next } = this.#stored;
      draft.reads.push({ purpose: 'drain', device, at, from: sentUpTo, before: next, limit: READ_CHUNKS });
      return;
    }
    attachment.live = true;
    if (!attachment.synced) draft.tell(attachment.at, { type: 'synced' });
    attachment.synced = true;
  }

  /** Takes what a read brought. False if it was asked for before this memory was loaded. */
  page(draft: Draft, result: Extract<MailboxResult, { purpose: 'drain' }>, inUse: ReadonlySet<string>): boolean {
    const attachment = this.find(result.device, result.at);
    if (!attachment || attachment.sentUpTo !== result.from) return false;
    attachment.reading = false;
    for (const chunk of result.chunks) {
      const { n, items } = chunk;
      if (items.some(({ item }) => item && draft.expired(item))) this.#stored.sweep(draft, chunk, inUse);
      items.forEach(({ item, devices, taken }, index) => {
        const stored = n + index;
        if (stored < attachment.sentUpTo || !item || draft.expired(item) || !devices.includes(attachment.device))
          return;
        const waiting = new Set([attachment.device]);
        const { now: since } = draft;
        attachment.buffer.push({
          item,
          size: sizeOf(item),
          devices,
          waiting,
          deliveries: [],
          since,
          stored,
          taken,
        });
      });
      attachment.sentUpTo = Math.max(attachment.sentUpTo, n + items.length);
    }
    if (result.chunks.length < READ_CHUNKS) attachment.sentUpTo = Math.max(attachment.sentUpTo, result.before);
    return true;
  }

  /** What the gateways are told when this memory is dropped. */
  farewell(): Tell[] {
    return [...this.#attached.values()].map(({ at }) => ({
      inbox: at.inbox,
      message: { type: 'reattach', session: at.session },
    }));
  }
}
