// What the server double can be told to do otherwise than a server should.
import type { ErrorCode } from '#protocol/errors.ts';
import type { ClientFrameOf } from '#protocol/frames/client.ts';
import type { Answer, NoticeBody, ServerFrameOf } from '#protocol/frames/server.ts';
import type { Log } from '../pins.ts';
import type { GroupLog } from './group-double.ts';

export type Stored =
  | Omit<ServerFrameOf<'deliver'>, 'n'>
  | Omit<ServerFrameOf<'entries'>, 'n'>
  | { readonly type: 'notice'; readonly notice: NoticeBody };

/** What the server does otherwise than it should. Each is asked at every occasion. */
export type Lies = {
  /** The log that it shows of an address in place of the true one. */
  log?: (address: string, log: Log) => Log;
  /** The log of a group that it shows somebody in place of the true one. */
  groupLog?: (name: string, log: GroupLog, asker: string) => GroupLog;
  /** Its answer to `group.state` in place of the true one. */
  groupState?: (answer: Answer<'group.state'>, asker: string) => Answer<'group.state'>;
  /** Its list of the asker's groups in place of the true one. */
  groupList?: (answer: Answer<'group.list'>, asker: string) => Answer<'group.list'>;
  /** A refusal of entries of a group; they are kept by nobody. */
  refuseEntries?: (append: ClientFrameOf<'group.append'>) => ErrorCode | undefined;
  /** Ends the connection after it has kept entries of a group, without an answer. */
  forgetsAnswer?: (append: ClientFrameOf<'group.append'>) => boolean;
  /** What it hands a device in place of this item: nothing, another, several. */
  hand?: (item: Stored, device: string) => readonly Stored[];
  /** A refusal of a message. */
  refuse?: (send: ClientFrameOf<'send'>) => ErrorCode | undefined;
  /** A message whose answer is never sent, although it was delivered. */
  silent?: (send: ClientFrameOf<'send'>) => boolean;
  /** Answers no deletion of an account: its sessions are closed first. */
  closesFirst?: boolean;
  /** Says nothing when an account log grows. */
  quiet?: boolean;
  /** Of which devices it says that they were revoked, although they were not. */
  revoked?: (device: string) => boolean;
  /** Goes on with devices that were revoked, and shows them the log. */
  keepsRevoked?: boolean;
  /** Whose logs every answer to a message says have changed. */
  stale?: readonly string[];
  /** What every refusal says. */
  sentence?: string;
  /** How long every refusal says to wait. */
  retryAfterMs?: number;
  /** When it says that devices were used. */
  used?: () => readonly { readonly device: string; readonly at: number }[];
  /** A refusal of what it is asked about presence. */
  refusePresence?: () => ErrorCode | undefined;
  challenge?: Partial<ServerFrameOf<'challenge'>>;
};
