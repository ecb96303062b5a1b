// Parley at the terminal: one command a run, for people and for scripts. This file only wires.
import { isatty } from 'node:tty';
import { Command } from 'commander';
import description from '../../package.json' with { type: 'json' };
import { nodePlatform } from '../sdk/node/platform.ts';
import { prepareProfileDirectory } from '../sdk/node/profile-home.ts';
import type { App } from './app.ts';
import { collected } from './arguments.ts';
import { foldCommandName } from './command-name.ts';
import { deleteAccountCommand, passwordCommand, signoutCommand } from './commands/account.ts';
import { chatCommand } from './commands/chat.ts';
import type { Run } from './commands/define.ts';
import { devicesCommand, renameCommand, revokeCommand } from './commands/devices.ts';
import { exportCommand, searchCommand } from './commands/finding.ts';
import { groupCommand } from './commands/group.ts';
import { listenCommand } from './commands/listen.ts';
import { presenceCommand } from './commands/presence.ts';
import { historyCommand, unreadCommand } from './commands/reading.ts';
import { receiptsCommand } from './commands/receipts.ts';
import { sendCommand } from './commands/send.ts';
import { loginCommand, signupCommand } from './commands/signup.ts';
import { blockCommand, safetyCommand, trustCommand, unblockCommand, verifyCommand } from './commands/trust.ts';
import { commandLine, type GlobalOptions, PROGRAM, personsPath, readConfig, SERVER_DEFAULT } from './config.ts';
import { EXIT, endOf } from './exit.ts';
import { Output, toStderr, toStdout } from './output.ts';
import { openKeyboard, Prompt } from './prompt.ts';
import { tellUpgrade } from './upgrading.ts';

const STDERR = 2;
/** What is left to be written when a command is done gets this long. */
const LAST_WRITES_MS = 1_000;

const COMMANDS = [
  ...[chatCommand, signupCommand, loginCommand, sendCommand, listenCommand, unreadCommand],
  ...[historyCommand, searchCommand, exportCommand, groupCommand, receiptsCommand, presenceCommand],
  ...[devicesCommand, renameCommand, revokeCommand, passwordCommand, safetyCommand, verifyCommand, trustCommand],
  ...[blockCommand, unblockCommand, signoutCommand, deleteAccountCommand],
];

const NEW_PASSWORD = `
Where the password was changed on another device, a command asks for the new one, once, or takes it from
PARLEY_NEW_PASSWORD. The command password takes from there the one that it sets.`;

const ending = new AbortController();
const environment = process.env;
const prompt = new Prompt({
  open: openKeyboard,
  write: toStderr,
  ending: ending.signal,
  interrupt: () => process.kill(process.pid, 'SIGINT'),
});

const program = new Command(PROGRAM)
  .description('Parley at the terminal: encrypted messages from end to end.')
  .option(
    '--server <URL>',
    `a server, ws:// or wss://; may be repeated, and is remembered once it has answered (PARLEY_SERVER, ${SERVER_DEFAULT})`,
    collected,
  )
  .option('--profile <DIR>', 'where keys and history of this account are (PARLEY_PROFILE, ~/.parley)')
  .option('--password-file <F>', 'a file whose first line is the password (else PARLEY_PASSWORD, else asked for)')
  .option('--json', 'JSON lines on standard output')
  .version(description.version, '--version', 'print the version')
  .addHelpText('after', NEW_PASSWORD)
  .addHelpText('after', '\nStatus: 0 done, 1 refused, 2 wrong arguments, 3 timeout, 4 server unreachable.')
  .showHelpAfterError('--help lists all commands, COMMAND --help tells more of one.')
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ writeOut: toStdout, writeErr: toStderr })
  .exitOverride();

const run: Run = async (command, act) => {
  const settings = readConfig(command.optsWithGlobals<GlobalOptions>(), environment);
  const { json, colour, progress: passing } = settings;
  const output = new Output({ json, colour, passing, stdout: toStdout, stderr: toStderr });
  const upgrading = tellUpgrade(output, settings.profile, settings.progress ? toStderr : undefined);
  const platform = nodePlatform({ directory: settings.profile, upgrading });
  const app: App = {
    settings,
    output,
    platform,
    ask: (...asked) => prompt.ask(...asked),
    askOpenly: (...asked) => prompt.askOpenly(...asked),
    endQuestions: () => prompt.close(),
    prepareProfile: () => prepareProfileDirectory(settings.profile),
    ending: ending.signal,
    path: (given) => personsPath(given, environment),
    typed: (typed) => commandLine(settings, typed),
  };
  await act(app);
};

for (const define of COMMANDS) define(program, run);
inheritSettings(program, program.name());

/** Also those below others. `words`: how `parent` is typed. */
function inheritSettings(parent: Command, words: string): void {
  for (const command of parent.commands) {
    const typed = `${words} ${command.name()}`;
    command.copyInheritedSettings(program).showHelpAfterError(`Usage: ${typed} ${command.usage()}`);
    inheritSettings(command, typed);
  }
}

/** A second signal that comes later than this is a second wish. */
const AGAIN_AFTER_MS = 1_000;
let endingSince: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The terminal has shown ^C: what is said goes below it.
    if (endingSince === undefined && signal === 'SIGINT' && isatty(STDERR)) toStderr('\n');
    endingSince ??= performance.now();
    // Asked again, it does not wait for anything; what is committed is committed. Under npm one Ctrl-C comes twice.
    if (performance.now() - endingSince > AGAIN_AFTER_MS) process.exit(EXIT.refused);
    ending.abort(signal);
  });
}
process.on('uncaughtException', (error) => end(error));
process.on('unhandledRejection', (error) => end(error));

try {
  await program.parseAsync(foldCommandName(program, process.argv.slice(2)), { from: 'user' });
  end();
} catch (error) {
  end(error);
}

/** The last line of the process: a sentence if something is wrong, the status, and no stack trace. */
function end(error?: unknown): void {
  prompt.close();
  const { status, sentence } = error === undefined ? { status: EXIT.done, sentence: '' } : endOf(error);
  if (sentence !== '') new Output({ json: false, colour: false, stdout: toStdout, stderr: toStderr }).note(sentence);
  process.exitCode = status;
  // Connections close by themselves; standard input or a server that hangs must not keep the process.
  setTimeout(() => process.exit(status), LAST_WRITES_MS).unref();
}
