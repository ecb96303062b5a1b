// Whom this gateway has sessions of that others may see: every session begins unseen, and its client says whether it stays so.

/** A person who stays is noted as seen so often: what a crash loses of it is no more. */
export const SEEN_NOTE_INTERVAL_MS = 600_000;

export class Visible<S extends object> {
  readonly #sessions = new Map<string, Set<S>>();
  /** When each person was noted last or came, those of longest ago first; monotonic, ms. */
  readonly #notedAt = new Map<string, number>();

  /** Persons. */
  get size(): number {
    return this.#sessions.size;
  }

  has(address: string): boolean {
    return this.#sessions.has(address);
  }

  hasSession(address: string, session: S): boolean {
    return this.#sessions.get(address)?.has(session) ?? false;
  }

  /** True if it is the first one of this person here. */
  add(address: string, session: S, now: number): boolean {
    const sessions = this.#sessions.get(address);
    if (sessions) {
      sessions.add(session);
      return false;
    }
    this.#sessions.set(address, new Set([session]));
    this.#notedAt.set(address, now);
    return true;
  }

  /** True if it was the last one of this person here. */
  remove(address: string, session: S): boolean {
    const sessions = this.#sessions.get(address);
    if (!sessions?.delete(session) || sessions.size > 0) return false;
    this.#sessions.delete(address);
    this.#notedAt.delete(address);
    return true;
  }

  /** Who is to be noted as seen now; they count as noted. */
  due(now: number): readonly string[] {
    const due: string[] = [];
    for (const [address, at] of this.#notedAt) {
      if (now - at < SEEN_NOTE_INTERVAL_MS) break;
      due.push(address);
    }
    for (const address of due) {
      this.#notedAt.delete(address); // or it would keep its place
      this.#notedAt.set(address, now);
    }
    return due;
  }
}
