// A chat in a real terminal, as a person types and sees it. The screens are text files beside this one.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { describeInTerminal, expectScreen, expectText } from './chat.fixture.ts';
import { ChatTerminal } from './chat-terminal.ts';
import { chatWorld } from './chat-world.ts';
import { PASSWORD } from './terminal.ts';
import { SEVERAL_COMMANDS_MS } from './terminal-world.ts';

describeInBothModes((start) => {
  describeInTerminal('a conversation', () => {
    const { world, chat, shown } = chatWorld(start);

    it(
      'counts what is unread, shows it when it is opened, and says what becomes of each message',
      async () => {
        const { al, bo } = await world.two();
        for (const text of ['Are you there?', 'Lunch at one? 🥗']) {
          expect(await al.run(['send', bo.name, text])).toMatchObject({ status: 0 });
        }
        const bos = await chat(bo);
        await bos.sees('2 unread');
        await bos.say(`/open ${al.name}`);
        await expectScreen('unread', async () => shown(await bos.sees(/Lunch[\s\S]*>$/), al, bo));
        const als = await chat(al);
        await als.sees('2 messages read');
        await als.say(`/open ${bo.name}`);
        await als.sees(`${bo.name}>`);
        await bos.say('Yes, save me a seat.');
        await als.sees('save me a seat');
        await als.say('/receipts off');
        await als.sees('Read receipts are off');
        await als.say('Done.');
        await als.sees('✓✓ delivered');
        await als.say('/status');
        await expectScreen('conversation', async () => {
          const screen = await als.sees(/\(read\)[\s\S]*\(read\)[\s\S]*Done/);
          // Said ahead of read on a slow machine.
          return shown(screen.replace(/^ {2}✓✓ 2 messages delivered.*\n/m, ''), al, bo);
        });
        await als.say('/exit');
        await als.sees('status 0');
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});

describeInTerminal('a chat', () => {
  const { world, chat, conversation, shown } = chatWorld();

  it(
    'begins with server, account and what cannot be undone',
    async () => {
      const terminal = await ChatTerminal.start(world.path('new'), { columns: 120 });
      await terminal.sees('Server [');
      await terminal.say(world.server.url);
      await terminal.sees('Type new');
      await terminal.say('new');
      await terminal.sees('A name');
      await terminal.say('fresh');
      await terminal.sees('A password for fresh@localhost');
      await terminal.say(PASSWORD);
      await terminal.sees('The same again');
      await terminal.say(PASSWORD);
      await expectScreen('first-run', async () => shown(await terminal.sees('Nothing is unread')));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'goes on while the server is away: what is typed waits, and goes when it is back',
    async () => {
      const { al, bo, als, bos } = await conversation();
      await world.server.stop();
      await als.sees('outbox');
      await als.say('Written while it was away.');
      await als.sees(/: Written/);
      await als.say('/status');
      await als.sees('in the outbox)');
      await world.server.restart();
      await bos.sees('Written while it was away');
      await expectScreen('away-and-back', async () => shown(await als.sees('✓✓ delivered'), al, bo));
      await world.server.stop();
      await als.sees(/outbox[\s\S]*outbox[\s\S]*outbox/);
      await als.say('For later.');
      await als.sees(/: For later/);
      await als.say('/exit');
      await als.sees('1 message waits in the outbox');
      await world.server.restart();
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'never tears the line that is being typed, whatever comes and however the terminal changes',
    async () => {
      const { al, bo, als, bos } = await conversation({ columns: 40, rows: 16 });
      const half = 'a line that is longer than the terminal is wide, 日本 included';
      await als.type(half);
      await als.sees('included');
      for (const text of ['one', 'two\u{1f600}', 'three']) await bos.say(text);
      await als.sees('three');
      await als.type(', and goes on');
      await expectScreen('typing', async () => shown(await als.sees('goes on'), al, bo));
      await als.resize(60, 16);
      await bos.say('wider');
      await als.sees('wider');
      await als.resize(34, 16);
      await bos.say('narrower');
      await expectScreen('resize', async () => shown(await als.sees('narrower'), al, bo));
      await als.press('Enter');
      await bos.sees(`${half}, and goes on`.slice(0, 40));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'keeps a line of wide characters whole while its window changes under it',
    async () => {
      const { al, bo, als, bos } = await conversation({ columns: 30, rows: 16 });
      const half = '日本語のテキストはとても長くて、この端末より広いです🥗🎉';
      await als.type(half);
      await als.sees('🎉');
      for (const [columns, text] of [
        [47, 'wider'],
        [21, 'narrower'],
        [34, 'again'],
      ] as const) {
        await als.resize(columns, 16);
        await als.type('字');
        await bos.say(text);
        await als.sees(text);
      }
      await expectScreen('resize-wide', async () => shown(await als.sees(/again[\s\S]*字$/), al, bo));
      await als.press('Enter');
      await bos.sees(`🎉字字字`);
      expect((await bos.screen()).match(/日本語/g)).toHaveLength(1);
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'has keys as a shell has them, and helps who slips',
    async () => {
      // More rows than it has lines, so that one more, which a slow machine shows, moves none out of sight.
      const { al, bo, als, bos } = await conversation({ columns: 80, rows: 40 });
      await als.type('given up');
      await als.sees('given up');
      await als.press('C-c');
      await als.sees(new RegExp(`^${bo.name}>$`, 'm'));
      await als.paste('first line\nsecond\tline\n');
      await als.sees('first line␊second');
      await als.press('Enter');
      await bos.sees(/first line\n {4}second/);
      await als.sees('✓✓ delivered');
      await als.press('Up');
      await als.sees('> first line␊second');
      await als.press('C-u');
      await als.type('/OP');
      await als.press('Tab');
      await als.sees('/open');
      await als.type(bo.name.slice(0, 2));
      await als.press('Tab');
      await als.press('Enter');
      await als.sees('nothing unread');
      await als.say('/unred');
      await als.sees('Did you mean /unread');
      await als.say('/send');
      await als.sees('Usage: /send USER|#GROUP TEXT');
      await als.say('/help open');
      await als.sees('Example: /open #team');
      await als.say('//etc is a folder');
      await bos.sees(': /etc is a folder');
      await als.sees('“/etc is a folder”');
      await als.press('C-c');
      await expectScreen('keys', async () => shown(await als.sees('once more'), al, bo));
      await als.press('C-c');
      await als.sees('status 0');
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'shows any script and any sign, right to left too, and what would be obeyed by the terminal as signs',
    async () => {
      const { al, bo, als, bos } = await conversation();
      const texts = ['שלום, מה שלומך?', 'مرحبا يا صديقي', '🥗 🎉 and e\u0301 and ñ', '日本語のテキスト'];
      for (const text of texts) {
        await bos.say(text);
        await als.sees(text.slice(0, 2));
      }
      await expectScreen('scripts', async () => shown(await als.screen(), al, bo));
      const hostile = [
        '\u001b[2J\u001b]0;title\u0007 gone?',
        '\u202eevil\u2066 \u009b31m',
        `line\n12:00 ${al.name}: I never said so`,
        `${'\u00a0'.repeat(70)}12:00\u00a0${al.name}:\u00a0nor\u00a0this`,
      ];
      for (const text of hostile) await bo.run(['send', al.name, text]);
      await als.sees('this');
      await als.say('/open \u202ebo');
      await als.sees('A name consists');
      await als.say(`/open ${bo.name}\u009b2J`);
      await expectScreen('hostile', async () => shown(await als.sees(/consists[\s\S]*consists[\s\S]*>$/), al, bo));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'says on one screen what the server could do, and lists its commands',
    async () => {
      const [al] = await world.people(1);
      if (al === undefined) throw new Error('a person');
      const als = await chat(al);
      await als.say('/security');
      await expectScreen('security', async () => shown(await als.sees('More in SECURITY.md'), al));
      await als.say('/help');
      await als.sees(/\/exit .*\n>$/);
      await expectScreen('help', async () => shown(await als.screen(), al).replace(/[\s\S]*\n(?=\/help\n)/, ''));
      await als.say('/help send');
      await expectScreen('help-send', async () =>
        shown(await als.sees('Example'), al).replace(/[\s\S]*\n(?=\/help send\n)/, ''),
      );
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'finds what was said, and writes a conversation to a file',
    async () => {
      const { al, bo, als, bos } = await conversation();
      await bos.say('The key is under the MAT.');
      await als.sees('MAT');
      await als.say('Which mat?');
      await bos.sees('Which');
      await als.sees('✓✓');
      await als.say('/search mat');
      await als.sees(/search mat[\s\S]*MAT[\s\S]*Which mat/);
      await als.say('/search nowhere');
      await als.sees('Nothing on this device');
      const file = world.path(`${bo.name}.md`);
      await als.say(`/export ${file}`);
      await als.sees('2 messages with');
      await expectScreen('search', async () => {
        const screen = shown(await als.sees('keep a letter'), al, bo);
        return (screen.split('/export')[0] ?? '').trimEnd();
      });
      expect(await readFile(file, 'utf8')).toContain('under the MAT');
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'reads lines and prints lines where there is no terminal, and loses nothing at the end',
    async () => {
      const { al, bo } = await world.two();
      const input = `/open ${bo.name}\nfrom a pipe\n//slash\n/status\n/nothing\n`;
      const { status, stdout } = await al.run(['chat'], { input });
      expect(status).toBe(0);
      expect(stdout).not.toContain('\u001b');
      expectText(
        'pipe',
        shown(stdout.replace(/ […✓]+ /g, ' ✓ ').replace(/\(in the outbox\)|\(accepted\)/g, '(accepted)'), al, bo),
      );
      expect((await bo.run(['unread'])).lines).toEqual([`2 from ${al.address}`]);
    },
    SEVERAL_COMMANDS_MS,
  );
});
