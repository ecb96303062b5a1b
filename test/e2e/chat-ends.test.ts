// How a chat ends, and on what terminals it runs: whatever happens to it, nothing that was sent is lost.
import { expect, it } from 'vitest';
import { describeInTerminal, expectScreen } from './chat.fixture.ts';
import { ChatTerminal } from './chat-terminal.ts';
import { chatWorld, FROM_ENVIRONMENT } from './chat-world.ts';
import { PASSWORD } from './terminal.ts';
import { SEVERAL_COMMANDS_MS, texts } from './terminal-world.ts';

describeInTerminal('a chat ends', () => {
  const { world, chat, conversation, shown } = chatWorld();

  it(
    'at Ctrl-D on an empty line, and not while something stands on it',
    async () => {
      const { al, bo, als } = await conversation();
      await als.type('half a line');
      await als.press('C-d');
      await als.type('!');
      await als.sees(/> half a line!$/);
      await als.press('C-u');
      await als.press('C-d');
      await expectScreen('ctrl-d', async () => shown(await als.sees('status 0'), al, bo));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'at the second Ctrl-C, which keeps what has not left for the next time',
    async () => {
      const { al, bo, als, bos } = await conversation();
      await world.server.stop();
      await als.sees('outbox');
      await als.say('Typed while it was away.');
      await als.sees(/: Typed/);
      await als.type('half a line');
      await als.press('C-c');
      await als.sees(new RegExp(`^${bo.name}>$`, 'm'));
      await als.press('C-c');
      await als.sees('once more');
      await als.press('C-c');
      await als.sees('1 message waits in the outbox');
      await als.sees('status 0');
      await world.server.restart();
      await chat(al);
      await bos.sees('Typed while it was away');
      expect(await bos.screen()).not.toContain('half a line');
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'when the system asks it to, and when its terminal goes away: what was sent arrives, and the next one starts',
    async () => {
      const { al, bo } = await world.two();
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
        const running = al.start(['chat'], { staysOpen: true });
        running.type(`/open ${bo.name}`);
        running.type(`before ${signal}`);
        await running.until(({ lines }) => lines.some((line) => line.includes('nothing unread')));
        await running.until(({ lines }) => lines.some((line) => line.includes('accepted for')));
        expect([signal, (await running.end(signal)).status]).toEqual([signal, 0]);
      }
      const als = await chat(al);
      await als.say(`/send ${bo.name} before the window was closed`);
      await als.sees(/: before the window/);
      await als.type('half a line');
      await als.sees('half a line');
      await als.hangUp();
      const came = await bo.run(['listen', '--json', '--count', '4']);
      const sent = ['before SIGTERM', 'before SIGHUP', 'before SIGINT', 'before the window was closed'];
      expect(texts(came.records)).toEqual(sent);
      await (await chat(al)).sees('Nothing is unread');
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'has no colour under NO_COLOR, and neither colour nor cursor on a terminal that can do no more than print',
    async () => {
      const { al, bo } = await world.two();
      expect(await al.run(['send', bo.name, 'Hello'])).toMatchObject({ status: 0 });
      const start = (environment: Record<string, string>) =>
        ChatTerminal.start(bo.directory, { environment: { ...FROM_ENVIRONMENT, ...environment } });
      const coloured = await start({});
      await coloured.sees('1 unread');
      expect(await coloured.styled()).toContain('\u001b[1m');
      await coloured.say('/exit');
      await coloured.sees('status 0');
      const plain = await start({ NO_COLOR: '1' });
      await plain.sees('1 unread');
      await plain.say('/help');
      await plain.sees('/exit');
      expect(await plain.styled()).not.toContain('\u001b');
      await plain.say('/exit');
      await plain.sees('status 0');
      const dumb = await ChatTerminal.start(bo.directory, { environment: { TERM: 'dumb' } });
      await dumb.sees('Password for');
      await dumb.say(PASSWORD);
      await dumb.sees('1 unread');
      await dumb.say(`/open ${al.name}`);
      await dumb.sees(': Hello');
      await dumb.say('An answer.');
      await dumb.sees('accepted for');
      await dumb.press('C-d');
      await dumb.sees('status 0');
      expect(await dumb.styled()).not.toContain('\u001b');
      await expectScreen('dumb', async () =>
        shown((await dumb.screen()).replace(/^Password for the profile[\s\S]*?\n(?=You are)/, ''), al, bo),
      );
    },
    SEVERAL_COMMANDS_MS,
  );
});
