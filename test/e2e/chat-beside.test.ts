// A chat beside another process on the same profile.
import { expect, it } from 'vitest';
import { describeInTerminal } from './chat.fixture.ts';
import { chatWorld } from './chat-world.ts';
import { SEVERAL_COMMANDS_MS } from './terminal-world.ts';

describeInTerminal('a chat beside `listen`', () => {
  const { conversation } = chatWorld();

  it(
    'shows all that comes to its open conversation though `listen` prints it, and says why it cannot start beside it',
    async () => {
      const { al, bo, als, bos } = await conversation();
      const listener = al.start(['listen', '--json']);
      await listener.until(({ stderr }) => stderr.includes('Another listen'));
      const sent = Array.from({ length: 40 }, (_, i) => `number ${i + 1} of 40.`);
      for (const text of sent) await bos.say(text);
      await als.sees('number 40 of 40.');
      const seen = (await als.scrolled()).match(/number \d+ of 40\./g);
      expect(seen).toEqual(sent);
      await als.say('/exit');
      await als.sees('status 0');
      expect(await bo.run(['send', al.name, 'for the listener'])).toMatchObject({ status: 0 });
      await listener.until(({ lines }) => lines.some((line) => line.includes('for the listener')));
      const second = await al.run(['chat'], { input: '' });
      expect([second.status, second.stderr, second.stdout]).toEqual([
        1,
        expect.stringMatching(/already\. End it first\.$/m),
        '',
      ]);
      await listener.end('SIGINT');
    },
    SEVERAL_COMMANDS_MS,
  );
});
