// Who is there, as people at chats see it: who comes and goes, who types, when somebody was last, and who does not want to be seen.
import { it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { describeInTerminal, expectScreen } from './chat.fixture.ts';
import { chatWorld } from './chat-world.ts';
import { SEVERAL_COMMANDS_MS } from './terminal-world.ts';

describeInBothModes((start) => {
  describeInTerminal('people in a conversation', () => {
    const { chat, conversation, masked } = chatWorld(start);

    it(
      'see each other type, come and go, and are seen only if they like',
      async () => {
        const { al, bo, als, bos } = await conversation();
        await bos.type('I am on my w');
        await als.sees(/^bo\d+ \(typing…\)>$/m);
        await bos.say('ay.');
        await als.sees(/on my way\.\nbo\d+>$/);
        await als.say('/who');
        await als.sees(/ bo\d+, online\n/);
        await bos.say('/exit');
        await als.sees('is offline.');
        await als.say('/who');
        await als.sees('Nobody that you know is online');
        await als.say('/users');
        await als.sees(/ bo\d+, last seen \d/);
        const again = await chat(bo);
        await als.sees('is online.');
        await again.say('/presence off');
        await again.sees('You cannot be seen');
        await expectScreen('presence', async () => masked(await als.sees(/is online\.[\s\S]*is offline\./), al, bo));
        await again.say('/presence');
        await again.sees(/\/presence\nYou cannot be seen/);
        await again.say('/presence on');
        await als.sees(/is online\.[\s\S]*is offline\.[\s\S]*is online\./);
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
