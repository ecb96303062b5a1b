// Own messages: into the outbox, and what becomes of them, said as it happens.
import { type ClientEvent, type FileSource, Refusal, RequestError, type SendResult } from '../../sdk/index.ts';
import { Ended, EXIT, endOf, sentenceOf } from '../exit.ts';
import { fileText } from '../files/file-words.ts';
import { conversationOf, isGroup, withoutSign } from '../names.ts';
import { settled } from '../session.ts';
import { countsOf } from '../states.ts';
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

  /**
   * Puts a text into the outbox for each of these, one message each, and shows it. `open`: the conversation that it is read in. Throws Refusal,
   * RequestError, Unavailable for a single one; of several, it is told which it did not go to.
   */
  async send(to: readonly string[], text: string, open: string | undefined): Promise<void> {
    this.#sent(await this.#room.client.send(to, [text]), text, (one) => this.#show(one, text, open));
  }

  /** Likewise of a file, which is in the outbox: it was not typed as it is shown. */
  sentFile(
    results: readonly SendResult[],
    file: Pick<FileSource, 'name' | 'size' | 'type'>,
    open: string | undefined,
  ): void {
    this.#sent(results, file.name, (to) => this.#say(to, ` ${fileText(file)}`, open));
  }

  #sent(results: readonly SendResult[], text: string, show: (to: string) => void): void {
    const { output } = this.#room;
    for (const result of results) {
      if ('ids' in result) {
        show(result.to);
        for (const id of result.ids) this.fates.sent(id, text);
        continue;
      }
      const error = withWayOut(result.error);
      if (results.length === 1) throw error;
      output.note(`  Not sent to ${this.#short(result.to)}. ${endOf(error).sentence}`);
    }
  }

  /** A person who can be written to at any time from now on, or a group that this device knows. Throws RequestError, Unavailable, Ended. */
  async find(typed: string): Promise<string> {
    const { client, inSession } = this.#room;
    const address = conversationOf(client, typed);
    if (isGroup(address)) return this.#findGroup(address);
    const known = (await client.contacts()).some((pin) => pin.address === address);
    if (known || (await inSession(() => client.exists(address)))) return address;
    throw new RequestError('unknown_user', `There is no account ${address}.`);
  }

  /** One whose messages are here is found, too, when this person is not in it any more. */
  async #findGroup(conversation: string): Promise<string> {
    const { client, inSession, typed } = this.#room;
    if ((await client.groups.known()).some((one) => one.conversation === conversation)) return conversation;
    if (await inSession(() => client.groups.find(withoutSign(conversation)))) return conversation;
    const name = this.#short(conversation);
    throw new Ended(
      EXIT.refused,
      `You are in no group ${name}. ${typed(`join ${name}`)} enters an open one; an admin of a closed one has to add you.`,
    );
  }

  #show(to: string, text: string, open: string | undefined): void {
    if (this.#room.front.erasesTyped || open !== to) this.#say(to, `: ${text}`, open);
  }

  /** `said`: all that stands behind the name. */
  #say(to: string, said: string, open: string | undefined): void {
    const { client, output, now } = this.#room;
    const elsewhere = open === to ? '' : ` to ${this.#short(to)}`;
    output.say(`${shortTime(now(), now())} ${this.#short(client.account.address)}${elsewhere}${said}`);
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
  async tellSoon(): Promise<void> {
    if (!this.fates.waiting) return;
    this.#waitingSince ??= performance.now();
    if (performance.now() - this.#waitingSince >= FATES_PAUSE_MS) await this.#tell();
  }

  /** Lets go what may still leave in this session. */
  async last(): Promise<void> {
    await this.settle();
    await this.#tell();
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

  async #tell(): Promise<void> {
    this.#waitingSince = undefined;
    const lines = await this.fates.take(async (id, { conversation, device }) => {
      const sent = await this.#room.client.sent(device, id);
      return sent && { counts: countsOf(sent), name: this.#short(conversation) };
    });
    for (const line of lines) this.#room.output.say(line, 'dim');
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
