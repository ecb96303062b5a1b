// Own messages: into the outbox, and what becomes of them, said as it happens.
import { type ClientEvent, Refusal, RequestError } from '../../sdk/index.ts';
import { sentenceOf } from '../exit.ts';
import { settled } from '../session.ts';
import { shortName, shortTime } from './chat-lines.ts';
import { Fates } from './fates.ts';
import type { Room } from './room.ts';
import { WAITS } from './server.ts';

/** What happens to own messages within this time is said together. */
const FATES_PAUSE_MS = 1_000;
/** How long the end waits for what may still leave. */
const LAST_SENDS_MS = 5_000;

export class Outgoing {
  readonly #room: Room;
  readonly fates = new Fates();
  /** Reasons for waiting that were said already. */
  readonly #delays = new Set<string>();
  #waitingSince: number | undefined;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Puts a text into the outbox, and shows it. `open`: the conversation that it is read in. Throws Refusal, RequestError, Unavailable. */
  async send(to: string, text: string, open: string | undefined): Promise<void> {
    const { client, output, front, now } = this.#room;
    const [result] = await client.send([to], [text]);
    if (result === undefined || 'error' in result) throw withWayOut(result?.error ?? new Error('no result'));
    const elsewhere = open === to ? '' : ` to ${this.#short(to)}`;
    if (front.erasesTyped || elsewhere !== '') {
      output.say(`${shortTime(now(), now())} ${this.#short(client.account.address)}${elsewhere}: ${text}`);
    }
    for (const id of result.ids) this.fates.sent(id, text);
  }

  /** The address of somebody who can be written to at any time from now on. Throws RequestError, Unavailable. */
  async find(typed: string): Promise<string> {
    const { client, inSession } = this.#room;
    const address = client.resolve(typed);
    const known = (await client.contacts()).some((pin) => pin.address === address);
    if (known || (await inSession(() => client.exists(address)))) return address;
    throw new RequestError('unknown_user', `There is no account ${address}.`);
  }

  hear(event: ClientEvent): void {
    const { output } = this.#room;
    if (event.type === 'accepted') this.fates.changed(event.id, 'accepted', this.#short(event.conversation));
    else if (event.type === 'refused' || event.type === 'given_up') {
      const name = this.fates.named(event.id);
      const which = `${this.#short(event.conversation)}${name === undefined ? '' : `: ${name}`}`;
      output.note(`  Not sent to ${which}. ${sentenceOf(event.message)}`);
    } else if (event.type === 'delayed') {
      const sentence = `${event.conversation}: ${sentenceOf(event.message)} ${WAITS}`;
      if (!this.#delays.has(sentence)) output.note(sentence);
      this.#delays.add(sentence);
    }
  }

  /** Says what became of messages, if something did a while ago: to be called again and again. */
  tellSoon(): void {
    if (!this.fates.waiting) return;
    this.#waitingSince ??= performance.now();
    if (performance.now() - this.#waitingSince >= FATES_PAUSE_MS) this.#tell();
  }

  /** Lets go what may still leave in this session. */
  async last(): Promise<void> {
    await this.settle();
    this.#tell();
  }

  /** The same, and says nothing of it. */
  async settle(): Promise<void> {
    await settled(this.#room.client, LAST_SENDS_MS);
  }

  /** Says what has not left: nothing of it is lost. */
  async sayLeft(): Promise<void> {
    const { client, output } = this.#room;
    const left = await client.outboxSize();
    const what = left === 1 ? '1 message waits' : `${left} messages wait`;
    if (left > 0) output.note(`${what} in the outbox: it is kept, and sent next time.`);
  }

  #tell(): void {
    this.#waitingSince = undefined;
    for (const line of this.fates.take()) this.#room.output.say(line, 'dim');
  }

  #short(address: string): string {
    return shortName(address, this.#room.client.account.domain);
  }
}

/** The refusal, with the commands by which a person answers it. */
function withWayOut(error: Error): Error {
  if (!(error instanceof Refusal)) return error;
  if (error.reason === 'identity_changed') {
    return new Refusal(error.reason, `Nothing was sent. ${error.message} /safety shows the numbers, /trust accepts.`);
  }
  return error.reason === 'blocked'
    ? new Refusal(error.reason, `Nothing was sent. ${error.message} See: /unblock`)
    : error;
}
