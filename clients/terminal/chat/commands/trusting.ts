// Commands of a chat about people: safety numbers, marks, a changed identity, and who is not to be heard.
import { block, safety, somebodyElse, trust, verify } from '../../actions/people.ts';
import { type ChatCommand, type Chatting, oneWord } from '../commands.ts';

type About = (chat: Chatting, address: string) => Promise<void>;

/** About the person named, or the one whose conversation is open. What the prompt says of them may change with it. */
function about(name: string, brief: string, says: string, act: About): ChatCommand {
  return {
    ...{ name, usage: '[USER]', brief, says, example: 'bo', completes: ['person'] },
    async run(chat, rest) {
      await act(chat, somebodyElse(chat, rest === '' && chat.talk.open !== undefined ? chat.talk.open : oneWord(rest)));
      chat.company.change();
      await chat.talk.redraw();
    },
  };
}

export const trusting: readonly ChatCommand[] = [
  about('safety', 'number to compare', 'Shows the safety number that both of you must see alike.', safety),
  about(
    'verify',
    'marks as verified',
    'Remembers that you have compared the number. The person is shown as verified.',
    (chat, address) => verify(chat, address, true),
  ),
  about('unverify', 'takes that back', 'Forgets that you have compared it.', (chat, address) =>
    verify(chat, address, false),
  ),
  about(
    'trust',
    'accepts new identity',
    'Accepts the changed identity of a person, once you have agreed to its number.',
    (chat, address) => trust(chat, address),
  ),
  about(
    'block',
    'hears them no more',
    'Shows nothing more of a person. On this device; they are told nothing.',
    (chat, address) => block(chat, address, true),
  ),
  about('unblock', 'hears them again', 'Shows what they send from now on.', (chat, address) =>
    block(chat, address, false),
  ),
];
