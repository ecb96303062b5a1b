// Who is alive, and who owns what, as their `alive` messages say (DESIGN section 2, Who is alive). Pure: it is told what is heard and the time.
import type { ActorKind } from '#protocol/commands.ts';
import { FRAME_VERSIONS, versionToWrite } from './versions.ts';
import type { Alive } from './wire.ts';

export const ALIVE_INTERVAL_MS = 1_000;
/** Who was not heard of for this long is gone. */
export const SILENCE_MAX_MS = 3_000;

/** What follows from something heard. */
export type News = {
  /** It was not known: it does not know us either. */
  readonly isNew: boolean;
  /** The live instances or what they take part in changed: so does the share. */
  readonly changed: boolean;
  /** Partitions with an owner newer than any known. */
  readonly moved: readonly { readonly kind: ActorKind; readonly partition: number; readonly epoch: number }[];
  /** Inboxes that are no more. */
  readonly gone: readonly string[];
};

type Owner = { readonly epoch: number; readonly instance: string | undefined };

export class Members {
  readonly #alive = new Map<string, { said: Alive; heardAt: number }>();
  readonly #owners = new Map<string, Owner>();
  /** Until somebody comes, goes or says that it reads others. */
  #version: number | undefined;

  /** `now`: monotonic, in ms. */
  hear(said: Alive, now: number): News {
    const before = this.#alive.get(said.instance)?.said;
    if (before?.reads.join() !== said.reads.join()) this.#version = undefined;
    this.#alive.set(said.instance, { said, heardAt: now });
    const moved: { kind: ActorKind; partition: number; epoch: number }[] = [];
    for (const [kind, partition, epoch] of said.holds) {
      const known = this.#owners.get(`${kind}.${partition}`)?.epoch ?? 0;
      if (epoch >= known) this.#owners.set(`${kind}.${partition}`, { epoch, instance: said.instance });
      if (epoch > known) moved.push({ kind, partition, epoch });
    }
    if (before) this.#release(said, before);
    return {
      isNew: !before,
      changed: before?.takes.join() !== said.takes.join(),
      moved,
      gone: before && before.inbox !== said.inbox ? [before.inbox] : [],
    };
  }

  /** An instance is no more. Returns its inbox, if it was known. */
  bye(instance: string): string | undefined {
    const known = this.#alive.get(instance)?.said;
    this.#alive.delete(instance);
    this.#version = undefined;
    return known?.inbox;
  }

  /** Forgets who has been silent for too long, except `self`. Returns their inboxes. */
  expire(now: number, self: string): readonly string[] {
    const gone: string[] = [];
    for (const [instance, { said, heardAt }] of this.#alive) {
      if (instance === self || now - heardAt <= SILENCE_MAX_MS) continue;
      this.#alive.delete(instance);
      this.#version = undefined;
      gone.push(said.inbox);
    }
    return gone;
  }

  /** Nobody could be heard until now: their silence begins anew. */
  excuse(now: number): void {
    for (const known of this.#alive.values()) known.heardAt = now;
  }

  /** The live instances that take part in a kind. */
  taking(kind: ActorKind): readonly string[] {
    return [...this.#alive.values()].flatMap(({ said }) => (said.takes.includes(kind) ? [said.instance] : []));
  }

  /** The inbox of a partition's present owner, if it is known and alive. */
  ownerInbox(kind: ActorKind, partition: number): string | undefined {
    const owner = this.#owners.get(`${kind}.${partition}`)?.instance;
    return owner === undefined ? undefined : this.#alive.get(owner)?.said.inbox;
  }

  /** How far behind a partition is, as its owner said last, in ms. */
  lagMs(kind: ActorKind, partition: number): number {
    const owner = this.#owners.get(`${kind}.${partition}`)?.instance;
    const lags = owner === undefined ? undefined : this.#alive.get(owner)?.said.lags;
    return lags?.find(([k, p]) => k === kind && p === partition)?.[2] ?? 0;
  }

  /** The version in which frames are to be written, so that everybody reads them. */
  get version(): number {
    this.#version ??= versionToWrite(
      FRAME_VERSIONS,
      [...this.#alive.values()].map(({ said }) => said.reads),
    );
    return this.#version;
  }

  /** Whether everybody who is alive reads stored data of this form. */
  readForm(form: number): boolean {
    return this.#alive.size > 0 && [...this.#alive.values()].every(({ said }) => said.forms.includes(form));
  }

  /** What it held and holds no more has no owner. */
  #release(said: Alive, before: Alive): void {
    for (const [kind, partition, epoch] of before.holds) {
      const held = said.holds.some(([k, p]) => k === kind && p === partition);
      const owner = this.#owners.get(`${kind}.${partition}`);
      if (!held && owner?.instance === said.instance) {
        this.#owners.set(`${kind}.${partition}`, { epoch, instance: undefined });
      }
    }
  }
}
