// The conversations of a chat: which one is open, what is printed of what comes, what is only counted, and what counts as read. Events are
// printed from the profile's journal, so that what is printed here is printed by nobody else; a message of a conversation that is not open
// is announced, and stays unread until it is opened. What another process prints in the meantime (`listen`) is shown all the same where its
// conversation is open.
import { type HistoryEntry, type ProfileEvent, readContent } from '../../sdk/index.ts';
import { groupText } from '../group-lines.ts';
import { eventLine, said } from '../lines.ts';
import { isGroup } from '../names.ts';
import { chatLine, shortName } from './chat-lines.ts';
import type { Company } from './company.ts';
import type { Fates } from './fates.ts';
import type { Room } from './room.ts';
import { titleOf } from './titles.ts';
import type { Transfers } from './transfers.ts';
import { Turns } from './turns.ts';
import type { Typing } from './typing.ts';
import { unreadText } from './unread-text.ts';

const ALL_EVENTS = Number.MAX_SAFE_INTEGER;
/** Read lines that are shown above what is unread. */
const CONTEXT_LINES = 8;
/** Unread lines shown at a time: more than a person reads at once. */
const UNREAD_LINES = 200;
/** Cells of a preview: enough to see what it is, and that what was said before it stays in sight. */
const PREVIEW_MOST = { columns: 40, rows: 10 };

type Open = {
  readonly address: string;
  /** Positions that were shown from the history, and whose events may still stand in the journal. */
  readonly shown: Set<number>;
  /** Nothing unread is left below what was shown: what comes now is the next line. */
  readonly caughtUp: boolean;
  /** The last position that was shown, or needs not be. */
  through: number;
};

/** What else is told of conversations, and by whom. */
type Beside = {
  readonly fates: Fates;
  readonly company: Company;
  readonly typing: Typing;
  readonly transfers: Pick<Transfers, 'lines'>;
};

export class Talk {
  readonly #room: Room;
  readonly #beside: Beside;
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
  /** The group in which this person does something here just now, and is told of it by what they do. */
  #acting: string | undefined;

  constructor(room: Room, beside: Beside) {
    this.#room = room;
    this.#beside = beside;
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
      const { client, output } = this.#room;
      const again = this.#open?.address === address;
      const { counts, context, late, fresh, left, lastPosition } = await client.history.unread(
        address,
        CONTEXT_LINES,
        UNREAD_LINES,
      );
      this.#open = { address, shown: new Set(), caughtUp: left === 0, through: lastPosition };
      this.#touched.delete(address);
      await this.#moved();
      output.say(`${await this.title(address)}, ${unreadText(address, counts, client.account.domain)}`, 'bold');
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
      await this.#moved();
    });
  }

  /** Does something in a group; the events that it makes are not told of beside what it says itself. */
  acting<T>(conversation: string, act: () => Promise<T>): Promise<T> {
    const done = async () => {
      await this.print();
      this.#acting = undefined;
      await this.redraw();
    };
    this.#acting = conversation;
    return act().finally(done);
  }

  /** What stands before what is typed may have changed. */
  async redraw(): Promise<void> {
    this.#room.front.prompt(await this.promptText());
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
    const { transfers, typing } = this.#beside;
    if (this.#open === undefined) return `${transfers.lines}> `;
    const { address } = this.#open;
    const title = await this.title(address);
    return `${transfers.lines}${title}${typing.of(address)}> `;
  }

  /** Who it is with, and what the person has to know of them at each look. */
  title(conversation: string): Promise<string> {
    return titleOf(this.#room.client, conversation);
  }

  /** Another conversation is open, or none. */
  async #moved(): Promise<void> {
    this.#beside.company.change();
    await this.#beside.company.look();
    await this.redraw();
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
    if (this.#peopleChanged) {
      this.#peopleChanged = false;
      await this.#moved();
    }
    await this.#mark();
    return busy;
  }

  #tell(event: ProfileEvent): void {
    const { client, output, typed } = this.#room;
    const { address: own, domain } = client.account;
    if (event.type === 'message') return this.#message(event.entry);
    if (event.type === 'delivered' || event.type === 'read' || event.type === 'expired') return this.#became(event);
    this.#peopleChanged ||= ['identity', 'membership', 'group'].includes(event.type);
    if (event.type === 'membership') {
      const isToldOf = event.by === own && event.conversation === this.#acting;
      if (!isToldOf) output.say(`  ${groupText(event, own, (one) => shortName(one, domain))}`, 'dim');
      return;
    }
    const { text, style } = eventLine(event, own, typed);
    output.say(text, style);
  }

  #became({
    id,
    type,
    conversation,
    device,
    by,
  }: Extract<ProfileEvent, { type: 'delivered' | 'read' | 'expired' }>): void {
    const { fates } = this.#beside;
    if (isGroup(conversation)) fates.changedInGroup(id, type, { conversation, device });
    else fates.changed(id, type, shortName(by, this.#room.client.account.domain));
  }

  #message(entry: HistoryEntry): void {
    const { fates, company, typing } = this.#beside;
    const what = said(entry.content);
    if (entry.own && 'text' in what) fates.sent(entry.id, what.text);
    if (!entry.own) {
      company.met(entry.from);
      typing.wrote(entry.conversation, entry.from);
    }
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
    const { client, output, front, now } = this.#room;
    const { text, style } = chatLine(entry, client.account, now(), marked);
    output.say(text, style);
    const read = readContent(entry.content);
    // Bare pixels: nothing of a stranger's is decoded to show them.
    if (read.kind === 'file' && read.file.image !== undefined) {
      front.picture(read.file.image.preview, read.file.image, PREVIEW_MOST);
    }
    this.#unmarked.push(entry.position);
  }

  async #mark(): Promise<void> {
    const shown = this.#unmarked;
    this.#unmarked = [];
    if (shown.length > 0 && this.#open !== undefined) await this.#room.client.read(this.#open.address, shown);
  }
}
