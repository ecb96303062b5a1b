// What became of own messages, for people: reports that follow each other and say the same are one line; of a group, those that say it of any of its
// members. A program is given each of them.

import type { ProfileEvent } from '../sdk/index.ts';
import { eventLine, type Line, localTime } from './lines.ts';
import { isGroup } from './names.ts';

type Report = Extract<ProfileEvent, { readonly type: 'delivered' | 'expired' | 'read' }>;

const WHAT: Record<Report['type'], (who: string, them: string) => string> = {
  delivered: (who) => `delivered to ${who}`,
  read: (who) => `read by ${who}`,
  expired: (who, them) => `expired before ${who} took ${them}`,
};

export class Tally {
  readonly #messages = new Set<string>();
  readonly #people = new Set<string>();
  #last: Report | undefined;

  /** Counts the event, if it is such a report and says what those say that are counted already. */
  takes(event: ProfileEvent): boolean {
    if (event.type !== 'delivered' && event.type !== 'expired' && event.type !== 'read') return false;
    if (this.#last !== undefined && (event.type !== this.#last.type || about(event) !== about(this.#last)))
      return false;
    this.#messages.add(event.id);
    this.#people.add(event.by);
    this.#last = event;
    return true;
  }

  /** The line of those that were counted, with the time of the last; undefined if there are none. Begins anew. */
  end(): Line | undefined {
    const last = this.#last;
    const [messages, people] = [this.#messages.size, this.#people.size];
    this.#last = undefined;
    this.#messages.clear();
    this.#people.clear();
    if (last === undefined) return undefined;
    const line = eventLine(last, '');
    if (messages === 1 && people === 1) return line;
    return { ...line, text: `${localTime(last.at)} (${textOf(last, messages, people)})` };
  }
}

/** Whose reports are counted together. */
function about({ conversation, by }: Report): string {
  return isGroup(conversation) ? conversation : by;
}

function textOf({ type, conversation, by }: Report, messages: number, people: number): string {
  const what = messages === 1 ? 'a message' : `${messages} messages`;
  const where = isGroup(conversation) ? ` in ${conversation}` : '';
  const who = people === 1 ? by : `${people} people`;
  const were = type === 'expired' ? '' : messages === 1 ? 'was ' : 'were ';
  return `${what}${where} ${were}${WHAT[type](who, messages === 1 ? 'it' : 'them')}`;
}
