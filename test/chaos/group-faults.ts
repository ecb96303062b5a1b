// Whether everybody has what the groups were, once a run is over: the same log, the same messages under the same numbers, all that they were
// there for and nothing else.
import { toHex } from '#protocol/bytes.ts';
import type { GroupRecord, HistoryEntry } from '../../clients/sdk/profile/profile.ts';
import { faultsOfDeeds } from './group-deeds.ts';
import type { LoggedEntry, LoggedGroup } from './group-ledger.ts';
import { type Standing, standingsOf } from './group-model.ts';
import type { User } from './group-users.ts';
import type { Deed, World } from './group-world.ts';

/** How a connection ends that its person closes. */
const LEFT = 1000;
/** More than a run has. */
const ALL = 1_000_000;

/** What is wrong, a line for each thing. */
export async function faultsOf(world: World): Promise<string[]> {
  const outcomes = new Map<Deed, string | undefined>();
  for (const deed of world.deeds) {
    const { by, sent } = deed;
    const user = world.users.find(({ address }) => address === by);
    if (sent !== undefined) outcomes.set(deed, await user?.person.client.outcome(sent.id));
  }
  const seen = await Promise.all(world.users.map((user) => faultsOfUser(world, user)));
  return [
    ...world.ledger.faults,
    ...world.groups.flatMap(faultsOfOrder),
    ...faultsOfDeeds(world, outcomes),
    ...seen.flat(),
  ];
}

/** The server's own: numbers without holes, messages at the epoch that was, by members. */
function faultsOfOrder({ name, things, entries }: LoggedGroup): string[] {
  const faults: string[] = [];
  const standings = standingsOf(entries);
  let epoch = -1;
  for (const [place, thing] of things.entries()) {
    const which = `number ${thing.number} of ${name}`;
    if (thing.number !== place + 1) faults.push(`${which} follows ${things[place - 1]?.number}`);
    if (thing.type === 'entry') {
      if (thing.entry.index !== epoch + 1) faults.push(`${which} is entry ${thing.entry.index} behind entry ${epoch}`);
      epoch = thing.entry.index;
    } else {
      if (thing.epoch !== epoch) faults.push(`${which} is a message of epoch ${thing.epoch} in epoch ${epoch}`);
      if (!isIn(standings[thing.epoch], thing.from)) faults.push(`${which} is by ${thing.from}, who is no member`);
    }
  }
  return faults;
}

function isIn(standing: Standing | undefined, address: string): boolean {
  return standing?.deleted === false && standing.members.has(address);
}

async function faultsOfUser(world: World, user: User): Promise<string[]> {
  const { client } = user.person;
  const known = new Map((await client.groups.known()).map((record) => [toHex(record.id), record]));
  const faults: string[] = [];
  /** Groups that nobody can show them any more. */
  const missed: LoggedGroup[] = [];
  const conversations = new Set<string>();
  for (const group of world.groups) {
    const standings = standingsOf(group.entries);
    const record = known.get(Buffer.from(group.id, 'base64').toString('hex'));
    const wasIn = standings.some((standing) => isIn(standing, user.address));
    if (record === undefined) {
      if (wasIn && isReplaced(world, group)) missed.push(group);
      else if (wasIn) faults.push(`does not know ${group.name}`);
      continue;
    }
    if (!wasIn) faults.push(`knows ${group.name} and was never in it`);
    conversations.add(record.conversation);
    faults.push(...faultsOfRecord(group.entries, standings, record, user.address));
    const lines = await client.history.after(record.conversation, ALL, 0);
    faults.push(...faultsOfLines(world, group, standings, lines, user.address));
    faults.push(...faultsOfTold(group.entries, standings, record.conversation, user));
  }
  for (const { conversation } of await client.history.conversations()) {
    const isOfRun = world.groups.some(({ name }) => conversation.startsWith(`#${name}`));
    if (isOfRun && !conversations.has(conversation))
      faults.push(`has lines of ${conversation}, which is no group of theirs`);
  }
  faults.push(...faultsOfEvents(world, user, missed));
  return faults.map((fault) => `${user.address}: ${fault}`);
}

/** Its name was taken again after it was deleted, and its log is gone: who was away since before they were added cannot learn of it any more. */
function isReplaced(world: World, { id, name }: LoggedGroup): boolean {
  return world.ledger.named(name).at(-1)?.id !== id;
}

/** The group as this person has it, compared with the log. */
function faultsOfRecord(
  entries: readonly LoggedEntry[],
  standings: readonly Standing[],
  { conversation, state, ended, forked, suspended }: GroupRecord,
  address: string,
): string[] {
  const { index, head } = state.position;
  const [logged, standing, last] = [entries[index], standings[index], standings.at(-1)];
  if (logged === undefined || standing === undefined) return [`${conversation} stands at ${index}, where nothing is`];
  const rolesOf = (members: Iterable<readonly [string, string]>) => [...members].map(String).sort().join(' ');
  const mine = rolesOf([...state.members.values()].map(({ address: one, role }) => [one, role]));
  const faults: string[] = [];
  if (toHex(head) !== toHex(logged.head)) faults.push(`has another entry ${index}`);
  if (mine !== rolesOf(standing.members)) faults.push(`has ${mine} in it for ${rolesOf(standing.members)}`);
  if (state.policy !== standing.policy || state.deleted !== standing.deleted) faults.push('is another kind of group');
  if (forked !== undefined || suspended !== undefined) faults.push(`is ${forked ?? 'suspended'}`);
  const ends = endOf(entries, standings, address);
  if (isIn(last, address) ? index !== entries.length - 1 : index < (ends?.index ?? 0))
    faults.push(`stands at ${index}`);
  const [has, wanted] = [ended && `${ended.how} ${ended.by}`, isIn(last, address) ? undefined : ends?.said];
  if (has !== wanted) faults.push(`ended: ${has} for ${wanted}`);
  return faults.map((fault) => `${conversation} ${fault}`);
}

/** How this person's being in the group ended last. */
function endOf(entries: readonly LoggedEntry[], standings: readonly Standing[], address: string) {
  for (let index = entries.length - 1; index > 0; index--) {
    const { change, actor } = entries[index]?.entry ?? {};
    if (!isIn(standings[index - 1], address) || isIn(standings[index], address)) continue;
    const how = change?.type === 'delete' ? 'deleted' : change?.type === 'leave' ? 'left' : 'removed';
    return { index, said: `${how} ${actor?.address}` };
  }
  return undefined;
}

/** Exactly what was written while this person was in the group, once, under the numbers that it has for everybody. */
function faultsOfLines(
  world: World,
  group: LoggedGroup,
  standings: readonly Standing[],
  lines: readonly HistoryEntry[],
  address: string,
): string[] {
  const texts = new Map(world.deeds.flatMap(({ sent }) => (sent === undefined ? [] : [[sent.id, sent.text] as const])));
  const wanted = group.messages
    .filter(({ epoch }) => isIn(standings[epoch], address))
    .map(({ number, id, from }) => `${number} ${from} ${texts.get(id)}`);
  const numbered = lines.filter(({ order }) => order !== undefined);
  const got = numbered.map(
    ({ order, from, content }) => `${order} ${from} ${new TextDecoder().decode(content.subarray(1))}`,
  );
  const faults: string[] = [];
  for (const line of wanted) if (!got.includes(line)) faults.push(`lost: ${line}`);
  for (const line of got) if (!wanted.includes(line)) faults.push(`not for them: ${line}`);
  if (faults.length === 0 && got.join() !== wanted.join()) faults.push(`out of order: ${got.join(', ')}`);
  for (const { order, own, sent, content } of lines) {
    const text = new TextDecoder().decode(content.subarray(1));
    if (order === undefined && !(own && sent?.outcome === 'refused')) faults.push(`without a number: ${text}`);
    const message = group.messages.find(({ number }) => number === order);
    if (sent === undefined || message === undefined) continue;
    const others = [...(standings[message.epoch]?.members.keys() ?? [])].filter((one) => one !== address).sort();
    const told = Object.keys(sent.recipients).sort();
    if (told.join() !== others.join()) faults.push(`"${text}" went to ${others}, and is shown as sent to ${told}`);
  }
  return faults.map((fault) => `${group.name} ${fault}`);
}

const lineOf = (change: string, by: string, subject = '', detail = '') =>
  `${change} by ${by} ${subject} ${detail}`.trim();

/** Every change while this person was in the group is told, once and in the log's order; of what was before or after, what is told is true. */
function faultsOfTold(
  entries: readonly LoggedEntry[],
  standings: readonly Standing[],
  conversation: string,
  { heard, address }: User,
): string[] {
  const told = heard
    .filter((event) => event.type === 'membership' && event.conversation === conversation)
    .sort((a, b) => ('number' in a && 'number' in b ? a.number - b.number : 0))
    .map((event) =>
      event.type === 'membership' ? lineOf(event.change, event.by, event.subject, event.role ?? event.policy) : '',
    );
  const faults: string[] = [];
  let next = 0;
  for (const [index, { entry }] of entries.entries()) {
    const { actor, change } = entry;
    // An anchor changes nothing.
    if (change.type === 'anchor') continue;
    const subject = 'subject' in change ? change.subject.address : undefined;
    const detail = 'role' in change ? change.role : 'policy' in change ? change.policy : undefined;
    const line = lineOf(change.type, actor.address, subject, detail);
    const concerns = isIn(standings[index], address) || isIn(standings[index - 1], address);
    if (told[next] === line) next += 1;
    else if (concerns) faults.push(`was not told in its place: entry ${index}, ${line}; told: ${told.join('; ')}`);
  }
  if (next < told.length && faults.length === 0) faults.push(`was told too much: ${told.slice(next).join('; ')}`);
  return faults.slice(0, 1).map((fault) => `${conversation} ${fault}`);
}

/** What nobody may be told: that something is lost, cannot be read, or was given up. */
function faultsOfEvents(world: World, { heard }: User, missed: readonly LoggedGroup[]): string[] {
  return heard.flatMap((event) => {
    switch (event.type) {
      case 'gap':
        return [`told of a gap: ${event.from} ${event.first} to ${event.last} in ${event.conversation}, ${event.why}`];
      case 'unreadable':
        if (missed.length > 0 && event.reason.startsWith('conversation:')) return [];
        return [`could not read: ${event.reason}`];
      case 'identity':
        return [`told of an identity: ${event.change} ${event.address}`];
      case 'given_up':
        return [`told that it was given up: ${event.message}`];
      case 'stopped':
        return event.code === LEFT ? [] : [`stopped: ${event.reason}`];
      case 'group': {
        const { change, conversation } = event;
        // Entries of a group that come when its name means another are refused, and that is told.
        const replaced = world.groups.filter((group) => isReplaced(world, group));
        if (change === 'refused_log' && replaced.some(({ name }) => conversation.startsWith(`#${name}`))) return [];
        const isSecond =
          change === 'other_group' && world.groups.some(({ name }) => conversation.startsWith(`#${name}/`));
        return isSecond ? [] : [`told of ${conversation}: ${change}, ${event.reason}`];
      }
      case 'trouble':
      case 'delayed':
        return world.hurt ? [] : [`told: ${event.message}`];
      default:
        return [];
    }
  });
}
