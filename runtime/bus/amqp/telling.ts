// How what is told finds its actor: at the owner here, through the inbox of the owner elsewhere, or kept until there is an owner.
import type { Addressed } from '#protocol/commands.ts';
import { partitionOf } from '../../partitions.ts';
import type { Members } from './members.ts';
import type { Ownership } from './ownership.ts';
import { Tells } from './tells.ts';
import type { InboxItem } from './wire.ts';

export type TellingDeps = {
  readonly partitions: number;
  readonly members: Members;
  readonly ownership: Ownership;
  /** This instance's inbox, as it is now. */
  readonly inbox: () => string;
  readonly send: (inbox: string, item: InboxItem) => void;
};

export class Telling {
  readonly #deps: TellingDeps;
  readonly #kept = new Tells();

  constructor(deps: TellingDeps) {
    this.#deps = deps;
  }

  tell(command: Addressed): void {
    if (this.#given(command)) return;
    const inbox = this.#ownerInbox(command);
    if (inbox === undefined || inbox === this.#deps.inbox()) this.#keep(command);
    else this.#deps.send(inbox, { told: command });
  }

  /** From another instance. Where the owner is not here any more, it waits for news of who is: two that take each other for it must not toss it to and fro. */
  passOn(command: Addressed): void {
    if (!this.#given(command)) this.#keep(command);
  }

  /** True if its owner is here and took it. */
  #given(command: Addressed): boolean {
    const { ownership, partitions } = this.#deps;
    return ownership.ownerHere(command.kind, partitionOf(command.key, partitions))?.told(command) ?? false;
  }

  #keep(command: Addressed): void {
    this.#kept.keep(command, performance.now());
  }

  /** Somebody owns something new: tells what was kept for it. */
  again(): void {
    const isKnown = (command: Addressed): boolean => this.#ownerInbox(command) !== undefined;
    for (const command of this.#kept.take(isKnown, performance.now())) this.tell(command);
  }

  #ownerInbox({ kind, key }: Addressed): string | undefined {
    return this.#deps.members.ownerInbox(kind, partitionOf(key, this.#deps.partitions));
  }
}
