// Parley at the terminal: one command a run, for people and for scripts. This file only wires.
import { Command } from 'commander';
import { nodePlatform } from '../sdk/node/platform.ts';
import type { App } from './app.ts';
import { collected } from './arguments.ts';
import {
  deleteAccountCommand,
  loginCommand,
  passwordCommand,
  signoutCommand,
  signupCommand,
} from './commands/account.ts';
import type { Run } from './commands/define.ts';
import { devicesCommand, revokeCommand } from './commands/devices.ts';
import { listenCommand } from './commands/listen.ts';
import { historyCommand, unreadCommand } from './commands/reading.ts';
import { sendCommand } from './commands/send.ts';
import { blockCommand, safetyCommand, trustCommand, unblockCommand, verifyCommand } from './commands/trust.ts';
import { type GlobalOptions, personsPath, readConfig, SERVER_DEFAULT } from './config.ts';
import { EXIT, endOf } from './exit.ts';
import { Output, toStderr, toStdout } from './output.ts';
import { askOnTerminal } from './password.ts';

/** What is left to be written when a command is done gets this long. */
const LAST_WRITES_MS = 1_000;

const COMMANDS = [
  ...[signupCommand, loginCommand, sendCommand, listenCommand, unreadCommand, historyCommand],
  ...[devicesCommand, revokeCommand, passwordCommand, safetyCommand, verifyCommand, trustCommand],
  ...[blockCommand, unblockCommand, signoutCommand, deleteAccountCommand],
];

const ending = new AbortController();
const environment = process.env;

const program = new Command('npm run -s parley --')
  .description('Parley at the terminal: encrypted messages from end to end.')
  .option(
    '--server <URL>',
    `a server, ws:// or wss://; may be repeated, and is remembered (PARLEY_SERVER, ${SERVER_DEFAULT})`,
    collected,
  )
  .option('--profile <DIR>', 'where keys and history of this account are (PARLEY_PROFILE, ~/.parley)')
  .option('--password-file <F>', 'a file whose first line is the password (else PARLEY_PASSWORD, else asked for)')
  .option('--json', 'JSON lines on standard output')
  .addHelpText('after', '\nStatus: 0 done, 1 refused, 2 wrong arguments, 3 timeout, 4 server unreachable.')
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ writeOut: toStdout, writeErr: toStderr })
  .exitOverride();

const run: Run = async (command, act) => {
  const settings = readConfig(command.optsWithGlobals<GlobalOptions>(), environment);
  const output = new Output({ json: settings.json, colour: settings.colour, stdout: toStdout, stderr: toStderr });
  const platform = nodePlatform({ directory: settings.profile });
  const app: App = {
    settings,
    output,
    platform,
    ask: askOnTerminal(toStderr),
    ending: ending.signal,
    path: (given) => personsPath(given, environment),
  };
  await act(app);
};

for (const define of COMMANDS) define(program, run);
for (const command of program.commands) {
  command
    .copyInheritedSettings(program)
    .showHelpAfterError(`Usage: ${program.name()} ${command.name()} ${command.usage()}`);
}

/** A second signal that comes later than this is a second wish. */
const AGAIN_AFTER_MS = 1_000;
let endingSince: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    endingSince ??= performance.now();
    // Asked again, it does not wait for anything; what is committed is committed. Under npm one Ctrl-C comes twice.
    if (performance.now() - endingSince > AGAIN_AFTER_MS) process.exit(EXIT.refused);
    ending.abort(signal);
  });
}
process.on('uncaughtException', (error) => end(error));
process.on('unhandledRejection', (error) => end(error));

try {
  await program.parseAsync();
  end();
} catch (error) {
  end(error);
}

/** The last line of the process: a sentence if something is wrong, the status, and no stack trace. */
function end(error?: unknown): void {
  const { status, sentence } = error === undefined ? { status: EXIT.done, sentence: '' } : endOf(error);
  if (sentence !== '') new Output({ json: false, colour: false, stdout: toStdout, stderr: toStderr }).note(sentence);
  process.exitCode = status;
  // Connections close by themselves; standard input or a server that hangs must not keep the process.
  setTimeout(() => process.exit(status), LAST_WRITES_MS).unref();
}
