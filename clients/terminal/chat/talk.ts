// The conversations of a chat: which one is open, what is printed of what comes, what is only counted, and what counts as read. Events are
// printed from the profile's journal, so that what is printed here is printed by nobody else; a message of a conversation that is not open
// is announced, and stays unread until it is opened. What another process prints in the meantime (`listen`) is shown all the same where its
// conversation is open.
import type { HistoryEntry, ProfileEvent } from '../../sdk/index.ts';
import { eventLine, said } from '../lines.ts';
import { chatLine, shortName } from './chat-lines.ts';
import type { Fates } from './fates.ts';
import type { Room } from './room.ts';
import { Turns } from './turns.ts';

const ALL_EVENTS = Number.MAX_SAFE_INTEGER;
/** Read lines that are shown above what is unread. */
const CONTEXT_LINES = 8;
/** Unread lines shown at a time: more than a person reads at once. */
const UNREAD_LINES = 200;

type Open = {
  readonly address: string;
  /** Positions that were shown from the history, and whose events may still stand in the journal. */
  readonly shown: Set<number>;
  /** Nothing unread is left below what was shown: what comes now is the next line. */
  readonly caughtUp: boolean;
  /** The last position that was shown, or needs not be. */
  through: number;
};

export class Talk {
  readonly #room: Room;
  readonly #fates: Fates;
  readonly #turns = new Turns();
  #open: Open | undefined;
  /** Conversations that something came to while they were not open. */
  readonly #touched = new Set<string>();
  /** Something was told that the marks beside a name may depend on. */
  #peopleChanged = false;
  /** Positions shown since they were marked last. */
  #unmarked: number[] = [];
  /** The number of the last event that was printed here. */
  #lastEvent = 0;
  /** Another process printed events between those that were printed here. */
  #othersPrinted = false;

  constructor(room: Room, fates: Fates) {
    this.#room = room;
    this.#fates = fates;
  }

  /** The address of the open conversation. */
  get open(): string | undefined {
    return this.#open?.address;
  }

  /** Prints what is new in the journal; resolves with whether another process prints there at present. */
  print(): Promise<boolean> {
    return this.#turns.take(() => this.#print());
  }

  /** Says of each conversation that something came to how much is unread there now. */
  announce(): Promise<void> {
    return this.#turns.take(async () => {
      const { client, output, typed } = this.#room;
      const touched = [...this.#touched];
      this.#touched.clear();
      for (const conversation of touched) {
        const counts = Object.entries((await client.history.conversation(conversation))?.unread ?? {});
        for (const [from, count] of counts) {
          const where = from === conversation ? '' : ` in ${conversation}`;
          output.say(
            `  ${count} unread from ${from}${where}: ${typed(`open ${shortName(conversation, client.account.domain)}`)}`,
            'bold',
          );
        }
      }
    });
  }

  /** Says what is unread, of all conversations. */
  async welcome(): Promise<void> {
    const { client, output } = this.#room;
    const conversations = await client.history.conversations();
    for (const { conversation, unread } of conversations) {
      if (Object.keys(unread).length > 0 && conversation !== this.open) this.#touched.add(conversation);
    }
    if (this.#touched.size === 0) output.say('Nothing is unread.');
    await this.announce();
  }

  /** Shows what is unread of a conversation, below its last lines; from now on what comes to it is shown at once. */
  enter(address: string): Promise<void> {
    return this.#turns.take(async () => {
      await this.#print();
      const { client, output, front } = this.#room;
      const again = this.#open?.address === address;
      const { counts, context, late, fresh, left, lastPosition } = await client.history.unread(
        address,
        CONTEXT_LINES,
        UNREAD_LINES,
      );
      const unread = Object.values(counts).reduce((sum, count) => sum + count, 0);
      this.#open = { address, shown: new Set(), caughtUp: left === 0, through: lastPosition };
      this.#touched.delete(address);
      front.prompt(await this.promptText());
      output.say(`${await this.title(address)}${unread === 0 ? ', nothing unread' : `, ${unread} unread`}`, 'bold');
      const before = again ? [] : context.filter(({ position }) => !late.some((one) => one.position === position));
      for (const entry of before) this.#show(entry);
      if (late.length > 0) output.say('  These came late, further up:', 'dim');
      for (const entry of late) this.#show(entry);
      if (fresh.length > 0 && before.length > 0) output.say('  Unread:', 'dim');
      for (const entry of fresh) this.#show(entry);
      if (left > 0) output.say(`  ${left} more are unread: ${this.#room.typed('open')} shows the next.`, 'bold');
      await this.#mark();
    });
  }

  /** What is being shown is shown, and counts as read, before. */
  leave(): Promise<void> {
    return this.#turns.take(async () => {
      this.#open = undefined;
      this.#room.front.prompt(await this.promptText());
    });
  }

  /** The last lines of the open conversation once more. */
  again(entries: AsyncGenerator<HistoryEntry>): Promise<number> {
    return this.#turns.take(async () => {
      let count = 0;
      for await (const entry of entries) {
        this.#show(entry);
        count++;
      }
      await this.#mark();
      return count;
    });
  }

  /** What stands before what is typed. */
  async promptText(): Promise<string> {
    if (this.#open === undefined) return '> ';
    return `${await this.title(this.#open.address)}> `;
  }

  /** Who it is with, and what the person has to know of them at each look. */
  async title(address: string): Promise<string> {
    const { client } = this.#room;
    const pin = (await client.contacts()).find((one) => one.address === address);
    const marks = [
      ...(pin?.changed !== undefined ? ['IDENTITY CHANGED'] : pin?.verified === true ? ['verified'] : []),
      ...(pin?.blocked === true ? ['blocked'] : []),
    ];
    const name = shortName(address, client.account.domain);
    return marks.length === 0 ? name : `${name} (${marks.join(', ')})`;
  }

  async #print(): Promise<boolean> {
    const { client, front } = this.#room;
    if (front.asking) return false;
    const { busy, more } = await client.journal.printNext(ALL_EVENTS, (event) => {
      this.#othersPrinted ||= event.number !== this.#lastEvent + 1;
      this.#lastEvent = event.number;
      this.#tell(event);
      return front.asking ? 'enough' : 'more';
    });
    await this.#showOthers();
    if (!more) this.#open?.shown.clear();
    if (this.#peopleChanged) front.prompt(await this.promptText());
    this.#peopleChanged = false;
    await this.#mark();
    return busy;
  }

  #tell(event: ProfileEvent): void {
    const { client, output, typed } = this.#room;
    const { address: own, domain } = client.account;
    if (event.type === 'message') return this.#message(event.entry);
    if (event.type === 'delivered' || event.type === 'read' || event.type === 'expired') {
      this.#fates.changed(event.id, event.type, shortName(event.by, domain));
      return;
    }
    this.#peopleChanged ||= event.type === 'identity';
    const { text, style } = eventLine(event, own, typed);
    output.say(text, style);
  }

  #message(entry: HistoryEntry): void {
    const what = said(entry.content);
    if (entry.own && 'text' in what) this.#fates.sent(entry.id, what.text);
    const open = this.#open;
    if (open?.address !== entry.conversation || !open.caughtUp) {
      if (!entry.own) this.#touched.add(entry.conversation);
    } else if (!open.shown.has(entry.position)) {
      // Behind a line that another process has printed: both are shown in their order.
      if (this.#othersPrinted && entry.position > open.through) return;
      this.#line(entry, false);
      open.through = Math.max(open.through, entry.position);
    }
  }

  /** Shows what is in the open conversation by now, and was printed by another process. What was sent from here is there already. */
  async #showOthers(): Promise<void> {
    const { client } = this.#room;
    this.#othersPrinted = false;
    for (let open = this.#open; open?.caughtUp; ) {
      const page = await client.history.after(open.address, UNREAD_LINES, open.through);
      for (const entry of page) {
        if (!entry.own || entry.device !== client.account.device) this.#message(entry);
        open.shown.add(entry.position);
        open.through = entry.position;
      }
      if (page.length < UNREAD_LINES) return;
    }
  }

  #show(entry: HistoryEntry): void {
    this.#line(entry, true);
    this.#open?.shown.add(entry.position);
  }

  #line(entry: HistoryEntry, marked: boolean): void {
    const { client, output, now } = this.#room;
    const { text, style } = chatLine(entry, client.account, now(), marked);
    output.say(text, style);
    this.#unmarked.push(entry.position);
  }

  async #mark(): Promise<void> {
    const shown = this.#unmarked;
    this.#unmarked = [];
    if (shown.length > 0 && this.#open !== undefined) await this.#room.client.read(this.#open.address, shown);
  }
}
