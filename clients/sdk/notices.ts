// What a server says became of messages: a delivery counts only with the recipient device's own tag (DESIGN section 5), the rest is
// the server's word and shown as no more than that.
import { activeDevices } from '#protocol/account-log.ts';
import { decodeConversation, otherParticipant } from '#protocol/address.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { NoticeBody } from '#protocol/frames/server.ts';
import { NOTICE_ENTRIES_MAX } from '#protocol/limits.ts';
import type { Accounts } from './accounts.ts';
import { isReceivedTag } from './crypto/received.ts';
import { wasEverIn } from './groups/sight.ts';
import type { OwnDevice } from './own-device.ts';
import type { Clock } from './platform.ts';
import type { Counted, GroupRecord, Profile, ReceivedBatch, SentMessage, StateChange } from './profile/profile.ts';

export type NoticesDeps = {
  readonly own: OwnDevice;
  readonly profile: Profile;
  readonly accounts: Accounts;
  readonly clock: Clock;
};

type Missed = NonNullable<ReceivedBatch['missed']>[number];
/** What a notice changes: `refused` carries the server's code for the person, to be told if `change` does change something. */
export type Noticed = {
  readonly changes: readonly StateChange[];
  readonly missed: readonly Missed[];
  readonly refused: readonly { readonly change: StateChange; readonly conversation: string; readonly code: string }[];
  /** What it counts of messages to large groups. */
  readonly counted: readonly Counted[];
  /** Whose account logs are to be fetched: a message had no slot for some of their devices. */
  readonly stale: readonly string[];
};

const NOTHING: Noticed = { changes: [], missed: [], refused: [], counted: [], stale: [] };

/** Reads one notice. What it cannot prove, or names nothing of ours, changes nothing. */
export async function readNotice(notice: NoticeBody, deps: NoticesDeps): Promise<Noticed> {
  const at = deps.clock.now();
  switch (notice.kind) {
    case 'delivered': {
      const { by } = notice;
      return {
        ...NOTHING,
        changes: await delivered(
          notice.entries.map((entry) => ({ ...entry, by })),
          deps,
          at,
        ),
      };
    }
    case 'group.delivered':
      return { ...NOTHING, changes: await delivered(notice.entries, deps, at) };
    case 'group.counted': {
      const counted: Counted[] = [];
      for (const { id, delivered, expired, refused } of notice.entries.slice(0, NOTICE_ENTRIES_MAX)) {
        const sent = await findSent(id, deps);
        if (sent !== undefined) counted.push({ device: sent.device, id, delivered, expired, refused });
      }
      return { ...NOTHING, counted };
    }
    case 'stale': {
      const group = await groupIn(notice.conversation, deps);
      // Of nobody else: a server would have this client ask for whom it likes.
      const isMember = group?.state.members.has(notice.by) === true && notice.by !== deps.own.address;
      return isMember ? { ...NOTHING, stale: [notice.by] } : NOTHING;
    }
    case 'expired': {
      const changes: StateChange[] = [];
      for (const { id } of notice.entries.slice(0, NOTICE_ENTRIES_MAX)) {
        const sent = await findSent(id, deps);
        if (sent !== undefined) changes.push({ device: sent.device, id, by: notice.by, state: 'expired', at });
      }
      return { ...NOTHING, changes };
    }
    case 'refused': {
      const changes: StateChange[] = [];
      const refused: Noticed['refused'][number][] = [];
      for (const { id } of notice.entries.slice(0, NOTICE_ENTRIES_MAX)) {
        const sent = await findSent(id, deps);
        if (sent === undefined) continue;
        const change = { device: sent.device, id, by: notice.by, state: 'refused', at } as const;
        changes.push(change);
        refused.push({ change, conversation: sent.conversation, code: notice.code });
      }
      return { ...NOTHING, changes, refused };
    }
    case 'missed': {
      const group = await groupIn(notice.conversation, deps);
      const conversation = group?.conversation ?? otherIn(notice.conversation, deps.own.address);
      const isOfIt =
        group === undefined
          ? notice.from === conversation || notice.from === deps.own.address
          : wasEverIn(group, notice.from);
      if (conversation === undefined || !isOfIt) return NOTHING;
      const { from, device } = notice;
      const known = await deps.accounts.known(from);
      // Of a device that nobody has, nothing is awaited.
      if (known === undefined || known.pin.blocked || !known.state.devices.has(device)) return NOTHING;
      const seqs = notice.seqs.slice(0, NOTICE_ENTRIES_MAX);
      return { ...NOTHING, missed: [{ conversation, from, device, seqs, at }] };
    }
  }
}

type Taken = Extract<NoticeBody, { kind: 'group.delivered' }>['entries'][number];

async function delivered(entries: readonly Taken[], deps: NoticesDeps, at: number): Promise<StateChange[]> {
  const changes: StateChange[] = [];
  for (const { id, by, device: byDevice, tag } of entries.slice(0, NOTICE_ENTRIES_MAX)) {
    const known = tag === undefined ? undefined : await deps.accounts.known(by);
    const sent = known && (await findSent(id, deps));
    if (tag === undefined || known === undefined || sent === undefined) continue;
    const recipient = { address: by, identity: known.pin.identity, device: decodeBase64(byDevice) };
    if (!isReceivedTag(decodeBase64(tag), sent.k, sent.mh, recipient, 'delivered')) continue;
    changes.push({ device: sent.device, id, by, state: 'delivered', byDevice, at });
  }
  return changes;
}

/** A message of this account: of this device, or a copy from another of its devices. A notice does not say which. */
async function findSent(id: string, { own, profile, accounts }: NoticesDeps): Promise<SentMessage | undefined> {
  const mine = await profile.sending.sent(own.device, id);
  if (mine !== undefined) return mine;
  const known = await accounts.known(own.address);
  for (const device of known === undefined ? [] : activeDevices(known.state)) {
    const copy = await profile.sending.sent(encodeBase64(device.id), id);
    if (copy !== undefined) return copy;
  }
  return undefined;
}

/** The group of a conversation as notices name it; undefined where it is none of ours. */
async function groupIn(conversation: string, { profile }: NoticesDeps): Promise<GroupRecord | undefined> {
  try {
    const named = decodeConversation('group', decodeBase64(conversation));
    return named.kind === 'group' ? profile.groups.byId(named.group) : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The other address of a direct conversation as notices name it (Base64 of its bytes); undefined where it is none of ours. */
function otherIn(conversation: string, own: string): string | undefined {
  try {
    const direct = decodeConversation('direct', decodeBase64(conversation));
    return direct.kind === 'direct' ? otherParticipant(direct, own) : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
