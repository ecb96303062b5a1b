// A chat in a real terminal, as a person types and sees it. The screens are text files beside this one.
import { afterAll, afterEach, expect, it } from 'vitest';
import { ServerProcess } from '../server.fixture.ts';
import { ChatTerminal, describeInTerminal, expectScreen, steady } from './chat.fixture.ts';
import { PASSWORD } from './terminal.ts';
import { type Person, SEVERAL_COMMANDS_MS, TerminalWorld } from './terminal-world.ts';

describeInTerminal('a chat', () => {
  const world = TerminalWorld.forTheseTests((options) => ServerProcess.start(options));
  const shown = (screen: string) => steady(screen, world.path(''));

  afterEach(ChatTerminal.endAll);
  afterAll(ChatTerminal.endAll);

  /** A chat of somebody who has an account, connected. */
  async function chat({ directory }: Person, environment: Record<string, string> = {}): Promise<ChatTerminal> {
    const terminal = await ChatTerminal.start(directory, {
      environment: { PARLEY_PASSWORD: PASSWORD, ...environment },
    });
    await terminal.sees('/help lists');
    return terminal;
  }

  it(
    'begins with server, account and what cannot be undone',
    async () => {
      const terminal = await ChatTerminal.start(world.path('new'));
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
      expectScreen('first-run', shown(await terminal.sees('Nothing is unread')));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'shows what is unread, and carries a conversation with what became of each message',
    async () => {
      const { al, bo } = await world.two();
      for (const text of ['Are you there?', 'Lunch at one? 🥗'])
        expect(await al.run(['send', bo.name, text])).toMatchObject({ status: 0 });
      const bos = await chat(bo);
      await bos.sees('2 unread');
      await bos.say(`/open ${al.name}`);
      await bos.sees('Lunch');
      expectScreen(
        'unread',
        shown(await bos.screen())
          .replaceAll(al.name, 'al')
          .replaceAll(bo.name, 'bo'),
      );
      const als = await chat(al);
      await als.sees('2 messages delivered');
      await als.say(`/open ${bo.name}`);
      await als.sees(`${bo.name}>`);
      await bos.say('Yes, save me a seat.');
      await als.sees('save me a seat');
      await als.say('Done.');
      await als.sees('✓✓ delivered');
      expectScreen(
        'conversation',
        shown(await als.screen())
          .replaceAll(al.name, 'al')
          .replaceAll(bo.name, 'bo'),
      );
      await als.say('/exit');
      await als.sees('status 0');
    },
    SEVERAL_COMMANDS_MS,
  );
});
