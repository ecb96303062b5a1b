// What happens in the demo: al, bo and cy on a server of their own, each at a terminal, from sign-up over what was written while somebody or the
// server was away to a group of all three. Each step waits for what it leads to on the screens of both, so that every run ends with the same ones.
import { join } from 'node:path';
import { ChatTerminal, SAFETY_NUMBER } from '../test/e2e/chat-terminal.ts';
import type { ServerProcess } from '../test/server.fixture.ts';
import { rowsOf, textOf } from './screen.ts';

const PASSWORD = 'lantern quarry biscuit';
/** Nothing that is said at a first start is broken in so many columns. */
const ALONE_COLUMNS = 94;
const BESIDE_COLUMNS = 62;
/** Three of them fit a page. */
const GROUP_COLUMNS = 54;
/** Enough for a scene: nothing scrolls away. */
const ROWS = 40;

/** One moment: the terminals of some people. `name`: of its files. */
export type Scene = { readonly name: string; readonly windows: readonly Window[] };
/** `screen`: as `ChatTerminal.styled` gives it. */
export type Window = { readonly who: string; readonly columns: number; readonly screen: string };
type People = { readonly al: ChatTerminal; readonly bo: ChatTerminal };
type Three = People & { readonly cy: ChatTerminal };

/** Yields each scene once it stands there. `folder`: for profiles. Who asks for scenes ends the terminals (`ChatTerminal.endAll`). */
export async function* scenes(folder: string, server: ServerProcess): AsyncGenerator<Scene> {
  const chat = (who: string, columns: number, environment: Readonly<Record<string, string>> = {}) =>
    ChatTerminal.start(join(folder, who, '.parley'), {
      ...{ columns, rows: ROWS },
      environment: { PARLEY_SERVER: server.url, ...environment },
    });
  const comes = async (who: string, greeting: string, columns = BESIDE_COLUMNS) => {
    const terminal = await chat(who, columns, { PARLEY_PASSWORD: PASSWORD });
    await terminal.sees(greeting);
    return terminal;
  };

  for (const who of ['al', 'bo', 'cy']) {
    const terminal = await chat(who, ALONE_COLUMNS);
    await signUp(terminal, who);
    if (who === 'al') yield { name: 'sign-up', windows: [await window(who, ALONE_COLUMNS, terminal)] };
    await leave(terminal);
  }
  const people = { al: await comes('al', 'Nothing is unread'), bo: await comes('bo', 'Nothing is unread') };
  await talk(people);
  yield sideBySide('talk', people);
  await leave(people.bo);
  await people.al.sees('bo is offline.');
  await writeToSomebodyAway(people.al);
  const again = { al: people.al, bo: await comes('bo', '2 unread') };
  await readWhatCame(again);
  await writeWithoutServer(again, server);
  yield sideBySide('away', again);
  for (const terminal of Object.values(again)) await leave(terminal);
  const joins = (who: string) => comes(who, 'Nothing is unread', GROUP_COLUMNS);
  const three = { al: await joins('al'), bo: await joins('bo'), cy: await joins('cy') };
  await talkInGroup(three);
  yield await whileTyping(three);
}

async function signUp(terminal: ChatTerminal, name: string): Promise<void> {
  await terminal.sees('Type new');
  await terminal.say('new');
  await terminal.sees('A name');
  await terminal.say(name);
  await terminal.sees('A password for');
  await terminal.say(PASSWORD);
  await terminal.sees('The same again');
  await terminal.say(PASSWORD);
  await terminal.sees('Nothing is unread');
}

async function leave(terminal: ChatTerminal): Promise<void> {
  await terminal.say('/exit');
  await terminal.sees('status 0');
}

async function talk({ al, bo }: People): Promise<void> {
  await al.say('/open bo');
  await al.sees('bo>');
  await al.say('Hello Bo! This server is ours.');
  await al.sees('✓✓ delivered to bo: “Hello');
  await bo.sees('1 unread from al');
  await bo.say('/open al');
  await al.sees('✓✓✓ read by bo: “Hello');
  await bo.say('And who can read this? 🤔');
  await bo.sees('✓✓✓ read by al: “And');
  await al.sees('bo: And who');
  await al.say('You and I. The server sees sealed bytes.');
  await al.sees('✓✓✓ read by bo: “You');
  await bo.sees('al: You and I');
  await al.say('/verify');
  const [number = 'a safety number'] = (await al.sees('bo (verified)>')).match(SAFETY_NUMBER) ?? [];
  await bo.say('/verify');
  await bo.sees(number);
  await bo.sees('al (verified)>');
  await bo.say('שלום · مرحبا · 日本語 🎉');
  await bo.sees('✓✓✓ read by al: “שלום');
  await al.sees('bo: שלום');
}

async function writeToSomebodyAway(al: ChatTerminal): Promise<void> {
  await al.press('C-l');
  await al.say('Are you still there?');
  await al.sees('✓ accepted for bo: “Are');
  await al.say('Lunch at one? 🥗');
  await al.sees('✓ accepted for bo: “Lunch');
  await al.say('/status');
  await al.sees(/\(accepted\)[\s\S]*\(accepted\)/);
}

async function readWhatCame({ al, bo }: People): Promise<void> {
  await al.sees('bo is online.');
  await bo.say('/open al');
  await bo.sees('al: Lunch at one');
  await al.sees('✓✓✓ 2 messages read by bo');
  await bo.say('Yes, save me a seat.');
  await bo.sees('✓✓✓ read by al: “Yes');
  await al.sees('bo: Yes, save me a seat');
}

async function writeWithoutServer({ al, bo }: People, server: ServerProcess): Promise<void> {
  await server.kill();
  for (const who of [al, bo]) await who.sees('is lost');
  await al.say('Written while the server was away.');
  await al.sees('al: Written while');
  await server.restart();
  await al.sees('✓✓✓ read by bo: “Written');
  await bo.sees('al: Written while');
  await bo.say('/search seat');
  await bo.sees('to al@localhost: Yes');
}

async function talkInGroup({ al, bo, cy }: Three): Promise<void> {
  await al.say('/creategrp team bo cy');
  await al.sees('To write there');
  for (const who of [bo, cy]) await who.sees('al added you to #team');
  for (const who of [al, bo, cy]) {
    await who.say('/open #team');
    await who.sees('#team, nothing unread');
  }
  await al.say('Lunch, all?');
  await al.sees('✓✓✓ read by 2 of 2 in #team: “Lunch');
  for (const who of [bo, cy]) await who.sees('al: Lunch');
  await bo.say('Yes! I bring 🥗');
  await bo.sees('✓✓✓ read by 2 of 2 in #team: “Yes');
  for (const who of [al, cy]) await who.sees('bo: Yes');
  await bo.say('/members');
  await bo.sees('cy@localhost (online)');
}

/** Others see for some seconds that somebody types: on a slow machine these may be over before both screens are there, so cy goes on with it. */
async function whileTyping(three: Three): Promise<Scene> {
  const { cy } = three;
  for (await cy.type('And I the bre'); ; await cy.press('BSpace')) {
    await cy.sees(/And I the bre$/);
    const scene = await sideBySide('group', three, GROUP_COLUMNS);
    const seen = ({ screen }: Window) =>
      rowsOf(screen, GROUP_COLUMNS).some((row) => textOf(row).startsWith('#team (cy typing…)>'));
    if (scene.windows.filter(seen).length === 2) return scene;
    await cy.type('a');
    await cy.sees('And I the brea');
  }
}

async function window(who: string, columns: number, terminal: ChatTerminal): Promise<Window> {
  return { who, columns, screen: await terminal.styled() };
}

async function sideBySide(name: string, people: People | Three, columns = BESIDE_COLUMNS): Promise<Scene> {
  const windows = Object.entries(people).map(([who, terminal]) => window(who, columns, terminal));
  return { name, windows: await Promise.all(windows) };
}
