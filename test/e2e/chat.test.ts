// A chat in a real terminal, as a person types and sees it. The screens are text files beside this one.
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, expect, it, onTestFinished } from 'vitest';
import { ServerDouble } from '../../clients/sdk/test/server-double.ts';
import { ServerProcess } from '../server.fixture.ts';
import { ChatTerminal, describeInTerminal, expectScreen, steady } from './chat.fixture.ts';
import { PASSWORD } from './terminal.ts';
import { type Person, SEVERAL_COMMANDS_MS, TerminalWorld } from './terminal-world.ts';

const FROM_ENVIRONMENT = { PARLEY_PASSWORD: PASSWORD };

describeInTerminal('a chat', () => {
  const world = TerminalWorld.forTheseTests((options) => ServerProcess.start(options));

  afterEach(ChatTerminal.endAll);
  afterAll(ChatTerminal.endAll);

  /** A chat of somebody who has an account, connected. */
  async function chat({ directory }: Person, size: { columns?: number; rows?: number } = {}): Promise<ChatTerminal> {
    const terminal = await ChatTerminal.start(directory, { environment: FROM_ENVIRONMENT, ...size });
    await terminal.sees(/unread/);
    return terminal;
  }

  /** Both in a conversation with each other. */
  async function conversation(size?: { columns: number; rows: number }) {
    const { al, bo } = await world.two();
    const als = await chat(al, size);
    const bos = await chat(bo);
    await als.say(`/open ${bo.name}`);
    await als.sees(`${bo.name}> `.trim());
    await bos.say(`/open ${al.name}`);
    await bos.sees(`${al.name}> `.trim());
    return { al, bo, als, bos };
  }

  /** The screen with names that do not count the tests; a slow machine says accepted ahead of delivered, a fast one at once with it. */
  function shown(screen: string, ...people: readonly Person[]): string {
    const same = steady(screen, world.path('')).replace(/^ {2}✓ (?:\d+ messages )?accepted for .*\n?/gm, '');
    return people.reduce((text, { name }) => text.replaceAll(name, name.replace(/\d+$/, '')), same).trimEnd();
  }

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
      expectScreen('first-run', shown(await terminal.sees('Nothing is unread')));
    },
    SEVERAL_COMMANDS_MS,
  );

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
      expectScreen('unread', shown(await bos.sees(/Lunch[\s\S]*>$/), al, bo));
      const als = await chat(al);
      await als.sees('2 messages delivered');
      await als.say(`/open ${bo.name}`);
      await als.sees(`${bo.name}>`);
      await bos.say('Yes, save me a seat.');
      await als.sees('save me a seat');
      await als.say('Done.');
      await als.sees('✓✓ delivered');
      await als.say('/status');
      expectScreen('conversation', shown(await als.sees(/\(delivered\)[\s\S]*\(delivered\)[\s\S]*Done/), al, bo));
      await als.say('/exit');
      await als.sees('status 0');
    },
    SEVERAL_COMMANDS_MS,
  );

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
      expectScreen('second-device', shown(await second.screen(), al, bo));
      await bos.sees('A new device of');
      await als.sees('✓✓ delivered');
      await als.say('/devices');
      const devices = await als.sees(/\(this one\)[\s\S]*since[\s\S]*>$/);
      const other = devices.split('\n').find((line) => /since/.test(line) && !/this one/.test(line)) ?? '';
      await als.say(`/revoke ${other.slice(0, 8)}`);
      await als.sees('is revoked');
      expectScreen('revocation', shown(await als.screen(), al, bo).replace(/\/revoke \S+/, '/revoke DEVICE'));
      await second.sees('Type yes');
      await second.say('yes');
      expectScreen('revoked', shown(await second.sees('status 1'), al, bo));
      const { status, stderr } = await world.terminal('second').run(['history', bo.name]);
      expect([status, stderr]).toEqual([1, expect.stringContaining('no profile')]);
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
      expectScreen('away-and-back', shown(await als.sees('✓✓ delivered'), al, bo));
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
      expectScreen('typing', shown(await als.sees('goes on'), al, bo));
      await als.resize(60, 16);
      await bos.say('wider');
      await als.sees('wider');
      await als.resize(34, 16);
      await bos.say('narrower');
      expectScreen('resize', shown(await als.sees('narrower'), al, bo));
      await als.press('Enter');
      await bos.sees(`${half}, and goes on`.slice(0, 40));
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'has keys as a shell has them, and helps who slips',
    async () => {
      const { al, bo, als, bos } = await conversation();
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
      await als.sees('Usage: /send USER TEXT');
      await als.say('/help open');
      await als.sees('Example: /open bo');
      await als.say('//etc is a folder');
      await bos.sees(': /etc is a folder');
      await als.sees('“/etc is a folder”');
      await als.press('C-c');
      expectScreen('keys', shown(await als.sees('once more'), al, bo));
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
      expectScreen('scripts', shown(await als.screen(), al, bo));
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
      expectScreen('hostile', shown(await als.sees(/consists[\s\S]*consists[\s\S]*>$/), al, bo));
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
      expectScreen('password', shown(screen.replace(/^Password for the profile.*\n/, ''), al, bo));
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
      expectScreen('security', shown(await als.sees('More in SECURITY.md'), al));
      await als.resize(80, 32);
      await als.say('/help');
      await als.sees('/exit  ');
      expectScreen('help', shown(await als.screen(), al).replace(/[\s\S]*\n(?=\/help\n)/, ''));
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
      const screen = shown(await als.sees('keep a letter'), al, bo).split('/export')[0] ?? '';
      expectScreen('search', screen.trimEnd());
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
      expectScreen(
        'pipe',
        shown(stdout.replace(/ […✓]+ /g, ' ✓ ').replace(/\(in the outbox\)|\(accepted\)/g, '(accepted)'), al, bo),
      );
      expect((await bo.run(['unread'])).lines).toEqual([`2 from ${al.address}`]);
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
      expectScreen('verified', shown(await als.screen()));
      double.lies.log = (address, log) => (address === 'bo@localhost' ? other.accounts.log(address) : log);
      await als.say('/safety');
      await als.sees('has changed');
      await als.sees('bo (IDENTITY CHANGED)>');
      const before = double.sends.length;
      await als.say('a secret');
      await als.sees(/Nothing was sent[\s\S]*> a secret/);
      expect(double.sends).toHaveLength(before);
      expectScreen('changed-identity', shown(await als.screen()));
      await als.press('C-c');
      await als.say('/trust');
      await als.sees('is accepted, with the number');
      await als.sees(/^bo>$/m);
    },
    SEVERAL_COMMANDS_MS,
  );
});
