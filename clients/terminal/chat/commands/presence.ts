// Commands of a chat about who is there, and whether oneself is seen.
import { presence as switchPresence } from '../../actions/presence.ts';
import { type ChatCommand, type Chatting, noWords, oneWord } from '../commands.ts';

const users: ChatCommand = {
  name: 'users',
  usage: '',
  brief: 'whom you know',
  says: 'Lists the people that you know. Who is online, when others were last, whom you have verified.',
  example: '',
  async run(chat, rest) {
    noWords(rest);
    const people = await known(chat);
    for (const address of people) await say(chat, address);
    if (people.length === 0) chat.output.say('You know nobody yet. /open USER begins a conversation.');
  },
};

const who: ChatCommand = {
  name: 'who',
  usage: '',
  brief: 'who is online',
  says: 'Lists who is online. Of the people that you know, and of the members of the open group.',
  example: '',
  async run(chat, rest) {
    noWords(rest);
    const here = await chat.company.peopleOf(chat.talk.open);
    const people = [...new Set([...here, ...(await known(chat))])].sort();
    const online = people.filter((address) => chat.client.presence.of(address)?.online === true);
    for (const address of online) await say(chat, address);
    if (online.length === 0) chat.output.say('Nobody that you know is online, or lets it be seen.');
  },
};

const presence: ChatCommand = {
  name: 'presence',
  usage: 'on|off',
  brief: 'lets you be seen',
  says: 'Says or switches whether you are seen. Others are told when you are online, when you were last, and that you type; or nothing of it. It holds for this device.',
  example: 'off',
  async run(chat, rest) {
    await switchPresence(chat, rest === '' ? '' : oneWord(rest));
  },
};

/** Everybody but oneself, by address. */
async function known({ client }: Chatting): Promise<string[]> {
  const addresses = (await client.contacts()).map(({ address }) => address);
  return addresses.filter((address) => address !== client.account.address).sort();
}

async function say({ talk, company, output }: Chatting, address: string): Promise<void> {
  const words = [await talk.title(address), ...company.presenceOf(address)];
  output.say(`  ${words.join(', ')}`);
}

export const company: readonly ChatCommand[] = [users, who, presence];
