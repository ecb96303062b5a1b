// What the other tests of the chat do not type: its commands about conversations, about people, and for leaving for ever.
import { expect, it } from 'vitest';
import { describeInTerminal, expectScreen } from './chat.fixture.ts';
import { chatWorld } from './chat-world.ts';
import { refused, SEVERAL_COMMANDS_MS } from './terminal-world.ts';

describeInTerminal('commands of a chat', () => {
  const { world, chat, conversation, shown } = chatWorld();

  it(
    'counts, lists and shows conversations again, whether one is open or none',
    async () => {
      const { al, bo } = await world.two();
      const als = await chat(al);
      const bos = await chat(bo);
      await bos.say(`/send ${al.name} Said without opening anything.`);
      await als.sees('1 unread from');
      await als.say('/unread');
      await als.sees(/\/unread\n1 from/);
      await als.say('/conversations');
      await als.sees(`${bo.name}, 1 unread`);
      await als.say('/open');
      await als.sees(`${bo.name}>`);
      await als.say('/history 1');
      await als.sees(/\/history 1\n.*Said without/);
      await als.say('/close');
      await als.sees(`with ${bo.address} is closed`);
      await als.say('Is anybody there?');
      await als.sees(/No conversation is open[\s\S]*> Is anybody there\?$/);
      await als.press('C-c');
      await als.say(`/open ${bo.name}`);
      expectScreen('conversations', shown(await als.sees(/nothing unread\n.*Said without.*\n.*>$/), al, bo));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'shows nothing of somebody blocked, and forgets that a number was compared',
    async () => {
      const { bo, als, bos } = await conversation();
      await als.say('/verify');
      await als.sees(`${bo.name} (verified)>`);
      await als.say('/unverify');
      await als.sees('is not verified any more');
      await als.say('/block');
      await als.sees(`${bo.name} (blocked)>`);
      await als.say('Do you hear me?');
      await als.sees(/Nothing was sent[\s\S]*\/unblock/);
      await als.press('C-c');
      await bos.say('Said to somebody who does not listen.');
      await bos.sees('✓ accepted for');
      await als.say('/unblock');
      await als.sees('is not blocked any more');
      await bos.say('And now?');
      expect(await als.sees('And now?')).not.toContain('does not listen');
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'erases the device at the sign-out, and the account at its deletion, once that is meant',
    async () => {
      const { al, bo } = await world.two();
      const [als, bos] = [await chat(al), await chat(bo)];
      await als.say('/signout');
      await als.sees('Type yes');
      await als.say('no');
      await als.sees(/Type yes.*no[\s\S]*>$/);
      await als.say('/signout');
      await als.sees(/Type yes[\s\S]*Type yes/);
      await als.say('yes');
      await als.sees('status 0');
      expectScreen('signed-out', shown(await als.screen(), al, bo));
      expect(await al.run(['unread'])).toMatchObject(refused(/no profile/));
      await bos.say('/deleteaccount');
      await bos.sees('Type yes');
      await bos.say('yes');
      await bos.sees('status 0');
      expectScreen('deleted', shown(await bos.screen(), al, bo));
      expect(await world.terminal('again').run(['signup', bo.address])).toMatchObject(refused(/name is taken/));
    },
    SEVERAL_COMMANDS_MS,
  );
});
