// Commands of a chat about itself: help, what it protects from whom, and the way out.
import { type ChatCommand, findCommand, noWords, oneWord, usageOf } from '../commands.ts';
import { helpLines, helpOf } from '../help.ts';

/** One screen of 80 by 24. SECURITY.md says it at length, and names the test of each claim. */
const SECURITY = [
  'What the server, whoever runs it or breaks into it, CAN do:',
  '  see who writes to whom, when, roughly how much, and from how many devices;',
  '  delay or withhold messages, or refuse to serve you;',
  '  try guessable passwords offline: use a good one;',
  '  show you a false identity at FIRST contact: /safety and /verify rule that out.',
  'What it CANNOT do:',
  '  read a message, or learn your password or a key;',
  '  add a device to an account unseen: each new one is announced;',
  '  change, repeat or reorder messages, or put them under another name, unnoticed;',
  '  replace somebody: to a changed identity nothing is sent before your /trust.',
  'What Parley does not give:',
  '  a stolen device key opens what the server still keeps for that device;',
  '  a forgotten password cannot be reset by anybody;',
  '  who has this device unlocked reads all that you can.',
  '/devices shows yours, /revoke takes one out. More in SECURITY.md.',
] as const;

const help: ChatCommand = {
  name: 'help',
  usage: '[COMMAND]',
  brief: 'tells more of one',
  says: 'Lists the commands, or tells more of one. Two slashes begin a text that begins with one.',
  example: 'open',
  completes: ['command'],
  async run({ commands, output, front }, rest) {
    if (rest !== '') {
      const command = findCommand(commands, oneWord(rest).replace(/^\//, '').toLowerCase());
      output.say(usageOf(command), 'bold');
      for (const line of helpOf(command)) output.say(`  ${line}`);
      return;
    }
    for (const line of helpLines(commands, front.columns)) output.say(line);
  },
};

const security: ChatCommand = {
  name: 'security',
  usage: '',
  brief: 'what is safe or not',
  says: 'Says what the server could do and what not.',
  example: '',
  async run({ output }, rest) {
    noWords(rest);
    for (const line of SECURITY) output.say(line, line.startsWith(' ') ? 'plain' : 'bold');
  },
};

const exit: ChatCommand = {
  name: 'exit',
  usage: '',
  brief: 'leaves the chat',
  says: 'Leaves the chat. What is in the outbox goes with the next one.',
  example: '',
  async run(chat, rest) {
    noWords(rest);
    chat.end();
  },
};

export const aboutChat: readonly ChatCommand[] = [security, help, exit];
