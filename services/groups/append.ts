// `group.append`: entries that continue the log, all or none. Their author is the session's, the head is compared and set, and they are
// verified against the account logs as they are now (DESIGN section 6).
import { type AccountState, activeDevices } from '#protocol/account-log.ts';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { equalBytes } from '#protocol/bytes.ts';
import type { GroupCommand } from '#protocol/commands.ts';
import { CryptoError, ProtocolError, RequestError } from '#protocol/errors.ts';
import type { SignedGroupEntryText } from '#protocol/frames/fields.ts';
import {
  decodeGroupEntry,
  decodeSignedGroupEntry,
  type GroupEntry,
  groupId,
  type SignedGroupEntry,
} from '#protocol/group-entry.ts';
import { AccountBehind, DisallowedEntry, verifyGroupLog } from '#protocol/group-log.ts';
import { existing, type Standing } from './standing.ts';
import type { KeptEntry } from './store.ts';

export type AppendCommand = Extract<GroupCommand, { type: 'group.append' }>;
/** An account log as auth has just told it. 'gone': there is no such account, or none any more. */
export type ToldLog = AccountState | 'gone';

export type AppendJudgement =
  /** These very entries are in the log: the number of the first. */
  | { readonly repeated: number }
  /** Whose logs are needed to decide. */
  | { readonly lacking: readonly string[] }
  | { readonly entries: readonly Uint8Array[] };

const LOBBY = 'lobby@';

/** Of the entries as they came: the first, and the group that they are of, Base64. Throws ProtocolError. */
export function placeOf(entries: readonly SignedGroupEntryText[]): { first: GroupEntry; group: string } {
  const bytes = decodeBase64(entries[0]?.entry ?? '');
  const first = decodeGroupEntry(bytes);
  return { first, group: encodeBase64(first.index === 0 ? groupId(bytes) : first.group) };
}

/**
 * What becomes of entries for the group `name`. `kept`: an entry of its log by index, where it is as far as they begin. `logs`: what auth told
 * since they came. Throws RequestError: a refusal.
 */
export function judgeAppend(
  name: string,
  standing: Standing | undefined,
  { frame, from, device }: AppendCommand,
  kept: (index: number) => KeptEntry | undefined,
  logs: ReadonlyMap<string, ToldLog>,
): AppendJudgement {
  const { first, group } = read(() => placeOf(frame.entries));
  const signed = frame.entries.map(decodeSignedGroupEntry);
  const decoded = signed.map(({ entry }) => read(() => decodeGroupEntry(entry)));
  for (const { actor } of decoded) {
    if (actor.address !== from || encodeBase64(actor.device) !== device) {
      throw new RequestError('bad_signature', 'An entry names another author than the session.');
    }
  }
  const repeated = repetition(standing, group, first, frame.entries, kept);
  if (repeated !== undefined) return { repeated };
  checkPlace(name, standing, group, first);
  const needed = [from, ...subjectsOf(name, decoded)];
  const lacking = needed.filter((address) => !logs.has(address));
  if (lacking.length > 0) return { lacking };
  try {
    verify(first.index === 0 ? undefined : standing, signed, logs);
  } catch (error) {
    throw refusalOf(error);
  }
  checkSubjects(decoded, logs);
  return { entries: signed.map(({ entry }) => entry) };
}

function read<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) throw new RequestError('bad_request', error.message);
    throw error;
  }
}

function repetition(
  standing: Standing | undefined,
  group: string,
  { index }: GroupEntry,
  entries: readonly SignedGroupEntryText[],
  kept: (index: number) => KeptEntry | undefined,
): number | undefined {
  if (standing?.group !== group || index > standing.state.position.index) return undefined;
  const same = entries.every(({ entry, signature }, offset) => {
    const present = kept(index + offset);
    return present?.entry === entry && present.signature === signature;
  });
  return same ? kept(index)?.number : undefined;
}

function checkPlace(name: string, standing: Standing | undefined, group: string, first: GroupEntry): void {
  const present = existing(standing);
  if (first.change.type === 'create') {
    if (first.change.name !== name) throw new RequestError('bad_request', 'The entry creates a group of another name.');
    if (present) throw new RequestError('group_exists');
    if (name.startsWith(LOBBY) !== (first.change.policy === 'lobby')) throw new RequestError('policy_fixed');
    return;
  }
  if (present?.group !== group) throw new RequestError('no_such_group');
  const { index, head } = present.state.position;
  if (first.index !== index + 1 || !equalBytes(first.previous, head)) throw new RequestError('stale_group');
}

/** Whom the entries add. */
function subjectsOf(name: string, entries: readonly GroupEntry[]): string[] {
  const domain = name.slice(name.indexOf('@'));
  return entries.flatMap(({ change }) => {
    if (change.type !== 'add') return [];
    if (!change.subject.address.endsWith(domain)) throw new RequestError('remote_domain');
    return [change.subject.address];
  });
}

function verify(
  from: Standing | undefined,
  signed: readonly SignedGroupEntry[],
  logs: ReadonlyMap<string, ToldLog>,
): void {
  const { suspended } = verifyGroupLog(signed, (address) => logs.get(address), from?.state);
  if (suspended > 0) throw new RequestError('device_revoked');
}

/** Whoever is added has an account, under that identity. */
function checkSubjects(entries: readonly GroupEntry[], logs: ReadonlyMap<string, ToldLog>): void {
  for (const { change } of entries) {
    if (change.type !== 'add') continue;
    const log = logs.get(change.subject.address);
    if (log === undefined || log === 'gone') throw new RequestError('unknown_user');
    if (!equalBytes(log.identity, change.subject.identity)) {
      throw new RequestError('stale_log', `${change.subject.address} has another identity. Fetch the account log.`);
    }
  }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof DisallowedEntry) return new RequestError(error.why);
  if (error instanceof CryptoError) return new RequestError('bad_signature', error.message);
  // The log is not older than these entries, unless an answer from before a crash was taken for it: worth another try.
  if (error instanceof AccountBehind) return new RequestError('unavailable');
  return error;
}

/** Whether nobody could read a message to this account. */
export function hasNoDevice(log: ToldLog): boolean {
  return log === 'gone' || activeDevices(log).length === 0;
}
