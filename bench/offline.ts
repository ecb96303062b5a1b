// offline: 20 senders write 10,000 messages to 100 users who are away; then all come back. `stored` counts what was accepted, that is synced
// to disk, a second; `drained` counts from the first connection of those who come back until the last is `synced` and has everything.
// The limit is the relay, which keeps the same frames in memory.
import { setTimeout as delay } from 'node:timers/promises';
import { SENDS_UNANSWERED_MAX } from '#protocol/limits.ts';
import { isSame, type Prepared, prepare, TEXT_BYTES } from './messages.ts';
import { type BenchOptions, DEFAULT_RUNS } from './options.ts';
import { connect, openSession, Person, signUpAll } from './people.ts';
import { withPlace } from './places.ts';
import { startRelay } from './relay-process.ts';
import { type Mode, type ResultLine, summarize } from './result.ts';
import type { StartOptions, Subject } from './subject.ts';
import { addFaults, type Faults, NO_FAULTS, Stream } from './tally.ts';
import { cpuUsOf, medians, type PerProcess, usedForEach } from './usage.ts';
import { Wire } from './wire.ts';

const SENDERS = 20;
const RECIPIENTS = 100;
/** Of each sender to each recipient. */
const MESSAGES_EACH = 5;
const MESSAGES = SENDERS * RECIPIENTS * MESSAGES_EACH;
/** For the store in the same process; on MongoDB a message crosses four processes before it is stored. */
const RATIO_AIM = 0.4;
/** What has not come by then is lost. */
const PATIENCE_MS = 20_000;

type Conversation = { readonly from: Person; readonly to: Person; readonly messages: readonly Prepared[] };
type Run = {
  readonly stored: number;
  readonly drained: number;
  readonly cpuUs: PerProcess;
  readonly peakMb: PerProcess;
  readonly faults: Faults;
};
/** What lines say about the place of a run. */
type Where = { readonly params: Readonly<Record<string, string>> };

/** Sends everything with a client's window; resolves when the last is accepted. */
function sendAll(wire: Wire, frames: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    let sent = 0;
    let accepted = 0;
    const pump = (): void => {
      while (sent < frames.length && sent - accepted < SENDS_UNANSWERED_MAX) {
        wire.send(frames[sent] as Buffer); // sent < length
        sent += 1;
      }
    };
    wire.onFrame = (frame) => {
      if (frame.type === 'error') throw new Error(`A send was refused: ${frame.code}`);
      if (frame.type === 'notice') wire.ack(frame.n);
      if (frame.type !== 'ok') return;
      accepted += 1;
      if (accepted === frames.length) resolve();
      else pump();
    };
    pump();
  });
}

/** One who was away: takes what comes, checks it, acknowledges it. */
class Returning {
  readonly #streams = new Map<Conversation, Stream>();
  readonly #whole: Promise<void>;
  #count = 0;
  #synced = false;

  constructor(wire: Wire, conversations: readonly Conversation[]) {
    for (const one of conversations) this.#streams.set(one, new Stream());
    const expected = conversations.reduce((sum, { messages }) => sum + messages.length, 0);
    this.#whole = new Promise((resolve) => {
      wire.onFrame = (frame) => {
        if (frame.type === 'synced') this.#synced = true;
        if (frame.type === 'deliver' || frame.type === 'send') {
          this.#count += 1;
          wire.ack(frame.type === 'deliver' ? frame.n : this.#count, this.#take(frame));
        }
        if (this.#synced && this.#count >= expected) resolve();
      };
    });
  }

  get whole(): Promise<void> {
    return this.#whole;
  }

  get faults(): Faults {
    const each = [...this.#streams].map(([{ messages }, stream]) => stream.faults(messages.length));
    return each.reduce(addFaults, NO_FAULTS);
  }

  /** The tag of the message that this frame is. */
  #take(frame: { readonly header: string; readonly body: string }): string {
    for (const [{ messages }, stream] of this.#streams) {
      const due = messages[stream.due];
      if (!due || !isSame(due, frame)) continue;
      stream.take(stream.due);
      return due.tag;
    }
    for (const [{ messages }, stream] of this.#streams) {
      const index = messages.findIndex((message) => isSame(message, frame));
      if (index < 0) continue;
      stream.take(index);
      return messages[index]?.tag ?? '';
    }
    throw new Error('A recipient got something that nobody sent.');
  }
}

type Way = {
  /** A sender's connection, ready to send. */
  sender(person: Person): Promise<Wire>;
  /** A recipient's connection on which nothing was asked for yet … */
  recipient(person: Person): Promise<Wire>;
  /** … and what asks for it. */
  come(wire: Wire, person: Person): Promise<void>;
};

/** `generator`: as whose CPU time that of this process is counted. */
async function measure(
  subject: Subject,
  conversations: readonly Conversation[],
  way: Way,
  generator: 'generator' | 'relayGenerator',
): Promise<Run> {
  const used = (): PerProcess => ({ ...subject.cpuUs, [generator]: cpuUsOf(process.pid) });
  const before = used();
  const queues = Map.groupBy(conversations, ({ from }) => from);
  const senders = await Promise.all(
    [...queues].map(async ([person, own]) => {
      // Round by round, as somebody who writes to many: first the first message of each conversation.
      const rounds = Array.from({ length: MESSAGES_EACH }, (_, round) =>
        own.flatMap(({ messages }) => messages.slice(round, round + 1)),
      );
      return { wire: await way.sender(person), frames: rounds.flat().map(({ frame }) => frame) };
    }),
  );
  const storingFrom = performance.now();
  await Promise.all(senders.map(({ wire, frames }) => sendAll(wire, frames)));
  const stored = performance.now() - storingFrom;

  const inboxes = Map.groupBy(conversations, ({ to }) => to);
  const drainingFrom = performance.now();
  const returning = await Promise.all(
    [...inboxes].map(async ([person, own]) => {
      const wire = await way.recipient(person);
      const one = new Returning(wire, own);
      await way.come(wire, person);
      return { wire, one };
    }),
  );
  const patience = new AbortController();
  await Promise.race([
    Promise.all(returning.map(({ one }) => one.whole)),
    delay(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {}),
  ]);
  patience.abort();
  const drained = performance.now() - drainingFrom;
  const after = used();
  for (const { wire } of [...senders, ...returning]) wire.close();
  return {
    stored: MESSAGES / (stored / 1_000),
    drained: MESSAGES / (drained / 1_000),
    cpuUs: usedForEach(before, after, MESSAGES),
    peakMb: subject.peakMb,
    faults: returning.map(({ one }) => one.faults).reduce(addFaults, NO_FAULTS),
  };
}

function runProduct(mode: Mode, conversations: readonly Conversation[], start: StartOptions): Promise<Run & Where> {
  return withPlace(mode, async (place) => {
    const server = await place.start(start);
    const { url } = server;
    await signUpAll(url, [...new Set(conversations.flatMap(({ from, to }) => [from, to]))]);
    const way: Way = {
      sender: (person) => connect(url, person),
      recipient: () => Wire.open(url),
      come: openSession,
    };
    const run = await measure(server, conversations, way, 'generator');
    await server.end();
    return { ...run, params: place.params };
  });
}

async function runLimit(conversations: readonly Conversation[]): Promise<Run> {
  const relay = await startRelay();
  const way: Way = {
    sender: () => Wire.open(`${relay.url}/store`),
    recipient: ({ address }) => Wire.open(`${relay.url}/take/${address}`),
    come: async (wire) => wire.send('{"type":"take"}'),
  };
  const run = await measure(relay, conversations, way, 'relayGenerator');
  await relay.end();
  return run;
}

/** Conversations of every sender with every recipient; a sender's request numbers go on through all of them. */
function prepareAll(): Conversation[] {
  const recipients = Array.from({ length: RECIPIENTS }, (_, index) => new Person(`away${index}`));
  return Array.from({ length: SENDERS }, (_, index) => new Person(`sender${index}`)).flatMap((from) =>
    recipients.map((to, index) => ({ from, to, messages: prepare(from, to, MESSAGES_EACH, index * MESSAGES_EACH) })),
  );
}

/** The lines of stored and drained. */
export async function offline({ mode, runs = DEFAULT_RUNS, start }: BenchOptions): Promise<ResultLine[]> {
  const conversations = prepareAll();
  const products: (Run & Where)[] = [];
  const limits: Run[] = [];
  for (let run = 0; run < runs; run++) {
    products.push(await runProduct(mode, conversations, start));
    limits.push(await runLimit(conversations));
  }
  const about = {
    bench: 'offline',
    mode,
    params: {
      messages: MESSAGES,
      senders: SENDERS,
      recipients: RECIPIENTS,
      window: SENDS_UNANSWERED_MAX,
      textBytes: TEXT_BYTES,
      ...products[0]?.params,
    },
    cpuUs: { ...medians(products.map(({ cpuUs }) => cpuUs)), ...medians(limits.map(({ cpuUs }) => cpuUs)) },
    rssMb: { ...medians(products.map(({ peakMb }) => peakMb)), ...medians(limits.map(({ peakMb }) => peakMb)) },
    faults: [...products, ...limits].map(({ faults }) => faults).reduce(addFaults, NO_FAULTS),
  };
  return (['stored', 'drained'] as const).map((metric) =>
    summarize(
      {
        metric,
        unit: 'messages/s',
        better: 'higher',
        values: products.map((run) => run[metric]),
        limits: limits.map((run) => run[metric]),
        ...(mode === 'embedded' && { aim: { of: 'ratio', value: RATIO_AIM } }),
      },
      about,
    ),
  );
}
