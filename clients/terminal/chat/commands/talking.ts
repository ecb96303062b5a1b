// Commands of a chat for talking: conversations, texts, what is unread, what was said.

import { entries } from '../../actions/reading.ts';
import { countFrom1 } from '../../arguments.ts';
import { Ended, EXIT, usageError } from '../../exit.ts';
import { isGroup } from '../../names.ts';
import { markOf, stateOf, stateText } from '../../states.ts';
import { beginning, chatLine, shortTime } from '../chat-lines.ts';
import { type ChatCommand, type Chatting, noWords, oneWord } from '../commands.ts';
import { firstWord } from '../typed.ts';

const HISTORY_LINES = 20;
/** Own messages whose states are shown. */
const STATUS_LINES = 10;
/** Of a long one its beginning is enough to know it by. */
const STATUS_CHARS = 200;
/** Lines looked at for them. */
const STATUS_PAGE_LINES = 200;

const open: ChatCommand = {
  name: 'open',
  usage: '[USER|#GROUP]',
  brief: 'opens it to talk',
  says: 'Opens a conversation: what you type goes there. What is unread in it is shown. Without a name: the latest with something unread.',
  example: '#team',
  completes: ['conversation'],
  async run(chat, rest) {
    await chat.talk.enter(rest === '' ? await latestUnread(chat) : await chat.find(oneWord(rest)));
  },
};

async function latestUnread({ client, talk }: Chatting): Promise<string> {
  const conversations = await client.history.conversations();
  const withUnread = conversations.filter(({ unread }) => Object.keys(unread).length > 0);
  const one = withUnread.find(({ conversation }) => conversation === talk.open) ?? withUnread[0];
  if (one === undefined) throw new Ended(EXIT.usage, 'Nothing is unread: give a name.');
  return one.conversation;
}

const close: ChatCommand = {
  name: 'close',
  usage: '',
  brief: 'leaves it',
  says: 'Leaves the open conversation.',
  example: '',
  async run({ talk, output, client }, rest) {
    noWords(rest);
    if (talk.open === undefined) throw new Ended(EXIT.refused, 'No conversation is open.');
    output.say(closed(talk.open, client.account.address), 'dim');
    await talk.leave();
  },
};

function closed(conversation: string, own: string): string {
  if (conversation === own) return 'Your notes are closed.';
  if (!isGroup(conversation)) return `The conversation with ${conversation} is closed.`;
  return `The conversation in ${conversation} is not open any more. You are still in the group: /leavegrp leaves it.`;
}

const send: ChatCommand = {
  name: 'send',
  usage: 'USER|#GROUP TEXT…',
  brief: 'sends a text',
  says: 'Sends a text without opening the conversation.',
  example: 'bo See you at eight',
  completes: ['conversation'],
  async run(chat, rest) {
    const { word, rest: text } = firstWord(rest);
    if (word === '' || text.trim() === '') throw usageError('');
    await chat.send([await chat.find(word)], text);
  },
};

const unread: ChatCommand = {
  name: 'unread',
  usage: '',
  brief: 'counts the unread',
  says: 'Counts what is unread, by conversation and sender.',
  example: '',
  async run(chat, rest) {
    noWords(rest);
    await chat.showUnread();
  },
};

const conversations: ChatCommand = {
  name: 'conversations',
  usage: '',
  brief: 'lists conversations',
  says: 'Lists your conversations. The latest is last; it says what is unread, and whom you have verified.',
  example: '',
  async run({ client, output, talk, now }, rest) {
    noWords(rest);
    const all = await client.history.conversations();
    for (const { conversation, unread: counts, lastAt } of all.reverse()) {
      const unreadCount = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const title = await talk.title(conversation);
      output.say(`  ${shortTime(lastAt, now())} ${title}${unreadCount === 0 ? '' : `, ${unreadCount} unread`}`);
    }
    if (all.length === 0) output.say('There is none yet. /open USER begins one.');
  },
};

const history: ChatCommand = {
  name: 'history',
  usage: '[N]',
  brief: 'shows the last lines',
  says: `Shows the last lines of the conversation. ${HISTORY_LINES} of them, if you give no number.`,
  example: '50',
  async run({ client, output, talk }, rest) {
    const count = rest === '' ? HISTORY_LINES : countFrom1(oneWord(rest));
    if (talk.open === undefined) throw new Ended(EXIT.refused, 'No conversation is open: /open USER first.');
    const shown = await talk.again(entries(client, talk.open, count));
    if (shown === 0) output.say('There is no message yet.');
  },
};

const status: ChatCommand = {
  name: 'status',
  usage: '',
  brief: 'what became of yours',
  says: `Shows what became of your last ${STATUS_LINES} messages here. ✓: the server has it; ✓✓: they have it; ✓✓✓: they have read it; in a group with how many of how many, until all do.`,
  example: '',
  async run({ client, output, talk, now }, rest) {
    noWords(rest);
    if (talk.open === undefined) throw new Ended(EXIT.refused, 'No conversation is open: /open USER first.');
    const lines = await client.history.before(talk.open, STATUS_PAGE_LINES);
    const own = lines.filter((entry) => entry.own).slice(-STATUS_LINES);
    for (const entry of own) {
      const state = stateOf(entry) ?? 'pending';
      const word = markOf(state).startsWith('(')
        ? ''
        : ` (${state === 'pending' ? 'in the outbox' : stateText(entry)})`;
      output.say(`${beginning(chatLine(entry, client.account, now(), true).text, STATUS_CHARS)}${word}`);
    }
    if (own.length === 0) output.say('You have written nothing here lately.');
  },
};

export const talking: readonly ChatCommand[] = [open, close, send, unread, conversations, history, status];
