// People on one server who sit in front of chats in real terminals (chat.test.ts, chat-trust.test.ts).
import { afterAll, afterEach } from 'vitest';
import type { Start } from '../modes.fixture.ts';
import { ServerProcess } from '../server.fixture.ts';
import { ChatTerminal, steady } from './chat-terminal.ts';
import { PASSWORD } from './terminal.ts';
import { type Person, TerminalWorld } from './terminal-world.ts';

/** What a terminal is given by its environment: nobody is asked. */
export const FROM_ENVIRONMENT = { PARLEY_PASSWORD: PASSWORD };

/** Whose name counts the tests, so that nobody else has it. */
type Named = Pick<Person, 'name'>;

/** Registers the hooks that end what a test began, and returns what it stands on: one process as a server, unless another `start` is given. */
export function chatWorld(start: Start = (options) => ServerProcess.start(options)) {
  const world = TerminalWorld.forTheseTests(start);

  afterEach(ChatTerminal.endAll);
  afterAll(ChatTerminal.endAll);

  /** A chat of somebody who has an account, connected. */
  async function chat({ directory }: Person, size: { columns?: number; rows?: number } = {}): Promise<ChatTerminal> {
    const terminal = await ChatTerminal.start(directory, { environment: FROM_ENVIRONMENT, ...size });
    await terminal.sees(/unread/);
    return terminal;
  }

  /** Both in a conversation with each other. Nothing is told of reading: when that comes is no matter of what they test. */
  async function conversation(size?: { columns: number; rows: number }) {
    const { al, bo } = await world.two();
    await bo.run(['receipts', 'off']);
    const als = await chat(al, size);
    const bos = await chat(bo);
    await als.say(`/open ${bo.name}`);
    await als.sees(`${bo.name}> `.trim());
    await bos.say(`/open ${al.name}`);
    await bos.sees(`${al.name}> `.trim());
    return { al, bo, als, bos };
  }

  /** The screen with what differs from run to run masked, and names that do not count the tests. */
  function masked(screen: string, ...people: readonly Named[]): string {
    const same = steady(screen, world.path(''));
    return people.reduce((text, { name }) => text.replaceAll(name, name.replace(/\d+$/, '')), same).trimEnd();
  }

  /**
   * The same without what comes sooner or later than the rest of it: a slow machine says accepted ahead of delivered, a fast one at once with it; and who
   * comes, goes or types is told by signals, which wait for nothing.
   */
  function shown(screen: string, ...people: readonly Named[]): string {
    const unhurried = screen
      .replace(/^ {2}✓ (?:\d+ messages )?accepted for .*\n?/gm, '')
      .replace(/^ {2}\S+ is (?:online|offline)\.\n?/gm, '')
      .replace(/ \([^()\n]*typing…\)/g, '');
    return masked(unhurried, ...people);
  }

  return { world, chat, conversation, shown, masked };
}
