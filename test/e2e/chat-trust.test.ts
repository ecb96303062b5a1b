// Whom a chat trusts, as a person sees it: devices that come and go, passwords, an identity that is another one.
import { expect, it, onTestFinished } from 'vitest';
import { ServerDouble } from '../../clients/sdk/test/server-double.ts';
import { describeInTerminal, expectScreen } from './chat.fixture.ts';
import { ChatTerminal } from './chat-terminal.ts';
import { chatWorld, FROM_ENVIRONMENT } from './chat-world.ts';
import { PASSWORD } from './terminal.ts';
import { SEVERAL_COMMANDS_MS } from './terminal-world.ts';

describeInTerminal('trust in a chat', () => {
  const { world, conversation, shown } = chatWorld();

  it(
    'shows a second device to both, gives it what is written, and takes it out again',
    async () => {
      const { al, bo, als, bos } = await conversation();
      const second = await ChatTerminal.start(world.path('second'), {
        columns: 120,
        environment: { PARLEY_SERVER: world.server.url },
      });
      await second.sees('Type new');
      await second.say('have');
      await second.sees('Its name');
      await second.say(al.name);
      await second.sees('Password of');
      await second.say(PASSWORD);
      await second.sees('Nothing is unread');
      await als.sees('A new device of your account');
      await als.say('To both of me.');
      await bos.sees('To both of me');
      await second.sees('✓✓ delivered');
      await second.say(`/open ${bo.name}`);
      await second.sees(/✓✓ al\d+: To both of me/);
      await expectScreen('second-device', async () => shown(await second.screen(), al, bo));
      await bos.sees('A new device of');
      await als.sees('✓✓ delivered');
      // Its name comes in a message of its own, which no chat tells of.
      const names = async () => (await al.run(['devices', '--json'])).records.map(({ name }) => name);
      await expect.poll(names).toContain('phone');
      await als.say('/devices');
      const devices = await als.sees(/since[\s\S]*since[\s\S]*too early\.\n\S+>$/);
      const other = devices.split('\n').findLast((line) => /since/.test(line)) ?? '';
      await als.say(`/revoke ${other.slice(0, 8)}`);
      // What the command says of itself, and what the log says: they come over two connections, in whichever order.
      await als.sees('is revoked.');
      await als.sees('A device of your account was revoked.');
      await expectScreen('revocation', async () =>
        shown(await als.screen(), al, bo)
          .replace(/^DATE TIME A device of your account was revoked\.\n/m, '')
          .replace(/\/revoke \S+/, '/revoke DEVICE'),
      );
      await expectScreen('revoked', async () => shown(await second.sees('status 1'), al, bo));
      const { status, stderr } = await world.terminal('second').run(['history', bo.name]);
      expect([status, stderr]).toEqual([1, expect.stringContaining('no profile')]);
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'asks for passwords where the line stood, shows nothing of them, and nothing else while they are typed',
    async () => {
      const { al, bo } = await world.two();
      const als = await ChatTerminal.start(al.directory);
      await als.sees('Password for the profile');
      await als.say(PASSWORD);
      await als.sees('Nothing is unread');
      await als.say(`/open ${bo.name}`);
      await als.sees(`${bo.name}>`);
      await als.say('/password');
      await als.sees(`Password of ${al.address}`);
      expect(await bo.run(['send', al.name, 'said while a password was typed'])).toMatchObject({ status: 0 });
      await als.say(PASSWORD);
      await als.sees('New password for');
      await als.say('weak');
      // What a person types once more is no message.
      await als.sees(/too short[\s\S]*New password for[^\n]*:$/);
      await als.press('C-c');
      await als.sees(/said while[\s\S]*>$/);
      await als.type('the line is there');
      await als.sees('> the line is there');
      await als.press('C-c');
      await als.say('/password');
      await als.sees(/Password of[\s\S]*Password of/);
      const fresh = 'seven otters at dusk';
      await als.type(`${PASSWORD}\r${fresh}\r${fresh}\r`);
      const screen = await als.sees('The password is changed');
      for (const word of [PASSWORD, fresh, 'weak']) expect(screen).not.toContain(word);
      await expectScreen('password', async () =>
        shown((await als.screen()).replace(/^Password for the profile.*\n/, ''), al, bo),
      );
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'sends nothing to a changed identity before it was answered, and shows who is verified',
    async () => {
      // The second one has another bo: what a server would show that replaced him.
      const [double, other] = [await ServerDouble.start(), await ServerDouble.start()];
      onTestFinished(() => double.stop());
      onTestFinished(() => other.stop());
      const al = world.terminal('al-changed', double.url);
      for (const signUp of [
        al.run(['signup', 'al']),
        world.terminal('bo-before', double.url).run(['signup', 'bo']),
        world.terminal('bo-after', other.url).run(['signup', 'bo']),
      ]) {
        expect(await signUp).toMatchObject({ status: 0 });
      }
      const als = await ChatTerminal.start(al.directory, { environment: FROM_ENVIRONMENT });
      await als.sees('unread');
      await als.say('/open bo');
      await als.sees('bo>');
      await als.say('/verify');
      await als.sees('bo (verified)>');
      await expectScreen('verified', async () => shown(await als.screen()));
      double.lies.log = (address, log) => (address === 'bo@localhost' ? other.accounts.log(address) : log);
      await als.say('/safety');
      await als.sees('has changed');
      await als.sees('bo (IDENTITY CHANGED)>');
      const before = double.sends.length;
      await als.say('a secret');
      await als.sees(/Nothing was sent[\s\S]*> a secret/);
      expect(double.sends).toHaveLength(before);
      await expectScreen('changed-identity', async () => shown(await als.screen()));
      await als.press('C-c');
      await als.say('/trust');
      await als.sees('Type yes if it is the one that you have compared:');
      await als.say('yes');
      await als.sees('is accepted, with the number');
      await als.sees(/^bo>$/m);
    },
    SEVERAL_COMMANDS_MS,
  );
});
