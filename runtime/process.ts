// The life of a server process: start, wait for a signal, drain, end. Whatever stops it is one sentence on stderr, never a stack trace.
import { ConfigError, HelpShown } from './config.ts';
import { StoreMismatch } from './store/meta.ts';

/** Something outside the program stops the start. The message says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** A second signal that comes later than this is a second wish. */
const AGAIN_AFTER_MS = 1_000;
/** A drain that hangs is given up after this. */
const DRAIN_MAX_MS = 20_000;

/**
 * Runs `start`; at SIGTERM or SIGINT runs what it returned and exits with 0. A failed start exits with 1, wrong settings with 2.
 */
export async function runProcess(start: () => Promise<() => Promise<void>>): Promise<void> {
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
  try {
    const stop = await start();
    void asked.then(() => end(stop));
  } catch (error) {
    if (error instanceof HelpShown) process.exit(0);
    fail(error);
  }
}

async function end(stop: () => Promise<void>): Promise<void> {
  setTimeout(() => process.exit(1), DRAIN_MAX_MS).unref();
  await stop();
  process.exit(0);
}

function fail(error: unknown): void {
  process.stderr.write(`${sentence(error)}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return `Parley stops: ${String(error)}`;
  const known = error instanceof ConfigError || error instanceof StartError || error instanceof StoreMismatch;
  if (known || error.name === 'SetupError') return error.message;
  const { code, port } = error as { code?: string; port?: number }; // what Node adds to errors of the operating system
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Stop what uses it, or choose another with --port.`;
  if (code === 'EACCES') return `This user may not listen on port ${port}. Choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'This machine does not have the address given with --host.';
  }
  return `Parley stops, because of an error that should not happen: ${error.message}`;
}
