// What is printed of an event or a message: its JSON line, whose fields the help of `listen` lists, and its line for people.
import { type FileInfo, type HistoryEntry, type ProfileEvent, readContent } from '../sdk/index.ts';
import { fileFields, fileText, type Saved } from './files/file-words.ts';
import { groupFields, groupText } from './group-lines.ts';
import { isGroup } from './names.ts';
import type { Record, Style } from './output.ts';
import { groupCountsOf, stateOf, stateText } from './states.ts';

/** 9999-12-31T23:59:59.999Z: RFC 3339 has no later time, and a peer may claim one. */
const TIME_MAX_MS = 253_402_300_799_999;

/** What came at most so long after its sender says to have sent it came at once. */
const AT_ONCE_MAX_MS = 2 * 60_000;

const BECAME = {
  delivered: (by: string) => `was delivered to ${by}`,
  read: (by: string) => `was read by ${by}`,
  expired: (by: string) => `expired before ${by} took it`,
} as const;

export type Line = { readonly record: Record; readonly text: string; readonly style?: Style };

/** Milliseconds since 1970 as RFC 3339 in UTC; what lies beyond year 9999 is its last moment. */
export function rfc3339(ms: number): string {
  return new Date(Math.min(ms, TIME_MAX_MS)).toISOString();
}

/** The same for people: local time, to the minute. */
export function localTime(ms: number): string {
  const time = new Date(Math.min(ms, TIME_MAX_MS));
  const [month, day, hour, minute] = [time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes()].map(
    (part) => String(part).padStart(2, '0'),
  );
  return `${time.getFullYear()}-${month}-${day} ${hour}:${minute}`;
}

/** When a message came, for people, where its sender's time does not say it: a leading space, or nothing. */
export function came({ sentAt, receivedAt, late }: HistoryEntry): string {
  if (late !== true && receivedAt - sentAt <= AT_ONCE_MAX_MS) return '';
  const [sentDay] = localTime(sentAt).split(' ');
  const [day, time] = localTime(receivedAt).split(' ');
  return ` (came ${day === sentDay ? '' : `${day} `}${time})`;
}

/** An event of the journal. Never throws, whatever its sender wrote. `typed`: how a further command is typed. */
export function eventLine(event: ProfileEvent, own: string, typed = (command: string) => command): Line {
  switch (event.type) {
    case 'message':
      return messageLine(event.entry, own);
    case 'delivered':
    case 'read':
    case 'expired': {
      const { type, id, conversation, by, at } = event;
      return {
        record: { type, id, conversation, by, at: rfc3339(at) },
        text: `${localTime(at)} (a message${where(conversation)} ${BECAME[type](by)})`,
        style: 'dim',
      };
    }
    case 'gap': {
      const { type, conversation, from, device, first, last, why, at } = event;
      const what = first === last ? `Message ${first}` : `Messages ${first} to ${last}`;
      const fate = why === 'missed' ? 'will not come: it expired before this device took it' : 'has not come';
      const text = `${localTime(at)} ${what} of ${from}${where(conversation)} ${fate}.`;
      return { record: { type, conversation, from, device, first, last, why, at: rfc3339(at) }, text, style: 'bold' };
    }
    case 'identity': {
      const { type, address, change, device, at } = event;
      const record = { type, address, change, ...(device === undefined ? {} : { device }), at: rfc3339(at) };
      return { record, text: `${localTime(at)} ${identityText(event, own, typed)}`, style: 'bold' };
    }
    case 'unreadable': {
      const { type, reason, from, device, conversation, id, at } = event;
      const record = withoutUndefined({ type, reason, from, device, conversation, id, at: rfc3339(at) });
      const text = `${localTime(at)} A message${from === undefined ? '' : ` from ${from}`} cannot be shown: ${reason}`;
      return { record, text, style: 'bold' };
    }
    case 'membership':
    case 'group': {
      const record = withoutUndefined({ ...groupFields(event), at: rfc3339(event.at) });
      const style = event.type === 'group' ? 'bold' : 'dim';
      return { record, text: `${localTime(event.at)} ${groupText(event, own)}`, style };
    }
  }
}

/** What a message says, as one is told, and the file that it is about, if it is; `reason`: why it cannot be shown, as a sentence. */
export function said(
  content: Uint8Array,
): { readonly text: string; readonly file?: FileInfo } | { readonly reason: string } {
  const read = readContent(content);
  if (read.kind === 'text') return { text: read.text };
  if (read.kind === 'file') return { text: fileText(read.file), file: read.file };
  return {
    reason: read.kind === 'unknown' ? `kind ${read.number}: this version of Parley cannot show it.` : 'it is empty.',
  };
}

/** A message; of a kind that this version does not know, a line that says so. `saved`: what became of its file just now. */
export function messageLine(entry: HistoryEntry, own: string, saved?: Saved): Line {
  const { id, from, device, conversation, content, sentAt, receivedAt } = entry;
  const to = from === own || isGroup(conversation) ? ` to ${conversation}` : '';
  // Ahead of the name: nothing that its sender writes can stand there.
  const begin = `${localTime(sentAt)}${came(entry)} ${from}${to}`;
  const what = said(content);
  if ('text' in what) {
    const { text, file } = what;
    const times = { sentAt: rfc3339(sentAt), receivedAt: rfc3339(receivedAt) };
    const says = file === undefined ? { text } : { file: fileFields(file, saved) };
    const record = { type: 'message', id, from, device, conversation, ...says, ...times };
    return { record, text: `${begin}${file === undefined ? `: ${text}` : ` ${fileText(file, saved)}`}` };
  }
  const { reason } = what;
  const record = { type: 'unreadable', reason, from, device, conversation, id, at: rfc3339(sentAt) };
  return { record, text: `${begin}: (${reason})`, style: 'dim' };
}

/** A line of the history: a message, and what became of it if it is an own one; of one to a group, with how many have it. */
export function historyLine(entry: HistoryEntry, own: string): Line {
  const line = messageLine(entry, own);
  const state = stateOf(entry);
  if (state === undefined) return line;
  const counts = groupCountsOf(entry);
  return { ...line, record: { ...line.record, state, ...counts }, text: `${line.text}  (${stateText(entry)})` };
}

function identityText(
  { address, change }: { readonly address: string; readonly change: string },
  own: string,
  typed: (command: string) => string,
): string {
  const whose = address === own ? 'your account' : address;
  switch (change) {
    case 'device_added': {
      const advice = ` If it is not yours, revoke it (${typed('devices')} lists yours) and change your password.`;
      return `A new device of ${whose}.${address === own ? advice : ''}`;
    }
    case 'device_revoked':
      return `A device of ${whose} was revoked.`;
    case 'changed':
      return `The identity of ${whose} has changed: it may be another person. Compare safety numbers, then: ${typed(`trust ${address}`)}`;
    case 'back':
      return `The server shows the known identity of ${whose} again. What you send goes to that one.`;
    case 'accepted':
      return `The changed identity of ${whose} was accepted.`;
    case 'alarm':
      return `Somebody has a device or an identity of ${whose} that this device does not know. Look at your devices.`;
    case 'refused_log':
      return `The server shows an account log of ${whose} that does not verify. What was known before still holds.`;
    default:
      return `The account log of ${whose} is not what it should be (${change}).`;
  }
}

/** Of what is about a person, that person is told of anyhow. */
function where(conversation: string): string {
  return isGroup(conversation) ? ` in ${conversation}` : '';
}

/** Optional fields are left out, never null. */
function withoutUndefined({ type, ...fields }: Record): Record {
  return { type, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) };
}
