// Numbered messages that somebody writes without a pause, to a person and to a group, while things happen to the stack; and what is wrong with
// what arrived of them.
import { setTimeout as pause } from 'node:timers/promises';
import type { Person } from '../../clients/sdk/test/people.ts';
import { Progress } from '../chaos/progress.ts';

/** Ten messages a second in each conversation: there is always one on its way, whatever is killed. */
const PACE_MS = 100;

/** A conversation: how its writer names it, and who is shown what is written there. */
export type Line = { readonly to: string; readonly readers: readonly Person[] };

export class Stream {
  readonly #writer: Person;
  readonly #name: string;
  readonly #written: ReadonlyMap<Line, string[]>;
  readonly #ids: string[] = [];

  readonly #writing: Promise<void>;
  #stopped = false;

  /** Begins to write. `name`: no other stream has it. */
  constructor(name: string, writer: Person, lines: readonly Line[]) {
    this.#name = name;
    this.#writer = writer;
    this.#written = new Map(lines.map((line) => [line, []]));

    this.#writing = this.#write();
    this.#writing.catch(() => {}); // `stop` tells
  }

  /** Ends when all is accepted and everybody was shown all of it. Returns what is wrong, a sentence each. Throws when nothing comes any more. */
  async stop(): Promise<string[]> {
    this.#stopped = true;
    await this.#writing;
    const people = [this.#writer, ...this.#readers];
    const progress = new Progress(
      () => people.reduce((sum, { heard }) => sum + heard.length, 0),
      () => [`${this.#name}: nothing more comes`, ...this.faults()].join('\n'),
    );
    const ended = (): boolean =>
      this.#unaccepted.length === 0 &&
      [...this.#written].every(([{ readers }, texts]) =>
        readers.every((one) => this.#shown(one, texts).length >= texts.length),
      );
    const offs = people.map(({ client }) => client.on(() => setImmediate(() => progress.made())));
    const look = setInterval(() => progress.made(), PACE_MS); // what a journal prints comes after its event
    await progress.until(ended).finally(() => {
      clearInterval(look);
      progress.end();
      for (const off of offs) off();
    });
    return this.faults();
  }

  /** What is lost, came twice or in another order by now, and what people were told that they should not have been. */
  faults(): string[] {
    const faults = this.#unaccepted.map((id) => `${this.#name}: ${id} was never accepted`);
    if (this.#ids.length === 0) faults.push(`${this.#name}: nothing was written`);
    for (const [{ to, readers }, texts] of this.#written) {
      for (const reader of readers) {
        const shown = this.#shown(reader, texts);
        const lost = texts.filter((text) => !shown.includes(text));
        const twice = shown.filter((text, index) => shown.indexOf(text) !== index);
        const ordered = texts.filter((text) => shown.includes(text)).every((text, index) => shown[index] === text);
        if (lost.length === 0 && twice.length === 0 && ordered) continue;
        const order = ordered ? '' : `, shown as ${shown}`;
        faults.push(`to ${to}, of ${texts.length}: lost [${lost}], twice [${twice}]${order}`);
      }
    }
    return [...faults, ...this.#readers.flatMap(troublesOf), ...troublesOf(this.#writer)];
  }

  get #readers(): readonly Person[] {
    return [...new Set([...this.#written.keys()].flatMap(({ readers }) => readers))];
  }

  get #unaccepted(): string[] {
    const accepted = new Set(this.#writer.of('accepted').map(({ id }) => id));
    return this.#ids.filter((id) => !accepted.has(id));
  }

  async #write(): Promise<void> {
    for (let number = 1; !this.#stopped; number++) {
      for (const [{ to }, texts] of this.#written) {
        const text = `${this.#name} to ${to}: ${number}`;
        const [result] = await this.#writer.client.send([to], [text]);
        if (result === undefined || 'error' in result) throw result?.error ?? new Error('no result');
        texts.push(text);
        this.#ids.push(...result.ids);
      }
      await pause(PACE_MS);
    }
  }

  /** What a person was shown of a conversation of this stream, in the order of its arrival. */
  #shown({ texts }: Person, of: readonly string[]): string[] {
    const [first = ''] = of;
    const beginning = first.slice(0, first.lastIndexOf(' ') + 1);
    return texts.filter((text) => text.startsWith(beginning));
  }
}

function troublesOf({ client, heard }: Person): string[] {
  const bad = ['gap', 'unreadable', 'refused', 'given_up', 'stopped'];
  return heard
    .filter(({ type }) => bad.includes(type))
    .map((event) => `${client.account.address} was told: ${JSON.stringify(event)}`);
}
