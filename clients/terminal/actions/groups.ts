// Who is in a group and what it is: made, joined, left, changed. Names of groups are canonical here: name@domain.
import { type Client, Unavailable } from '../../sdk/index.ts';
import type { Acting } from '../acting.ts';
import { mustBeMeant } from '../app.ts';
import { endOf } from '../exit.ts';
import { groupConversation } from '../names.ts';

type InGroups = Pick<Acting, 'inSession' | 'output'> & { readonly client: Pick<Client, 'groups'> };

const LOBBY = /^lobby@/;

/** What has to be known of a group that anybody may join, before something is written there. */
const READ_BY_ALL =
  'Whoever wants may join it and read what is written from then on, the operator of this server included.';
const LOBBY_READ_BY_ALL = 'Whoever may enter this server may enter here and reads, its operator included.';

/** This person becomes its admin. Throws as `Groups.create`. */
export async function createGroup(
  { client, inSession, output }: InGroups,
  name: string,
  { open, members }: { readonly open: boolean; readonly members: readonly string[] },
): Promise<void> {
  await inSession(() => client.groups.create(name, { open, members }));
  const group = groupConversation(name);
  const withWhom = members.length === 0 ? '' : `, with ${members.join(', ')}`;
  const who = open ? READ_BY_ALL : 'Its admins add members: you are the first admin.';
  output.show(
    { type: 'group_created', group, policy: open ? 'open' : 'closed', members },
    `${group} is created${withWhom}. ${who}`,
  );
}

/** Comes into an open group, or makes one of this name. Throws as `Groups.join`. */
export async function joinGroup({ client, inSession, output }: InGroups, name: string): Promise<void> {
  const { created } = await inSession(() => client.groups.join(name));
  const group = groupConversation(name);
  const what = created ? `There was no ${group}: you have created it.` : `You are a member of ${group} now.`;
  output.show(
    { type: 'group_joined', group, created },
    `${what} ${LOBBY.test(name) ? LOBBY_READ_BY_ALL : READ_BY_ALL}`,
  );
}

/** Throws as `Groups.leave`. */
export async function leaveGroup({ client, inSession, output }: InGroups, name: string): Promise<void> {
  await inSession(() => client.groups.leave(name));
  const group = groupConversation(name);
  output.show({ type: 'group_left', group }, `You have left ${group}. What was said there stays on this device.`);
}

/** Throws Ended where it is not meant. */
export function groupDeletionMustBeMeant(asking: Parameters<typeof mustBeMeant>[0], name: string): Promise<void> {
  const warning = `${groupConversation(name)} ends for all of its members, for ever: nothing more can be written there.`;
  return mustBeMeant(asking, warning);
}

/** Throws as `Groups.delete`. */
export async function deleteGroup({ client, inSession, output }: InGroups, name: string): Promise<void> {
  await inSession(() => client.groups.delete(name));
  const group = groupConversation(name);
  output.show({ type: 'group_deleted', group }, `${group} is deleted. What was said there stays on the devices.`);
}

/** They are told. Throws as `Groups.add`. */
export async function addMember({ client, inSession, output }: InGroups, name: string, address: string): Promise<void> {
  await inSession(() => client.groups.add(name, [address]));
  const group = groupConversation(name);
  output.show(
    { type: 'member_added', group, address },
    `${address} is a member of ${group} now, and reads what is written from now on.`,
  );
}

/** They are told by whom. Throws as `Groups.remove`. */
export async function removeMember(
  { client, inSession, output }: InGroups,
  name: string,
  address: string,
): Promise<void> {
  await inSession(() => client.groups.remove(name, address));
  const group = groupConversation(name);
  output.show(
    { type: 'member_removed', group, address },
    `${address} is no member of ${group} any more, and gets nothing that is written from now on.`,
  );
}

/** There may be several admins. `admin`: false makes a plain member of one. Throws as `Groups.setRole`. */
export async function setAdmin(
  { client, inSession, output }: InGroups,
  name: string,
  address: string,
  admin: boolean,
): Promise<void> {
  const role = admin ? 'admin' : 'member';
  await inSession(() => client.groups.setRole(name, address, role));
  const group = groupConversation(name);
  output.show(
    { type: 'role_changed', group, address, role },
    `${address} is ${admin ? 'an admin' : 'a plain member'} of ${group} now.`,
  );
}

/**
 * A line for each: those that this person is in (without a server those that were known, and then it throws), or all that anybody may join. Throws as
 * `Groups.list`.
 */
export async function listGroups(
  { client, inSession, output }: InGroups & { readonly client: Pick<Client, 'online'> },
  all: boolean,
): Promise<void> {
  const away = await unlessAway(() => inSession(() => client.online()));
  if (all && away !== undefined) throw away;
  const groups = all ? await inSession(() => client.groups.list(false)) : await client.groups.list(true);
  for (const { name, policy, members } of groups) {
    const group = groupConversation(name);
    const count = members === 1 ? '1 member' : `${members} members`;
    output.show({ type: 'listed', group, policy, members }, `${group}, ${policy}, ${count}`);
  }
  if (groups.length === 0) output.say(all ? 'There is no open group at this server.' : 'You are in no group.');
  if (away !== undefined) throw knownBefore(away);
}

/**
 * A line for each, with role and mark; without a server as it was known, and then it throws. `more`: what else is to be said of somebody, in words. Throws as
 * `Groups.members`.
 */
export async function showMembers(
  { client, inSession, output }: InGroups & { readonly client: Pick<Client, 'account'> },
  name: string,
  more: (address: string) => readonly string[] = () => [],
): Promise<void> {
  const group = groupConversation(name);
  const away = await unlessAway(() => inSession(() => client.groups.update(name)));
  for (const { address, role, verified } of await inSession(() => client.groups.members(name))) {
    const isMe = address === client.account.address;
    const words = [...(isMe ? ['you'] : verified ? ['verified'] : []), ...(isMe ? [] : more(address))];
    const marks = [...(role === 'admin' ? ['admin'] : []), ...words];
    output.show(
      { type: 'member', group, address, role, verified },
      `${address}${marks.length === 0 ? '' : ` (${marks.join(', ')})`}`,
    );
  }
  if (away !== undefined) throw knownBefore(away);
}

/** Why there is no server at present; undefined if it was done. Throws what else is thrown. */
async function unlessAway(work: () => Promise<void>): Promise<Unavailable | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable) return error;
    throw error;
  }
}

function knownBefore(away: Unavailable): Unavailable {
  return new Unavailable(`${endOf(away).sentence} This is what was known before.`);
}
