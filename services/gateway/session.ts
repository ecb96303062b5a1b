// A device's session on its connection, and the messages that it sends: checked, bounded, delivered mailbox by mailbox or given to their
// group, answered once.
import { type GroupCommand, groupKey, type MailboxCommand, type SessionRef } from '#protocol/commands.ts';
import { RequestError } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import { SENDS_UNANSWERED_MAX } from '#protocol/limits.ts';
import { RefusedNumbers } from '#runtime/refused-numbers.ts';
import { type Outcome, refusal } from './asks.ts';
import type { Hub } from './hub.ts';
import type { SendAllowance } from './rates.ts';
import { type Accepted, checkSend, conversationText, type Mailbox, type Sender } from './send.ts';

/** A slot with its address and device, as JSON. */
const SLOT_CHARS = 250;

/** A send whose answer is to come: under which number, and its size in characters. */
type Unanswered = { re: number; readonly size: number };

type ToGroup = Extract<Accepted, { name: string }>;
type Direct = Exclude<Accepted, ToGroup>;

export class Session implements Sender {
  readonly address: string;
  readonly device: string;
  readonly receive: boolean;
  readonly at: SessionRef;
  readonly #hub: Hub;
  readonly #number: number;
  readonly #allowance: SendAllowance;
  readonly #refused = new RefusedNumbers();
  readonly #unanswered = new Set<Unanswered>();
  /** Its attach has come through: the mailbox knows it. */
  #attached = false;
  #lastConversation = { other: '', text: '' };

  /** `at`: as the hub registered it. */
  constructor(hub: Hub, { address, device, number, receive }: ClientFrameOf<'session'>, at: SessionRef) {
    this.address = address;
    this.device = device;
    this.receive = receive;
    this.at = at;
    this.#hub = hub;
    this.#number = number;
    this.#allowance = hub.rates.allowance(device);
  }

  /** Its window of unanswered sends is used up. */
  get full(): boolean {
    return this.#unanswered.size >= SENDS_UNANSWERED_MAX;
  }

  /** Remembers the last one: a burst goes to one person. */
  conversationWith(other: string): string {
    if (this.#lastConversation.other !== other) {
      this.#lastConversation = { other, text: conversationText(this.address, other) };
    }
    return this.#lastConversation.text;
  }

  /** Asks the mailbox for what it holds, from now on; one that does not receive is only made known. Rejects if the bus does not take it. */
  async begin(): Promise<void> {
    const { address, device, at } = this;
    if (!this.receive) return this.#tell({ type: 'used', device });
    const command: MailboxCommand = { type: 'attach', device, number: this.#number, at };
    return this.#hub.bus.publish([{ kind: 'mailbox', key: address, command }]);
  }

  /** The mailbox has pushed something: what is told it now comes after its attach. */
  pushed(): void {
    this.#attached = true;
  }

  /** Its connection is no more: nobody waits for the answers that are still to come, which may be lost with a broker or an owner. */
  end(): void {
    for (const { re, size } of this.#unanswered) {
      this.#hub.asks.drop(re);
      this.#hub.left(size);
    }
    this.#unanswered.clear();
    if (this.receive) this.#detach();
    else this.#tell({ type: 'used', device: this.device });
  }

  /** Behind the attach, if that may still be in the queue: it would attach a session that is no more. */
  #detach(): void {
    const command: MailboxCommand = { type: 'detach', device: this.device, at: this.at };
    if (this.#attached) return this.#tell(command);
    // Where the bus does not take it, the link is lost: then mailboxes hear that this inbox is no more.
    this.#hub.bus.publish([{ kind: 'mailbox', key: this.address, command }]).catch(() => {});
  }

  ack({ upTo, tags }: ClientFrameOf<'ack'>): void {
    this.#tell({ type: 'ack', device: this.device, at: this.at, upTo, tags });
  }

  /** Takes a message; `answer` is called once. */
  send(frame: ClientFrameOf<'send'>, answer: (outcome: Outcome) => void): void {
    let accepted: Accepted;
    try {
      accepted = checkSend(frame, this, this.#hub.now());
      this.#admit(accepted);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return answer(refusal(error));
    }
    const { message } = accepted;
    const size = frame.body.length + frame.header.length + frame.slots.length * SLOT_CHARS;
    const send: Unanswered = { re: 0, size };
    this.#unanswered.add(send);
    this.#hub.entered(size);
    const done = (outcome: Outcome): void => {
      this.#unanswered.delete(send);
      this.#hub.left(size);
      if ('refused' in outcome && new RequestError(outcome.refused.code).retry) this.#refused.refuse(message);
      answer(outcome);
    };
    if ('name' in accepted) this.#toGroup(send, accepted, done);
    else this.#deliver(send, accepted.message, accepted.mailboxes, done);
  }

  /** A retryable refusal is remembered, so that later numbers of the conversation do not overtake the refused one. */
  #admit(accepted: Accepted): void {
    const { message } = accepted;
    if (this.#refused.mustWait(message)) throw new RequestError('earlier_refused');
    const problem =
      (this.#hub.space.low
        ? new RequestError('no_space')
        : 'name' in accepted
          ? this.#hub.overloaded('group', [groupKey(accepted.name)])
          : this.#hub.overloaded(
              'mailbox',
              accepted.mailboxes.map(({ address }) => address),
            )) ?? this.#allowance.spend(this.#hub.monotonic());
    if (problem) {
      this.#refused.refuse(message);
      throw problem;
    }
    this.#refused.admit(message);
  }

  /**
   * Delivers to one mailbox after the other, the recipient's first: what it refuses does not stand in the sender's other devices as sent.
   * Accepted once all have it.
   */
  #deliver(
    send: Unanswered,
    message: Direct['message'],
    mailboxes: readonly Mailbox[],
    done: (outcome: Outcome) => void,
  ): void {
    const [mailbox, ...others] = mailboxes;
    if (!mailbox) throw new Error('A send has a slot.');
    const { asks, bus } = this.#hub;
    const re = asks.open(false, (outcome) => {
      if ('refused' in outcome || others.length === 0) return done(outcome);
      this.#deliver(send, message, others, (last) => done(join(outcome, last)));
    });
    send.re = re;
    const { address: key, slots } = mailbox;
    const command: MailboxCommand = { type: 'deliver', item: { ...message, slots }, reply: { inbox: bus.inbox, re } };
    bus.publish([{ kind: 'mailbox', key, command }]).catch((error: unknown) => {
      asks.fail(re, this.#hub.refusalFor(error));
    });
  }

  /** Gives it to the actor of its group: accepted once that has numbered it. */
  #toGroup(send: Unanswered, { name, message }: ToGroup, done: (outcome: Outcome) => void): void {
    const { asks, bus } = this.#hub;
    const re = asks.open(false, done);
    send.re = re;
    const command: GroupCommand = { type: 'send', message, reply: { inbox: bus.inbox, re } };
    bus.publish([{ kind: 'group', key: groupKey(name), command }]).catch((error: unknown) => {
      asks.fail(re, this.#hub.refusalFor(error));
    });
  }

  #tell(command: MailboxCommand): void {
    this.#hub.bus.tell({ kind: 'mailbox', key: this.address, command });
  }
}

/** The answer to a send that two mailboxes took: the lists of stale accounts are joined. */
function join(first: Outcome, last: Outcome): Outcome {
  if (!('ok' in first && 'ok' in last && 'receivedAt' in first.ok && 'receivedAt' in last.ok)) return last;
  const { receivedAt, stale = [] } = first.ok;
  const all = [...stale, ...(last.ok.stale ?? [])];
  return { ok: all.length > 0 ? { receivedAt, stale: all } : { receivedAt } };
}
