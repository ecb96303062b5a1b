// A peer and a server that write what a terminal would obey: what reaches the terminal is harmless, and the line being typed stays whole.
import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { ServerDouble } from '../../clients/sdk/test/server-double.ts';
import { describeInTerminal } from './chat.fixture.ts';
import { ChatTerminal } from './chat-terminal.ts';
import { chatWorld, FROM_ENVIRONMENT } from './chat-world.ts';
import { SEVERAL_COMMANDS_MS } from './terminal-world.ts';

/** Each would do something to a terminal: escape sequences, C0, C1, directions, line ends of any kind. */
const COMMANDS = [
  '\u001b[2J\u001b[H',
  '\u001b]0;title\u0007',
  '\u001b]52;c;cm0=\u0007',
  '\r12:00 bo: ',
  '\b\b\b',
  '\u007f',
];
const SIGNS = ['\u009b2J', '\u0090q\u009c', '\u0085', '\u202e', '\u2066', '\u200f', '\u2028', '\u000b\u000c', '\u000e'];
const HOSTILE = [...COMMANDS, ...SIGNS].join('');
const ESC = '\u001b';
/** What a line that is edited needs, and colours; nothing else may reach a terminal. */
const OWN = new RegExp(`${ESC}\\[(?:\\d*[A-DG]|0?J|[02]?K|[\\d;]*m|\\?2004[hl])|\\r*\\n|\\r(?=${ESC}\\[J)`, 'g');

describeInTerminal('who is hostile', () => {
  const { world } = chatWorld();

  it(
    'makes a terminal do nothing, whatever it writes',
    async () => {
      const double = await ServerDouble.start();
      onTestFinished(() => double.stop());
      const [al, bo] = ['al-hostile', 'bo-hostile'].map((name) => world.terminal(name, double.url));
      if (al === undefined || bo === undefined) throw new Error('two people');
      expect(await al.run(['signup', 'al'])).toMatchObject({ status: 0 });
      expect(await bo.run(['signup', 'bo'])).toMatchObject({ status: 0 });
      const als = await ChatTerminal.start(al.directory, { environment: FROM_ENVIRONMENT, columns: 60, rows: 20 });
      const recorded = world.path('recorded');
      await als.record(recorded);
      await als.sees('unread');
      await als.say('/open bo');
      await als.sees('bo>');
      await als.type('half a line 日本');
      await als.sees('日本');
      const texts = [
        HOSTILE,
        ...['\u0301', '\u200b', '\u{1f468}\u200d', '\u3164', '\u{e0041}', 'x', '\u001b['].map((sign) =>
          sign.repeat(5_000),
        ),
        'the last of them',
      ];
      expect(await bo.run(['send', 'al', '-'], { input: texts.join('\n') })).toMatchObject({ status: 0 });
      await als.sees(/the last of them\nbo> half a line 日本$/);
      double.dropAll(4001, `away ${HOSTILE}`);
      await als.sees(/away[\s\S]*outbox[\s\S]*bo> half a line 日本$/);
      await als.sees(/is back[\s\S]*bo> half a line 日本$/);
      double.lies.refuse = () => 'over_quota';
      double.lies.sentence = `full ${HOSTILE}`;
      await als.press('Enter');
      await als.sees(/al: half a line 日本[\s\S]*full\s[\s\S]*bo>$/);
      await als.say('/exit');
      await als.sees('status 0');
      // It is written by a process of its own, which may be behind the screen, in the middle of a sequence.
      await expect.poll(() => readFile(recorded, 'utf8')).toMatch(/status 0\r?\n$/);
      const left = (await readFile(recorded, 'utf8')).replace(OWN, '');
      expect(left.match(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu)).toBeNull();
    },
    SEVERAL_COMMANDS_MS,
  );
});
