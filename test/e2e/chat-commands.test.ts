// The commands of a chat that the other tests of it do not come by, as a person types and sees them.
import { expect, it } from 'vitest';
import { describeInTerminal, expectScreen, expectText } from './chat.fixture.ts';
import { ChatTerminal } from './chat-terminal.ts';
import { chatWorld } from './chat-world.ts';
import { PASSWORD } from './terminal.ts';
import { type Person, refused, SEVERAL_COMMANDS_MS } from './terminal-world.ts';

describeInTerminal('commands of a chat', () => {
  const { world, chat, conversation, shown } = chatWorld();

  /** A chat that asks for the password, as it does where no variable has it. */
  async function asked({ directory }: Person): Promise<ChatTerminal> {
    const terminal = await ChatTerminal.start(directory);
    await terminal.sees('Password for the profile');
    await terminal.say(PASSWORD);
    await terminal.sees('Nothing is unread');
    return terminal;
  }

  it(
    'block and hear somebody again, and take a mark back',
    async () => {
      const { al, bo, als, bos } = await conversation();
      await als.say('/block');
      await als.sees('(blocked)>');
      await bos.say('Do you hear me?');
      await bos.sees('accepted for');
      await als.say('Not now.');
      await als.sees(/unblock[\s\S]*> Not now/);
      await als.press('C-c');
      await als.say('/unblock');
      await als.sees(/not blocked any more[\s\S]*>$/);
      await bos.say('And now?');
      await als.sees('And now?');
      await als.say('/verify');
      await als.sees('(verified)>');
      await als.say(`/unverify ${bo.address}`);
      const screen = await als.sees(/is not verified any more[\s\S]*\n\S+>$/);
      expect(screen).not.toContain('Do you hear me');
      await expectScreen('block', async () => shown(await als.screen(), al, bo));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'list conversations, show what was said, leave one, and open the latest that is unread',
    async () => {
      const [al, bo, cy] = await world.people(3);
      if (al === undefined || bo === undefined || cy === undefined) throw new Error('three people');
      const als = await chat(al);
      await als.say('/conversations');
      await als.sees('There is none yet');
      for (const [from, text] of [
        [bo, 'From bo.'],
        [cy, 'From cy.'],
        [cy, 'Again.'],
      ] as const) {
        expect(await from.run(['send', al.name, text])).toMatchObject({ status: 0 });
      }
      await als.sees(/2 unread from cy/);
      await als.say('/conversations');
      await als.sees(/cy\d+, 2 unread\n>$/);
      await als.say('/open');
      await als.sees(/Again[\s\S]*>$/);
      await als.say('/history 1');
      await als.sees(/Again[\s\S]*history 1[\s\S]*Again/);
      await als.say('/history none');
      await als.sees(/Usage: \/history[\s\S]*>$/);
      await als.say('/close');
      await als.sees('is closed');
      await als.say('/close');
      await als.sees('No conversation is open.');
      await als.say('To nobody.');
      await als.sees(/\/open USER first[\s\S]*> To nobody\.$/);
      await als.press('C-c');
      await als.say('/open');
      await als.sees(/From bo[\s\S]*>$/);
      await als.say('/open');
      await expectScreen('conversations', async () => {
        const screen = shown(await als.sees('give a name'), al, bo, cy);
        return screen.slice(screen.indexOf('/conversations'));
      });
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'sign a device out and delete an account, if it is meant',
    async () => {
      const { al, bo } = await world.two();
      const als = await asked(al);
      await als.say('/signout');
      await als.sees('Type yes');
      await als.say('no');
      await als.sees(/Nothing was done[\s\S]*>$/);
      await als.say('/signout');
      await als.sees(/Type yes[\s\S]*Type yes/);
      await als.say('yes');
      await als.sees('Password of');
      await als.say('not the password');
      // The next one is for the same question, and no message.
      await als.sees(/Wrong name or password.*\nPassword of.*:$/);
      await als.say(PASSWORD);
      await expectScreen('signout', async () => withoutUnlocking(shown(await als.sees('status 0'), al, bo)));
      expect(await al.run(['history', bo.name])).toMatchObject(refused(/no profile/));
      const bos = await asked(bo);
      await bos.say('/deleteaccount');
      await bos.sees('Type yes');
      await bos.type(`yes\r${PASSWORD}\r`);
      await expectScreen('deleteaccount', async () => withoutUnlocking(shown(await bos.sees('status 0'), al, bo)));
      expect(await bo.run(['history', al.name])).toMatchObject(refused(/no profile/));
      expect(await bo.run(['login', bo.name])).toMatchObject({ status: 1 });
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'that there are not are told with what may have been meant, and what is missing with how it is typed',
    async () => {
      const { al, bo } = await world.two();
      const input = [
        ...['/opne', '/hist', '/x', '/', '/un', '/OPEN', `/open ${bo.name} ${bo.name}`, '/open nobody', '/open a b@c'],
        ...['/exit now', '/block', `/block ${al.name}`, '/history 0', '/export', '/search', '/revoke', '/revoke zz'],
        ...['/help nothing', '/trust bo@elsewhere', `/trust ${bo.name}`, '/status', '/export x.md', ' /open', '\t', ''],
      ];
      const { status, stdout, stderr } = await al.run(['chat'], { input: `${input.join('\n')}\n` });
      expect(stderr).toBe('');
      expect(status).toBe(0);
      // Which stands wherever the server's answer comes in between.
      expectText('slips', shown(stdout.replace(/^Nothing is unread\.\n/m, ''), al, bo));
    },
    SEVERAL_COMMANDS_MS,
  );
});

/** The path of a profile is as long as the machine's folder for such. */
function withoutUnlocking(screen: string): string {
  return screen.replace(/^Password for the profile[\s\S]*?\n(?=You are)/, '');
}
