// What became of own messages, for people: reports that follow each other and say the same are one line. A program is given each of them.

import type { ProfileEvent } from '../sdk/index.ts';
import { eventLine, type Line, localTime } from './lines.ts';

type Report = Extract<ProfileEvent, { readonly type: 'delivered' | 'expired' | 'read' }>;

const WHAT: Record<Report['type'], (by: string) => string> = {
  delivered: (by) => `were delivered to ${by}`,
  read: (by) => `were read by ${by}`,
  expired: (by) => `expired before ${by} took them`,
};

export class Tally {
  #count = 0;
  #last: Report | undefined;

  /** Counts the event, if it is such a report and says what those say that are counted already. */
  takes(event: ProfileEvent): boolean {
    if (event.type !== 'delivered' && event.type !== 'expired' && event.type !== 'read') return false;
    if (this.#last !== undefined && (event.type !== this.#last.type || event.by !== this.#last.by)) return false;
    this.#count++;
    this.#last = event;
    return true;
  }

  /** The line of those that were counted, with the time of the last; undefined if there are none. Begins anew. */
  end(): Line | undefined {
    const [last, count] = [this.#last, this.#count];
    this.#last = undefined;
    this.#count = 0;
    if (last === undefined) return undefined;
    const line = eventLine(last, '');
    if (count === 1) return line;
    return { ...line, text: `${localTime(last.at)} (${count} messages ${WHAT[last.type](last.by)})` };
  }
}
