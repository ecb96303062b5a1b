// Looking at what this device has: what is unread, and a conversation so far.
import type { Command } from 'commander';
import { type Client, Refusal } from '../../sdk/index.ts';
import { type App, withClient } from '../app.ts';
import { countFrom1, person, secondsOption } from '../arguments.ts';
import { Ended, EXIT, endOf } from '../exit.ts';
import { messageLine, stateOf } from '../lines.ts';
import { withSession } from '../session.ts';
import { type Define, example } from './define.ts';

const UNREAD_TIMEOUT_MS = 60_000;
const HISTORY_LINES = 50;
const ALL_LINES = Number.POSITIVE_INFINITY;
const PAGE_LINES = 200;

export const unreadCommand: Define = (program, run) =>
  program
    .command('unread')
    .description('fetch what came meanwhile; count what is unread, by conversation and sender')
    .addOption(secondsOption('--timeout <S>', 'seconds to wait for what the server has (status 3)', UNREAD_TIMEOUT_MS))
    .addHelpText('after', example('unread'))
    .action((options: { timeout: number }, command: Command) => run(command, (app) => unread(app, options.timeout)));

export const historyCommand: Define = (program, run) =>
  program
    .command('history')
    .description('show a conversation, as this device has it; then it counts as read')
    .argument('<CONVERSATION>', 'the name or name@domain of whom it is with', person)
    .option(
      '--limit <N>',
      `so many of its last messages (default: ${HISTORY_LINES}), after what came late further up and is unread`,
      countFrom1,
    )
    .option('--all', 'all of it')
    .addHelpText('after', example('history bo --limit 20'))
    .action((conversation: string, options: { limit?: number; all?: boolean }, command: Command) =>
      run(command, (app) =>
        history(app, conversation, options.all === true ? ALL_LINES : (options.limit ?? HISTORY_LINES)),
      ),
    );

function unread(app: App, timeoutMs: number): Promise<void> {
  return withClient(app, async (client) => {
    let failure: unknown;
    try {
      await fetched(client, timeoutMs);
    } catch (error) {
      // Who receives already has it all.
      if (!(error instanceof Refusal) || error.reason !== 'receiver_elsewhere') failure = error;
    }
    await showUnread(app, client);
    if (failure === undefined) return;
    const { status, sentence } = endOf(failure);
    throw new Ended(status, sentence === '' ? '' : `${sentence} This is what had come before.`);
  });
}

/** Resolves when all that the server has kept is committed here. */
async function fetched(client: Client, timeoutMs: number): Promise<void> {
  const synced = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => synced.reject(new Ended(EXIT.timeout, 'There is more to come: it took too long.')),
    timeoutMs,
  );
  const stop = client.on(({ type }) => {
    if (type === 'synced') synced.resolve();
  });
  try {
    await withSession(client, true, () => synced.promise);
  } finally {
    stop();
    clearTimeout(timer);
  }
}

async function showUnread({ output }: App, client: Client): Promise<void> {
  let total = 0;
  for (const { conversation, unread: counts } of await client.history.conversations()) {
    for (const [from, count] of Object.entries(counts)) {
      total += count;
      const where = from === conversation ? '' : ` in ${conversation}`;
      output.show({ type: 'unread', conversation, from, count }, `${count} from ${from}${where}`);
    }
  }
  if (total === 0) output.say('Nothing is unread.');
}

function history(app: App, typed: string, limit: number): Promise<void> {
  return withClient(app, async (client) => {
    const conversation = client.resolve(typed);
    const { address } = client.account;
    const shown: number[] = [];
    for await (const entry of entries(client, conversation, limit)) {
      const { record, text, style } = messageLine(entry, address);
      const state = stateOf(entry);
      app.output.show(
        { ...record, ...(state === undefined ? {} : { state }) },
        state === undefined ? text : `${text}  (${state})`,
        style,
      );
      shown.push(entry.position);
    }
    if (shown.length > 0) await client.history.markRead(conversation, shown);
    else app.output.note(`There is no message with ${conversation} on this device.`);
  });
}

/** What a person is shown, oldest first: the last `limit` entries, after all that came late further up and is unread. */
export async function* entries(client: Pick<Client, 'history'>, conversation: string, limit: number) {
  const start = limit === ALL_LINES ? 0 : await startOf(client, conversation, limit);
  for (const entry of await client.history.late(conversation)) if (entry.position <= start) yield entry;
  for (let after = start; ; ) {
    const page = await client.history.after(conversation, PAGE_LINES, after);
    yield* page;
    const end = page.at(-1);
    if (end === undefined) return;
    after = end.position;
  }
}

/** The position after which the last `limit` entries lie, found a page at a time. */
async function startOf(client: Pick<Client, 'history'>, conversation: string, limit: number): Promise<number> {
  let before: number | undefined;
  for (let left = limit; ; ) {
    const page = await client.history.before(conversation, Math.min(PAGE_LINES, left + 1), before);
    const [oldest] = page;
    if (oldest === undefined) return 0;
    if (page.length > left) return oldest.position;
    left -= page.length;
    before = oldest.position;
  }
}
