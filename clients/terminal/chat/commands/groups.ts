// Commands of a chat about groups; what they do stands in actions/groups.ts. `#` may be left out in their names.
import {
  addMember,
  createGroup,
  deleteGroup,
  groupDeletionMustBeMeant,
  joinGroup,
  leaveGroup,
  listGroups,
  removeMember,
  setAdmin,
  showMembers,
} from '../../actions/groups.ts';
import { groups as groupNames } from '../../arguments.ts';
import { usageError } from '../../exit.ts';
import { groupConversation, groupName, isGroup, withoutSign } from '../../names.ts';
import { shortName } from '../chat-lines.ts';
import { type ChatCommand, type Chatting, type Completed, oneWord } from '../commands.ts';
import { firstWord } from '../typed.ts';

const OPEN = '--open';
const UNDO = '--undo';
const ALL = '--all';

/** What a command does in one group; `name`: canonical. `address`: of whom it is about, where it is about somebody. */
type InGroup = (chat: Chatting, name: string) => Promise<void>;
type AboutMember = (chat: Chatting, name: string, address: string) => Promise<void>;

const creategrp: ChatCommand = {
  name: 'creategrp',
  usage: 'GROUP [USER…]',
  brief: 'a new group',
  says: `Creates a group, of which you are the admin. Its admins alone add members; with ${OPEN} at the end, anybody may join it and read.`,
  example: 'team bo cy',
  completes: ['group', 'person', 'person', 'person'],
  async run(chat, rest) {
    const { words, option } = wordsOf(rest, OPEN);
    const [typed, ...users] = words;
    if (typed === undefined) throw usageError('');
    const members = users.map((user) => chat.client.resolve(user));
    await acting(chat, typed, (name) => createGroup(chat, name, { open: option, members }));
    sayOpen(chat, typed);
  },
};

const join: ChatCommand = {
  name: 'join',
  usage: 'GROUP',
  brief: 'enters an open one',
  says: 'Enters an open group. Where there is none of this name, you create it. Everybody who may use this server may enter the group lobby.',
  example: 'lobby',
  completes: ['group'],
  async run(chat, rest) {
    const typed = oneWord(rest);
    await acting(chat, typed, (name) => joinGroup(chat, name));
    sayOpen(chat, typed);
  },
};

const groups: ChatCommand = {
  name: 'groups',
  usage: '[--all]',
  brief: 'lists your groups',
  says: `Lists the groups that you are in. With ${ALL}: those of this server that anybody may join.`,
  example: ALL,
  async run(chat, rest) {
    const { words, option } = wordsOf(rest, ALL);
    if (words.length > 0) throw usageError('');
    await listGroups(chat, option);
  },
};

const sendgrp: ChatCommand = {
  name: 'sendgrp',
  usage: 'GROUP[,GROUP…] TEXT…',
  brief: 'sends',
  says: 'Sends a text to groups, one message to each. Nobody sees to which others it went.',
  example: 'team,ops The server is up again',
  completes: ['group'],
  async run(chat, rest) {
    const { word, rest: text } = firstWord(rest);
    if (word === '' || text.trim() === '') throw usageError('');
    const to: string[] = [];
    for (const typed of groupNames(word)) to.push(await chat.find(groupConversation(withoutSign(typed))));
    await chat.send([...new Set(to)], text);
  },
};

const leavegrp = inGroup(
  'leavegrp',
  'leaves a group',
  'Leaves a group. Its last admin makes another one first.',
  (chat, name) => leaveGroup(chat, name),
);

const deletegrp = inGroup(
  'deletegrp',
  'ends it for all',
  'Ends a group for all of its members. What was said stays with each of them.',
  async (chat, name) => {
    await groupDeletionMustBeMeant(chat, name);
    await deleteGroup(chat, name);
  },
);

const addmember = aboutMember(
  'addmember',
  'adds somebody',
  'Adds a person to a group. They are told by whom.',
  addMember,
);

const kick = aboutMember(
  'kick',
  'removes somebody',
  'Removes a person from a group. Only from this one; they are told by whom.',
  removeMember,
);

const changeadmin: ChatCommand = {
  ...aboutMember(
    'changeadmin',
    'adds an admin',
    `Makes a member an admin. There may be several; with ${UNDO} at the end, an admin becomes a plain member.`,
    (chat, name, address) => setAdmin(chat, name, address, true),
  ),
  async run(chat, rest) {
    const { words, option } = wordsOf(rest, UNDO);
    await withMember(chat, words, (_chat, name, address) => setAdmin(chat, name, address, !option));
  },
};

const members: ChatCommand = {
  name: 'members',
  usage: '[GROUP]',
  brief: 'lists its members',
  says: 'Lists the members of a group: who is an admin, who is online, whom you have verified. Without a name: of the open one.',
  example: 'team',
  completes: ['group'],
  async run(chat, rest) {
    const { open } = chat.talk;
    const typed = rest === '' && open !== undefined && isGroup(open) ? open : oneWord(rest);
    await showMembers(chat, groupName(chat.client, typed), (address) => chat.company.presenceOf(address));
  },
};

/** A command that names a group and nothing else. */
function inGroup(name: string, brief: string, says: string, act: InGroup): ChatCommand {
  return {
    ...{ name, usage: 'GROUP', brief, says, example: 'team', completes: ['group'] satisfies Completed[] },
    async run(chat, rest) {
      await acting(chat, oneWord(rest), (group) => act(chat, group));
    },
  };
}

/** A command that names a group and somebody. */
function aboutMember(name: string, brief: string, says: string, act: AboutMember): ChatCommand {
  return {
    ...{ name, usage: 'GROUP USER', brief, says, example: 'team bo' },
    completes: ['group', 'person'],
    run: (chat, rest) => withMember(chat, wordsOf(rest).words, act),
  };
}

async function withMember(chat: Chatting, words: readonly string[], act: AboutMember): Promise<void> {
  const [typed, user, ...more] = words;
  if (typed === undefined || user === undefined || more.length > 0) throw usageError('');
  const address = chat.client.resolve(user);
  await acting(chat, typed, (name) => act(chat, name, address));
}

/** Does it, and leaves to its own words what would be told of it as an event. */
function acting(chat: Chatting, typed: string, act: (name: string) => Promise<void>): Promise<void> {
  const name = groupName(chat.client, typed);
  return chat.talk.acting(groupConversation(name), () => act(name));
}

function sayOpen({ client, output, talk, typed: command }: Chatting, typed: string): void {
  const conversation = groupConversation(groupName(client, typed));
  if (talk.open === conversation) return;
  output.say(`To write there: ${command(`open ${shortName(conversation, client.account.domain)}`)}`, 'dim');
}

/** All words but the option, which may stand anywhere. */
function wordsOf(rest: string, option?: string): { readonly words: readonly string[]; readonly option: boolean } {
  const all = rest.split(/\s+/).filter((word) => word !== '');
  const words = all.filter((word) => word.toLowerCase() !== option);
  if (words.some((word) => word.startsWith('-'))) throw usageError('');
  return { words, option: words.length < all.length };
}

export const grouping: readonly ChatCommand[] = [
  ...[creategrp, join, groups, sendgrp, members],
  ...[addmember, kick, changeadmin, leavegrp, deletegrp],
];
