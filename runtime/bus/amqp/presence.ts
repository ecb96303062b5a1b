// Says each second that this instance is there, and makes out of what the others say who came, who is gone and what moved.
import type { ActorKind } from '#protocol/commands.ts';
import { ALIVE_INTERVAL_MS, type Members } from './members.ts';
import { ALIVE_TYPE, type Alive, BYE_TYPE } from './wire.ts';

/** A beat that comes so late was kept by this process itself (it was frozen, or starved): what others said meanwhile is not read yet. */
const LATE_MS = 1_500;

export type PresenceDeps = {
  readonly self: string;
  readonly members: Members;
  /** What this instance says of itself. */
  readonly alive: () => Alive;
  /** Says something to every inbox; resolves once it is said, or cannot be. */
  readonly say: (type: string, body: unknown) => Promise<unknown>;
  /** An inbox is no more. */
  readonly gone: (inbox: string) => void;
  /** A partition has an owner newer than any known; `here`: it is this instance. */
  readonly moved: (kind: ActorKind, partition: number, epoch: number, here: boolean) => void;
  /** Others are there, or other ones take part: the share may be another. */
  readonly changed: () => void;
};

export class Presence {
  readonly #deps: PresenceDeps;
  #announcing = false;
  #beatAt = Number.POSITIVE_INFINITY;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
  }

  /** Every second. `deaf`: nobody can be heard now, so nobody is gone. */
  beat(deaf: boolean): void {
    const { self, members, gone, changed } = this.#deps;
    const now = performance.now();
    const late = now - this.#beatAt > ALIVE_INTERVAL_MS + LATE_MS;
    this.#beatAt = now;
    if (deaf) return members.excuse(now);
    if (late) members.excuse(now);
    void this.announce();
    const silent = members.expire(now, self);
    for (const inbox of silent) gone(inbox);
    if (silent.length > 0) changed();
  }

  announce(): Promise<unknown> {
    const { say, alive } = this.#deps;
    const said = alive();
    this.hear(said);
    return say(ALIVE_TYPE, said);
  }

  /** What changes in one tick is announced together. */
  announceLater(): void {
    if (this.#announcing) return;
    this.#announcing = true;
    setImmediate(() => {
      this.#announcing = false;
      void this.announce();
    });
  }

  /** The last that is said. */
  bye(): Promise<unknown> {
    return this.#deps.say(BYE_TYPE, this.#deps.self);
  }

  hear(alive: Alive): void {
    const { self, members, gone, moved, changed } = this.#deps;
    const news = members.hear(alive, performance.now());
    const here = alive.instance === self;
    if (!here) for (const inbox of news.gone) gone(inbox);
    if (!here && news.isNew) this.announceLater(); // it knows nobody yet
    for (const { kind, partition, epoch } of news.moved) moved(kind, partition, epoch, here);
    if (news.isNew || news.changed) changed();
  }

  hearBye(instance: string): void {
    const inbox = this.#deps.members.bye(instance);
    if (inbox === undefined) return;
    this.#deps.gone(inbox);
    this.#deps.changed();
  }
}
