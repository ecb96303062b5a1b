// What sending and receiving ask about the membership of groups: the verified log as it is known here, and what is new of it.
import type { Subject } from '#protocol/group-entry.ts';
import type { Connection } from './connection.ts';
import type { GroupRecord } from './profile/profile.ts';

export interface GroupLogs {
  /** Fetches what is new in the group that this name means at the server, verifies and keeps it. Throws RequestError, Refusal, Unavailable. */
  fetch(name: string, connection: Connection): Promise<GroupRecord | undefined>;
  /** Whether (epoch, head) is an entry of the verified log and this identity was a member in that state. */
  wasMember(
    record: GroupRecord,
    at: { readonly epoch: number; readonly head: Uint8Array },
    who: Subject,
  ): Promise<boolean>;
}
