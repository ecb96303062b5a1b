// The life of a server process: start, wait for a signal, drain, end. Whatever stops it is one sentence on stderr; what should not
// happen leaves its stack in the log, in a line before it.
import { RequestError, Unavailable } from '#protocol/errors.ts';
import { visibleInLines } from '#protocol/visible.ts';
import { ConfigError, HelpShown } from './config.ts';
import { makeLog } from './log.ts';
import { StartError } from './start-error.ts';

/** Exit statuses. 0: ended as asked. */
const CANNOT_GO_ON = 1;
export const WRONG_SETTING = 2;
/** A second signal that comes later than this is a second wish. */
const AGAIN_AFTER_MS = 1_000;
/** A start that is not through by then has nothing that must be drained: it may wait for a broker for ever. */
const START_PATIENCE_MS = 1_000;
/** A drain that hangs is given up after this, or later by what it said that it may take. */
export const DRAIN_MAX_MS = 20_000;

/** Ends what was started. `mayTakeMs`: to be told where its settings make it take longer than a drain does. */
export type Stop = (mayTakeMs: (ms: number) => void) => Promise<void>;

/**
 * Runs `start`; at SIGTERM or SIGINT runs what it returned and exits with 0. A setting that is wrong in itself, for this machine or for
 * the data (ConfigError) exits with 2, anything else that stops it with 1.
 */
export async function runProcess(start: () => Promise<Stop>): Promise<void> {
  process.on('uncaughtException', (error) => fail(error));
  process.on('unhandledRejection', (error) => fail(error));
  // From the beginning: who reads that it listens may end it before the start is through.
  const asked = new Promise<void>((resolve) => {
    let first: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        first ??= performance.now();
        // Ctrl-C under npm comes twice, from the terminal and from npm. A person who asks again means: at once.
        if (performance.now() - first > AGAIN_AFTER_MS) process.exit(1);
        resolve();
      });
    }
  });
  let starting: NodeJS.Timeout | undefined;
  void asked.then(() => {
    starting = setTimeout(() => process.exit(0), START_PATIENCE_MS);
  });
  try {
    const stop = await start();
    void asked.then(() => {
      clearTimeout(starting);
      return end(stop);
    });
  } catch (error) {
    if (error instanceof HelpShown) process.exit(0);
    fail(error);
  }
}

/**
 * Runs a program that ends by itself, with status 0 or what it set as `process.exitCode`. What stops it is said as by `runProcess`, with the same
 * statuses.
 */
export async function runProgram(work: () => void | Promise<void>): Promise<void> {
  process.on('uncaughtException', (error) => fail(error));
  process.on('unhandledRejection', (error) => fail(error));
  // An exit, so that what is half done is removed by whoever listens for it.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(CANNOT_GO_ON));
  try {
    await work();
    process.exit();
  } catch (error) {
    if (error instanceof HelpShown) process.exit(0);
    fail(error);
  }
}

async function end(stop: Stop): Promise<void> {
  const giveUpAfter = (ms: number): NodeJS.Timeout => setTimeout(() => process.exit(1), ms).unref();
  let giveUp = giveUpAfter(DRAIN_MAX_MS);
  await stop((ms) => {
    clearTimeout(giveUp);
    giveUp = giveUpAfter(DRAIN_MAX_MS + ms);
  });
  process.exit(0);
}

function fail(error: unknown): void {
  if (error instanceof ConfigError || error instanceof StartError) {
    say(error.message);
    return process.exit(error instanceof ConfigError ? WRONG_SETTING : CANNOT_GO_ON);
  }
  if (error instanceof RequestError || error instanceof Unavailable) {
    say(`Parley stops: ${error.message}`); // its data has no room, or its disk fails, while it starts
    return process.exit(CANNOT_GO_ON);
  }
  makeLog('parley', 'fatal').fatal({ err: error }, 'an error that should not happen');
  const reason = error instanceof Error ? error.message : String(error);
  say(`Parley stops, because of an error that should not happen: ${reason}`);
  process.exit(CANNOT_GO_ON);
}

/** What stops a program may quote a server or a file. */
function say(sentence: string): void {
  process.stderr.write(`${visibleInLines(sentence)}\n`);
}
