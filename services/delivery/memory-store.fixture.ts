// A MailboxStore in memory, for tests that crash a mailbox thousands of times. It passes the contract of the real ones.
import { Conflict } from '#runtime/store/database.ts';
import { bytesIn, type Charges } from './charges.ts';
import {
  CHUNK_NUMBERS,
  type Chunk,
  type ChunkInfo,
  type ChunkSize,
  type MailboxState,
  type MailboxStore,
  type MailboxWrite,
} from './store.ts';

type Kept = Chunk & { readonly charges: Charges };
type Head = {
  length: number;
  devices: readonly string[];
  deleted: boolean;
  next: number;
  used: Record<string, number>;
  seen?: number | undefined;
  chunks: Kept[];
};

export class MemoryMailboxStore implements MailboxStore {
  #heads = new Map<string, Head>();
  #cursors = new Map<string, Record<string, number>>();

  async load(user: string): Promise<MailboxState | undefined> {
    const head = this.#heads.get(user);
    if (!head) return undefined;
    const chunks = head.chunks.map(({ n, items, charges }): ChunkInfo => ({ n, count: items.length, charges }));
    return structuredClone({ ...head, cursors: this.#cursors.get(user) ?? {}, chunks });
  }

  async write(user: string, writes: readonly MailboxWrite[]): Promise<void> {
    const heads = structuredClone(this.#heads);
    const cursors = structuredClone(this.#cursors);
    try {
      for (const write of structuredClone(writes)) this.#apply(user, write);
    } catch (error) {
      this.#heads = heads;
      this.#cursors = cursors;
      throw error;
    }
  }

  async read(user: string, from: number, before: number, limit: number): Promise<readonly Chunk[]> {
    const chunks = this.#heads.get(user)?.chunks ?? [];
    const found = chunks.filter(({ n, items }) => n + items.length > from && n < before).slice(0, limit);
    return structuredClone(found.map(({ n, items }) => ({ n, items })));
  }

  async users(after: string, limit: number): Promise<readonly string[]> {
    const users = [...this.#heads].filter(([user, { chunks }]) => user > after && chunks.length > 0);
    return users
      .map(([user]) => user)
      .toSorted()
      .slice(0, limit);
  }

  async survey(each: (chunk: ChunkSize) => void): Promise<void> {
    for (const [user, { chunks }] of this.#heads) {
      for (const { items, charges } of chunks) each({ user, items: items.length, bytes: bytesIn(charges) });
    }
  }

  #apply(user: string, write: MailboxWrite): void {
    const head = this.#heads.get(user);
    switch (write.type) {
      case 'account': {
        const { length, devices, deleted, used } = write;
        const newer = !head || length > head.length || (length === head.length && deleted && !head.deleted);
        if (!newer) throw new Conflict('account');
        this.#heads.set(user, {
          next: CHUNK_NUMBERS,
          chunks: [],
          ...head,
          length,
          devices,
          deleted,
          used: { ...used },
          seen: deleted ? undefined : head?.seen,
        });
        for (const [device, n] of Object.entries(write.cursors)) this.#raise(user, device, n);
        return;
      }
      case 'append': {
        const { n, items } = write.chunk;
        if (!head || head.next > n) throw new Conflict('append');
        head.chunks.push({ n, items, charges: write.charges });
        head.next = n + CHUNK_NUMBERS;
        return;
      }
      case 'cursor':
        return this.#raise(user, write.device, write.n);
      case 'used':
        if (head?.devices.includes(write.device)) head.used[write.device] = write.at;
        return;
      case 'seen':
        if (head && !head.deleted) head.seen = write.at;
        return;
      case 'trim':
      case 'remove':
        if (head) head.chunks = head.chunks.filter(({ n }) => n !== write.n);
        return;
      case 'replace':
        if (head)
          head.chunks = head.chunks.map((old) =>
            old.n === write.chunk.n ? { ...write.chunk, charges: write.charges } : old,
          );
    }
  }

  #raise(user: string, device: string, n: number): void {
    const cursors = this.#cursors.get(user) ?? {};
    this.#cursors.set(user, { ...cursors, [device]: Math.max(n, cursors[device] ?? 0) });
  }
}
