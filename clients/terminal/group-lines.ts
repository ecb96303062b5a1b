// What is said of a change in a group: who did what, and what a server showed that it should not have.
import type { ProfileEvent } from '../sdk/index.ts';
import type { Record } from './output.ts';

export type GroupEvent = Extract<ProfileEvent, { readonly type: 'membership' | 'group' }>;

/** The fields of its JSON line, its time aside. */
export function groupFields({ number: _number, at: _at, ...fields }: GroupEvent): Record {
  return fields;
}

/** A sentence for people. */
export function groupText(event: GroupEvent): string {
  return `${event.conversation}: ${event.type === 'group' ? shownText(event) : changeText(event)}`;
}

function changeText({ change, by, subject, role, policy }: Extract<GroupEvent, { type: 'membership' }>): string {
  switch (change) {
    case 'create':
      return `${by} created the group.`;
    case 'add':
      return `${by} added ${subject}.`;
    case 'remove':
      return `${by} removed ${subject}.`;
    case 'join':
      return `${by} joined.`;
    case 'leave':
      return `${by} left.`;
    case 'admin':
      return role === 'admin' ? `${by} made ${subject} an admin.` : `${by} made ${subject} a plain member.`;
    case 'policy':
      return `${by} made the group ${policy}.`;
    case 'delete':
      return `${by} deleted the group.`;
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
