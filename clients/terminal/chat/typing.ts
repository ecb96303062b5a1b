// Who types, while they type: others are told that this person does, and what is told of them stands before what is typed here, for a moment.
import type { Client } from '../../sdk/index.ts';
import { groupConversation } from '../names.ts';
import { shortName } from './chat-lines.ts';
import { readTyped } from './typed.ts';

/** Somebody who goes on typing is told of again before this is over. */
const SHOWN_MS = 6_000;
/** A signal may come behind the very message that was typed then. */
const STALE_MS = 2_000;
/** More names would leave no room for what is typed here. */
const NAMES_MAX = 2;

type TypingDeps = {
  readonly client: Pick<Client, 'typing'> & { readonly account: Pick<Client['account'], 'domain'> };
  /** ms, rising. */
  elapsed(): number;
  /** Something is to be shown, or not any more. */
  changed(): void;
};

/** `group`: name@domain, where it is not typed to this person alone. */
export type TypingHeard = { readonly from: string; readonly group?: string };

export class Typing {
  readonly #deps: TypingDeps;
  /** By conversation and person. */
  readonly #until = new Map<
    string,
    { readonly conversation: string; readonly from: string; readonly timer: NodeJS.Timeout }
  >();
  readonly #wrote = new Map<string, number>();

  constructor(deps: TypingDeps) {
    this.#deps = deps;
  }

  /** What stands on the own line now. `open`: the conversation that it goes to. Commands are nobody's business. */
  typed(line: string, open: string | undefined): void {
    if (open !== undefined && readTyped(line).kind === 'text') this.#deps.client.typing(open);
  }

  hear({ from, group }: TypingHeard): void {
    const conversation = group === undefined ? from : groupConversation(group);
    const key = keyOf(conversation, from);
    const wrote = this.#wrote.get(key);
    if (wrote !== undefined && this.#deps.elapsed() - wrote < STALE_MS) return;
    clearTimeout(this.#until.get(key)?.timer);
    const timer = setTimeout(() => this.#end(key), SHOWN_MS);
    this.#until.set(key, { conversation, from, timer });
    this.#deps.changed();
  }

  /** What was typed is here. */
  wrote(conversation: string, from: string): void {
    const key = keyOf(conversation, from);
    this.#wrote.set(key, this.#deps.elapsed());
    this.#end(key);
  }

  /** What is said of a conversation: ` (typing…)`, ` (bo typing…)` in a group, or nothing. */
  of(conversation: string): string {
    const all = [...this.#until.values()].filter((one) => one.conversation === conversation);
    if (all.length === 0) return '';
    if (all[0]?.from === conversation) return ' (typing…)';
    const names = all.slice(0, NAMES_MAX).map(({ from }) => shortName(from, this.#deps.client.account.domain));
    const more = all.length > NAMES_MAX ? ` and ${all.length - NAMES_MAX} more` : '';
    return ` (${names.join(', ')}${more} typing…)`;
  }

  stop(): void {
    for (const { timer } of this.#until.values()) clearTimeout(timer);
    this.#until.clear();
  }

  #end(key: string): void {
    const shown = this.#until.get(key);
    if (shown === undefined) return;
    clearTimeout(shown.timer);
    this.#until.delete(key);
    this.#deps.changed();
  }
}

function keyOf(conversation: string, from: string): string {
  return `${conversation} ${from}`;
}
