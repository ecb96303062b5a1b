// The commands that show what this device has: what is unread, and a conversation so far.
import type { Command } from 'commander';
import { type Client, Refusal } from '../../sdk/index.ts';
import { ALL_LINES, entries, showUnread } from '../actions/reading.ts';
import { type App, withClient } from '../app.ts';
import { conversation as conversationArgument, countFrom1, secondsOption } from '../arguments.ts';
import { Ended, EXIT, endOf } from '../exit.ts';
import { historyLine } from '../lines.ts';
import { conversationOf, withOrIn } from '../names.ts';
import { withSession } from '../session.ts';
import { type Define, example, WITH_WHOM } from './define.ts';

const UNREAD_TIMEOUT_MS = 60_000;
const HISTORY_LINES = 50;

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
    .argument('<CONVERSATION>', WITH_WHOM, conversationArgument)
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

function history(app: App, typed: string, limit: number): Promise<void> {
  return withClient(app, async (client) => {
    const conversation = conversationOf(client, typed);
    const { address } = client.account;
    const shown: number[] = [];
    for await (const entry of entries(client, conversation, limit)) {
      const { record, text, style } = historyLine(entry, address);
      app.output.show(record, text, style);
      shown.push(entry.position);
    }
    if (shown.length > 0) await client.read(conversation, shown);
    else app.output.note(`There is no message ${withOrIn(conversation)} on this device.`);
  });
}
