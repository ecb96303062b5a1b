// The notices that a turn causes, merged by receiver and conversation, so that a burst of acks costs its sender one item.
import type { Addressed, MessageItem, NoticeItem } from '#protocol/commands.ts';
import type { NoticeBody } from '#protocol/frames/server.ts';
import { NOTICE_ENTRIES_MAX, RETENTION_DEFAULT_MS } from '#protocol/limits.ts';

type Delivered = Extract<NoticeBody, { kind: 'delivered' }>;
type Expired = Extract<NoticeBody, { kind: 'expired' }>;
type Missed = Extract<NoticeBody, { kind: 'missed' }>;

type Draft = { readonly to: string; readonly devices: readonly string[] | undefined; readonly notice: NoticeBody };

export class Notices {
  readonly #by: string;
  readonly #drafts = new Map<string, Draft>();

  /** `by`: the mailbox in whose name they are. */
  constructor(by: string) {
    this.#by = by;
  }

  /** To the sender: `device` is the first that took the message; `tag` proves it, if the device could open it. */
  delivered(item: MessageItem, device: string, tag: string | undefined): void {
    const { conversation, from } = item;
    const notice = this.#draft<Delivered>(`delivered ${from} ${conversation}`, from, undefined, {
      kind: 'delivered',
      conversation,
      by: this.#by,
      entries: [],
      more: 0,
    });
    notice.entries.push({ id: item.id, device, ...(tag ? { tag } : {}) });
  }

  /** To the sender: the message left the store and no device had taken it. */
  expired(item: MessageItem): void {
    const { conversation, from } = item;
    const notice = this.#draft<Expired>(`expired ${from} ${conversation}`, from, undefined, {
      kind: 'expired',
      conversation,
      by: this.#by,
      entries: [],
      more: 0,
    });
    notice.entries.push({ id: item.id });
  }

  /** To the own devices that have not taken the message: its number will not come, so that they do not wait for it. */
  missed(item: MessageItem, devices: readonly string[]): void {
    const { conversation, from, device } = item;
    const notice = this.#draft<Missed>(`missed ${device} ${conversation} ${devices}`, this.#by, devices, {
      kind: 'missed',
      conversation,
      from,
      device,
      seqs: [],
    });
    notice.seqs.push(item.seq);
  }

  /** To the sender: refused, although an earlier turn may have answered `ok`. */
  refused(item: MessageItem, code: string): void {
    const { conversation, from, id } = item;
    const notice: NoticeBody = { kind: 'refused', conversation, by: this.#by, entries: [{ id }], code };
    this.#drafts.set(`refused ${item.device} ${id}`, { to: from, devices: undefined, notice });
  }

  /** The commands that carry them. */
  commands(now: number): Addressed[] {
    return [...this.#drafts.values()].map(({ to, devices, notice }) => {
      const item: NoticeItem = {
        type: 'notice',
        notice,
        ...(devices ? { devices } : {}),
        receivedAt: now,
        expiresAt: now + RETENTION_DEFAULT_MS,
      };
      return { kind: 'mailbox', key: to, command: { type: 'notify', item } };
    });
  }

  #draft<T extends NoticeBody>(key: string, to: string, devices: readonly string[] | undefined, empty: T): T {
    const present = this.#drafts.get(key);
    if (present && lengthOf(present.notice) < NOTICE_ENTRIES_MAX) return present.notice as T; // the key begins with the kind
    if (present) {
      this.#drafts.delete(key); // a full one keeps its place: each name is said, however many there are
      this.#drafts.set(`${key} ${this.#drafts.size}`, present);
    }
    this.#drafts.set(key, { to, devices, notice: empty });
    return empty;
  }
}

function lengthOf(notice: NoticeBody): number {
  if (notice.kind === 'stale') return 0;
  return notice.kind === 'missed' ? notice.seqs.length : notice.entries.length;
}
