// The notices that a turn causes, merged by receiver and conversation, so that a burst of acks costs its sender one item.
import type { Addressed, MessageItem, NoticeItem } from '#protocol/commands.ts';
import type { NoticeBody } from '#protocol/frames/server.ts';
import { GROUP_PROOFS_MAX_MEMBERS, NOTICE_ENTRIES_MAX, RETENTION_DEFAULT_MS } from '#protocol/limits.ts';
import type { MailboxCounts } from './counts.ts';
import { entriesOf } from './item.ts';

type Delivered = Extract<NoticeBody, { kind: 'delivered' }>;
type Expired = Extract<NoticeBody, { kind: 'expired' }>;
type Missed = Extract<NoticeBody, { kind: 'missed' }>;
type Proved = Extract<NoticeBody, { kind: 'group.delivered' }>;
type Counted = Extract<NoticeBody, { kind: 'group.counted' }>;

type Draft = { readonly to: string; readonly devices: readonly string[] | undefined; readonly notice: NoticeBody };

export class Notices {
  readonly #by: string;
  readonly #counts: MailboxCounts;
  #made: Map<string, Draft> | undefined; // most turns cause none

  /** `by`: the mailbox in whose name they are. `counts`: of all mailboxes. */
  constructor(by: string, counts: MailboxCounts) {
    this.#by = by;
    this.#counts = counts;
  }

  /** To the sender: `device` is the first that took the message; `tag` proves it, if the device could open it. */
  delivered(item: MessageItem, device: string, tag: string | undefined): void {
    this.#counts.delivered += 1;
    const { conversation, from, group } = item;
    if (group && isCounted(item)) return this.#count(item, 'delivered');
    if (group) {
      const proved: Proved = { kind: 'group.delivered', conversation, entries: [] };
      const { entries } = this.#draft(`group.delivered ${from} ${conversation}`, from, undefined, proved);
      entries.push({ id: item.id, device, by: this.#by, ...(tag ? { tag } : {}) });
      return;
    }
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
    this.#counts.expired += 1;
    const { conversation, from } = item;
    if (isCounted(item)) return this.#count(item, 'expired');
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
    this.#counts.missed += 1;
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

  /** To the sender: refused, although an earlier turn, or the group, may have answered `ok`. What one's own mailbox refuses is never only counted. */
  refused(item: MessageItem, code: string): void {
    const { conversation, from, id } = item;
    if (isCounted(item) && from !== this.#by) return this.#count(item, 'refused');
    const notice: NoticeBody = { kind: 'refused', conversation, by: this.#by, entries: [{ id }], code };
    this.#drafts.set(`refused ${item.device} ${id}`, { to: from, devices: undefined, notice });
  }

  /** To the sender of a group's message: this member has devices in use that it had no slot for. */
  stale({ conversation, from }: MessageItem): void {
    const notice: NoticeBody = { kind: 'stale', conversation, by: this.#by };
    this.#drafts.set(`stale ${from} ${conversation}`, { to: from, devices: undefined, notice });
  }

  /** To the sender: one person more of those whom a group's message went to. */
  #count({ conversation, from, id }: MessageItem, what: 'delivered' | 'expired' | 'refused'): void {
    const counted: Counted = { kind: 'group.counted', conversation, entries: [] };
    const { entries } = this.#draft(`group.counted ${from} ${conversation}`, from, undefined, counted);
    entries.push({ id, delivered: 0, expired: 0, refused: 0, [what]: 1 });
  }

  /** The commands that carry them. */
  commands(now: number): Addressed[] {
    if (!this.#made) return [];
    return [...this.#made.values()].map(({ to, devices, notice }) => {
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

  get #drafts(): Map<string, Draft> {
    this.#made ??= new Map();
    return this.#made;
  }

  #draft<T extends NoticeBody>(key: string, to: string, devices: readonly string[] | undefined, empty: T): T {
    const present = this.#drafts.get(key);
    if (present && entriesOf(present.notice) < NOTICE_ENTRIES_MAX) return present.notice as T; // the key begins with the kind
    if (present) {
      this.#drafts.delete(key); // a full one keeps its place: each name is said, however many there are
      this.#drafts.set(`${key} ${this.#drafts.size}`, present);
    }
    this.#drafts.set(key, { to, devices, notice: empty });
    return empty;
  }
}

/** It went to more persons than a sender hears of one by one. */
function isCounted({ group }: MessageItem): boolean {
  return group !== undefined && group.persons > GROUP_PROOFS_MAX_MEMBERS;
}
