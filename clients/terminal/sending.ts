// One act of sending: batches of texts in, or a file, a window of unanswered messages, and the end of it in words.
import {
  type Client,
  type ClientEvent,
  type FileSource,
  Refusal,
  type SendOptions,
  type SendResult,
  Unavailable,
} from '../sdk/index.ts';
import type { App } from './app.ts';
import { Ended, EXIT, endOf, interrupted, OutputClosed, sentenceOf, signalOf } from './exit.ts';
import { uploaded } from './files/uploading.ts';
import { type Outcome, Progress } from './progress.ts';
import { endedFor, isLinkState, settled, Trouble } from './session.ts';
import { BadLine, type Batch } from './stdin-lines.ts';

/** After the time is over, so many messages more are put into the outbox at most … */
const OUTBOX_MESSAGES_MAX = 100_000;
/** … from an input that pauses no longer than this. */
const INPUT_PAUSE_MS = 1_000;
const NO_TEXT = 'Nothing was sent: standard input has no text.';

export type Act = SendOptions & {
  /** Canonical addresses, no two alike. */
  readonly to: readonly string[];
  /** Without progress, after which nobody waits any more. */
  readonly timeoutMs: number;
};

export class Sending {
  readonly #app: App;
  readonly #client: Client;
  readonly #act: Act;
  readonly #progress: Progress;
  readonly #trouble = new Trouble();
  readonly #delays = new Set<string>();
  /** Of many messages that are refused for one reason, the first is told; how many there were is said at the end. */
  readonly #told = new Set<string>();
  /** Those that messages are queued for; who cannot be written to drops out. */
  #to: readonly string[];
  #known = new Set<string>();
  #failures: { readonly to: string; readonly error: Error }[] = [];
  #refused = 0;
  /** Messages that were asked for so far: each text that was read, for each address. */
  #wanted = 0;
  #ended: Ended | undefined;
  #through = 0;
  /** How far a file is that was not sent, in sentences. */
  #unsent = '';

  constructor(app: App, client: Client, act: Act) {
    this.#app = app;
    this.#client = client;
    this.#act = act;
    this.#to = act.to;
    this.#progress = new Progress(client, act.timeoutMs, (outcome) => this.#settled(outcome));
  }

  /** Resolves when all are accepted. Throws Ended with the status and how far it came, or what forbids to send at all. */
  run(batches: AsyncGenerator<Batch>): Promise<void> {
    return this.#run(() => this.#feed(batches));
  }

  /** The same of a file: uploaded once, and a message to each. */
  runFile(source: FileSource): Promise<void> {
    return this.#run(() => this.#upload(source));
  }

  /** `fill`: puts into the outbox what there is to send, and resolves with what is wrong with the rest. */
  async #run(fill: () => Promise<Error | undefined>): Promise<void> {
    const stop = this.#client.on((event) => this.#hear(event));
    const abort = () => this.#progress.stop();
    this.#app.ending.addEventListener('abort', abort);
    if (this.#app.ending.aborted) abort();
    try {
      this.#known = new Set((await this.#client.contacts()).map(({ address }) => address));
      await this.#client.connect({ receive: false });
      const unread = await fill();
      await this.#progress.done();
      // Slots for devices that were not known, too: what is accepted stays so, however long they take.
      if (!this.#progress.stopped || this.#ended !== undefined)
        await settled(this.#client, this.#act.timeoutMs, this.#app.ending);
      this.#finish(unread);
    } finally {
      this.#app.ending.removeEventListener('abort', abort);
      stop();
      this.#progress.end();
    }
  }

  async #upload(source: FileSource): Promise<Error | undefined> {
    this.#wanted = this.#to.length;
    try {
      const upload = { to: this.#to, source, options: this.#expiry };
      const results = await uploaded(this.#client, this.#app.output, this.#progress, upload);
      if (typeof results === 'string') this.#unsent = results;
      else this.#took(results);
      return undefined;
    } catch (error) {
      // What ended the session is said as such.
      if (this.#ended !== undefined) return undefined;
      if (error instanceof Error) return error;
      throw error;
    }
  }

  /** Queues all there is to send. Resolves with what is wrong with the rest of the input: nothing, where it was read to its end. */
  async #feed(batches: AsyncGenerator<Batch>): Promise<Error | undefined> {
    for (;;) {
      const next = batches.next();
      let result: IteratorResult<Batch> | undefined;
      try {
        result = await this.#progress.during(next, false);
      } catch (error) {
        if (error instanceof Error) return error;
        throw error;
      }
      if (result === undefined) return this.#app.ending.aborted ? undefined : this.#stow(batches, next);
      if (result.done || this.#to.length === 0) return undefined;
      this.#wanted += result.value.texts.length * this.#act.to.length;
      await this.#queue(result.value);
      await this.#progress.room();
    }
  }

  /** Nobody waits any more: what the input still has goes into the outbox. */
  async #stow(batches: AsyncGenerator<Batch>, first: Promise<IteratorResult<Batch>>): Promise<Error | undefined> {
    for (let next = first; ; next = batches.next()) {
      let result: IteratorResult<Batch> | 'paused';
      try {
        result = await Promise.race([next, pause()]);
      } catch (error) {
        if (error instanceof Error) return error;
        throw error;
      }
      if (result === 'paused' || this.#progress.waiting > OUTBOX_MESSAGES_MAX) {
        next.catch(() => {});
        return new Unavailable(`Standard input was read up to line ${this.#through}: begin again after it.`);
      }
      this.#to = this.#to.filter((to) => this.#known.has(to));
      if (result.done || this.#to.length === 0) return undefined;
      this.#wanted += result.value.texts.length * this.#act.to.length;
      await this.#queueFor(this.#to, result.value);
    }
  }

  async #queue(batch: Batch): Promise<void> {
    // Who is written to for the first time has to be looked up at the server: the others need not wait for that.
    const known = this.#to.filter((to) => this.#known.has(to));
    const unknown = this.#to.filter((to) => !this.#known.has(to));
    if (known.length > 0) await this.#queueFor(known, batch);
    if (unknown.length > 0) await this.#progress.during(this.#queueFor(unknown, batch), true);
    this.#through = batch.through;
  }

  async #queueFor(to: readonly string[], { texts, through }: Batch): Promise<void> {
    this.#took(await this.#client.send(to, texts, this.#expiry));
    this.#through = through;
  }

  get #expiry(): SendOptions {
    const { expiresInMs } = this.#act;
    return expiresInMs === undefined ? {} : { expiresInMs };
  }

  #took(results: readonly SendResult[]): void {
    for (const result of results) {
      if ('ids' in result) {
        this.#known.add(result.to);
        this.#progress.queued(result.to, result.ids);
      } else {
        this.#failures.push(result);
        this.#to = this.#to.filter((address) => address !== result.to);
      }
    }
  }

  #finish(unread: Error | undefined): void {
    const { accepted } = this.#progress;
    const { output, ending } = this.#app;
    const { status, sentence } = this.#reason(unread);
    const stopped = unread instanceof BadLine ? unread.line : undefined;
    const record = {
      ...{ type: 'sent', accepted, total: this.#wanted },
      ...(stopped === undefined ? {} : { stoppedAtLine: stopped }),
    };
    if (status === EXIT.done) {
      const done = this.#wanted === 0 ? NO_TEXT : this.#wanted === 1 ? 'Accepted.' : `${accepted} accepted.`;
      return this.#quietly(() => output.show(record, done));
    }
    if (output.json) this.#quietly(() => output.show(record, ''));
    if (sentence !== '') output.note(sentence);
    throw new Ended(ending.aborted ? interrupted(signalOf(ending)).status : status, this.#summary(stopped));
  }

  /** How far it came; empty where nothing was queued at all. `stopped`: the number of the line that could not be sent. */
  #summary(stopped: number | undefined): string {
    const { accepted, total, waiting } = this.#progress;
    const unsent = stopped === undefined ? '' : `Nothing from line ${stopped} on was sent`;
    if (total === 0) return unsent === '' ? '' : `${unsent}.`;
    const before = stopped === undefined ? '' : ' before it';
    const outbox = waiting === this.#wanted - accepted ? 'the rest is' : `${waiting} ${waiting === 1 ? 'is' : 'are'}`;
    const goes = outbox.endsWith('is') ? 'it goes' : 'they go';
    const kept = waiting > 0 ? `, ${outbox} in the outbox: ${goes} with the next command that connects` : '';
    return `${unsent === '' ? '' : `${unsent}; `}${accepted} of ${this.#wanted}${before} accepted${kept}.`;
  }

  /** The status, and all that is wrong in words. */
  #reason(unread: Error | undefined): { readonly status: number; readonly sentence: string } {
    // What ended the session failed for each of them alike, and is said once.
    const theirs = this.#failures.filter(({ error }) => !(error instanceof Refusal && error.reason === 'closed'));
    const parts = theirs.map(({ to, error }) => {
      const { status, sentence } = endOf(error);
      return { status, sentence: sentence.includes(to) ? sentence : `${to}: ${sentence}` };
    });
    if (unread !== undefined) parts.push(endOf(unread));
    if (this.#refused > 0) parts.push({ status: EXIT.refused, sentence: '' });
    if (this.#ended !== undefined) parts.push(endOf(this.#ended));
    else if (this.#progress.stopped) parts.push({ status: EXIT.unreachable, sentence: this.#away() });
    return {
      status: Math.max(EXIT.done, ...parts.map(({ status }) => status)),
      sentence: parts
        .map(({ sentence }) => sentence)
        .filter((sentence) => sentence !== '')
        .join('\n'),
    };
  }

  /** Why nobody waits any more: the trouble itself was told when it began. */
  #away(): string {
    const given = this.#failures.map(({ to }) => to);
    const unknown = this.#act.to.filter((to) => !this.#known.has(to) && !given.includes(to));
    const reason = this.#app.ending.aborted ? '' : `Nothing was accepted for ${this.#seconds}. `;
    const nothing =
      unknown.length === 0 ? '' : `Nothing was queued for ${unknown.join(', ')}, not known on this device yet.`;
    return `${reason}${this.#unsent || nothing}`.trimEnd();
  }

  #patience(): string {
    return `It is tried again and again, for ${this.#seconds} at most.`;
  }

  get #seconds(): string {
    return `${this.#act.timeoutMs / 1_000} s`;
  }

  #settled({ id, to, accepted, message = '' }: Outcome): void {
    if (accepted) {
      if (this.#app.output.json)
        this.#quietly(() => this.#app.output.show({ type: 'accepted', id, conversation: to }, ''));
      return;
    }
    this.#refused++;
    // The end of the session is the reason, and is said at the end.
    if (this.#ended !== undefined) return;
    const note = `A message to ${to} was refused: ${sentenceOf(message)}`;
    if (!this.#told.has(note)) this.#app.output.note(note);
    this.#told.add(note);
  }

  #hear(event: ClientEvent): void {
    if (isLinkState(event)) {
      this.#trouble.heard(event);
      this.#ended ??= endedFor(event);
      if (this.#ended !== undefined) this.#progress.stop();
      else this.#trouble.tell(event, this.#app.output, this.#patience());
    } else if (event.type === 'trouble') this.#app.output.note(event.message);
    else if (event.type === 'delayed') {
      const { conversation, code, message } = event;
      if (this.#delays.has(`${conversation} ${code}`)) return;
      this.#delays.add(`${conversation} ${code}`);
      this.#app.output.note(`${conversation}: ${sentenceOf(message)} ${this.#patience()}`);
    }
  }

  /** Nobody reads the results: that is no reason to send less. */
  #quietly(show: () => void): void {
    try {
      show();
    } catch (error) {
      if (!(error instanceof OutputClosed)) throw error;
    }
  }
}

function pause(): Promise<'paused'> {
  return new Promise((resolve) => setTimeout(() => resolve('paused'), INPUT_PAUSE_MS).unref());
}
