// What is said of a change in a group: who did what to whom, and what a server showed that it should not have.
import type { ProfileEvent } from '../sdk/index.ts';
import type { Record } from './output.ts';

export type GroupEvent = Extract<ProfileEvent, { readonly type: 'membership' | 'group' }>;
type Membership = Extract<GroupEvent, { type: 'membership' }>;
/** What somebody, or a group, is called on the line. */
type Naming = (address: string) => string;

/** The fields of its JSON line, its time aside. */
export function groupFields({ number: _number, at: _at, ...fields }: GroupEvent): Record {
  return fields;
}

/** A sentence for people, of whom `own` is one. */
export function groupText(event: GroupEvent, own: string, naming: Naming = (address) => address): string {
  const group = naming(event.conversation);
  return event.type === 'group' ? `${group}: ${shownText(event)}` : changeText(event, own, group, naming);
}

function changeText(event: Membership, own: string, group: string, naming: Naming): string {
  const { change, by, subject = '', role, policy } = event;
  const who = by === own ? 'You' : naming(by);
  const whom = subject === own ? 'you' : naming(subject);
  switch (change) {
    case 'create':
      return `${who} created ${group}.`;
    case 'add':
      return `${who} added ${whom} to ${group}.`;
    case 'remove':
      return subject === own
        ? `You were removed from ${group} by ${naming(by)}.`
        : `${who} removed ${whom} from ${group}.`;
    case 'join':
      return `${who} joined ${group}.`;
    case 'leave':
      return `${who} left ${group}.`;
    case 'admin':
      return role === 'admin'
        ? `${who} made ${whom} an admin of ${group}.`
        : `${who} made ${whom} a plain member of ${group}.`;
    case 'policy':
      return policy === 'closed'
        ? `${who} closed ${group}: its admins alone add members now.`
        : `${who} opened ${group}: whoever wants may join it and read.`;
    case 'delete':
      return `${who} deleted ${group}.`;
  }
}

function shownText({ change, reason }: Extract<GroupEvent, { type: 'group' }>): string {
  const why = reason === undefined ? '' : ` ${reason}`;
  switch (change) {
    case 'forked':
      return `The server shows two histories of this group: nothing is sent to it any more.${why}`;
    case 'other_group':
      return `This is another group than the one that you knew by this name.${why}`;
    case 'refused_log':
      return `The server shows a list of members that does not verify. What was known before still holds.${why}`;
  }
}
