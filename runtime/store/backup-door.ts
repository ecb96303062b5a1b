// Where a running server gives out copies of its database, which it alone may open: a Unix socket in its data folder, so that whoever may
// read the folder may make a backup, and nobody else. Who connects is told one line, the name of a copy that was just made, or why there is none;
// the copy is removed when they hang up, however they end, and at the next start if the server was killed.
import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Logger } from 'pino';
import { z } from 'zod';
import { MIB } from '#protocol/limits.ts';
import { StartError } from '../start-error.ts';
import { databaseIn } from './data-folder.ts';
import type { CopiedDatabase } from './database.ts';

/** Beside the copy so much stays free: a backup must not be what fills the disk of a server at work. */
const LEFT_FREE_BYTES = 64 * MIB;
const COPY_NAME = /^backup-\d+\.db(-wal|-shm)?$/;

/** A name in the folder, not a path: who asks may have more rights than who answers. */
const answerSchema = z.union([
  z.object({ copy: z.string().regex(/^backup-\d{1,15}\.db$/) }),
  z.object({ problem: z.string() }),
]);

export class BackupDoor {
  readonly #data: string;
  readonly #database: CopiedDatabase;
  readonly #log: Logger;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #copies = 0;

  constructor(data: string, database: CopiedDatabase, log: Logger) {
    this.#data = data;
    this.#database = database;
    this.#log = log;
  }

  /** Never throws: a server without this door works, and is backed up while it is stopped. */
  async open(): Promise<void> {
    removeCopies(this.#data);
    rmSync(doorOf(this.#data), { force: true }); // of a server that was killed: the lock on the database says that there is no other
    const server = createServer((socket) => void this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => {
      // Also later: an accept may fail, for want of file descriptors.
      server.on('error', (error) => {
        this.#log.warn({ reason: error.message }, 'no backups can be made while this server runs: stop it for them');
        resolve();
      });
      server.listen(doorOf(this.#data), () => {
        chmodSync(doorOf(this.#data), 0o600); // whatever the umask
        resolve();
      });
    });
  }

  /** Hangs up on everybody; a copy that is under way is given up. */
  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    removeCopies(this.#data);
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    this.#copies += 1;
    const copy = `backup-${this.#copies}.db`;
    const left = new Promise<void>((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}).resume(); // 'close' follows
    try {
      await this.#mustHaveRoom();
      await this.#database.copyTo(join(this.#data, copy));
      socket.write(`${JSON.stringify({ copy })}\n`);
      this.#log.info({ copy }, 'a copy for a backup');
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      socket.end(`${JSON.stringify({ problem })}\n`);
      this.#log.warn({ reason: problem }, 'no copy for a backup could be made');
    }
    await left;
    this.#sockets.delete(socket);
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(this.#data, `${copy}${suffix}`), { force: true });
  }

  async #mustHaveRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#data);
    const needed = statSync(databaseIn(this.#data)).size + LEFT_FREE_BYTES;
    if (bavail * bsize >= needed) return;
    throw new Error(`the disk of its data folder needs ${Math.ceil(needed / MIB)} MiB free for it, and has less`);
  }
}

export type Copy = { readonly file: string; close(): void };

/** A copy of the database of the server that runs on this folder, until it is closed; undefined: none runs there. Throws StartError. */
export async function copyFromServer(data: string): Promise<Copy | undefined> {
  const socket = connect(doorOf(data));
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).on('error', () => resolve(false));
  });
  if (!connected) return undefined;
  const line = await new Promise<string>((resolve) => {
    createInterface(socket).once('line', resolve);
    socket.once('close', () => resolve('{"problem":"it ended"}'));
  });
  const answer = readAnswer(line);
  if ('copy' in answer) return { file: join(data, answer.copy), close: () => socket.destroy() };
  socket.destroy();
  throw new StartError(
    `The server cannot copy its database: ${answer.problem}. Look at its log, and run this again when that is mended.`,
  );
}

function readAnswer(line: string): z.output<typeof answerSchema> {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    answer = undefined; // no answer, for the schema
  }
  return answerSchema.safeParse(answer).data ?? { problem: 'it says nothing that can be used' };
}

/** As short as it can be: a socket's path has some 100 bytes. */
function doorOf(data: string): string {
  const whole = join(data, 'backup.sock');
  const fromHere = relative(process.cwd(), whole);
  return fromHere.length < whole.length ? fromHere : whole;
}

function removeCopies(data: string): void {
  for (const name of readdirSync(data)) if (COPY_NAME.test(name)) rmSync(join(data, name), { force: true });
}
