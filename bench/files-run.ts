// One run of carrying a file: through the product, from a sender's process to a recipient's, or through a plain HTTP server.

import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Carrier } from '../test/files/carrier.fixture.ts';
import { Listening } from '../test/listening.fixture.ts';
import { hashOf, type MadeFile } from './files-source.ts';
import { withPlace } from './places.ts';
import type { PlainLook } from './plain-http-client.ts';
import type { Mode, ResultLine } from './result.ts';
import { type StartOptions, Subject } from './subject.ts';
import { type PerProcess, usedForEach } from './usage.ts';

const PLAIN_SERVER = fileURLToPath(new URL('./plain-http.ts', import.meta.url));
const PLAIN_CLIENT = fileURLToPath(new URL('./plain-http-client.ts', import.meta.url));
const BYTES_PER_MB = 1_000_000;
const [SENDER, RECIPIENT] = ['sender@localhost', 'recipient@localhost'];

/** `same`: what came out is what went in. CPU time of the whole file, and the most memory ever, by process. */
export type Carried = {
  readonly uploadMs: number;
  readonly downloadMs: number;
  readonly same: boolean;
  readonly cpuUs: PerProcess;
  readonly peakMb: PerProcess;
};

/** `folder`: for what this run needs and leaves. */
export function carryProduct(
  mode: Mode,
  file: MadeFile,
  folder: string,
  start: StartOptions,
): Promise<Carried & { readonly params: ResultLine['params'] }> {
  mkdirSync(folder);
  return withPlace(mode, async (place) => {
    const server = await place.start(start);
    const before = server.cpuUs;
    const directory = (name: string) => join(folder, name);
    const recipient = new Carrier('recipient', [
      server.url,
      directory('recipient'),
      RECIPIENT,
      SENDER,
      file.name,
      folder,
    ]);
    await recipient.next(); // once it is there
    const sender = new Carrier('sender', [server.url, directory('sender'), SENDER, RECIPIENT, file.path]);
    const sent = await sender.done();
    const received = await recipient.done();
    const cpuUs = usedForEach(before, server.cpuUs, 1);
    const { peakMb } = server;
    await server.end();
    return {
      uploadMs: sent.ms,
      downloadMs: received.ms,
      same: received.path !== undefined && (await hashOf(received.path)) === file.hash,
      cpuUs: { ...cpuUs, sender: sent.cpuUs, recipient: received.cpuUs },
      peakMb: { ...peakMb, sender: megabytes(sent.peakBytes), recipient: megabytes(received.peakBytes) },
      params: place.params,
    };
  });
}

export async function carryPlain(file: MadeFile, folder: string): Promise<Carried> {
  mkdirSync(folder);
  const process = await Listening.start([PLAIN_SERVER, join(folder, 'stored')]);
  const server = new Subject(process, { own: () => ({ plainServer: [process.pid] }) });
  const copy = join(folder, 'copy');
  const { stdout } = await promisify(execFile)(globalThis.process.execPath, [
    PLAIN_CLIENT,
    server.url,
    file.path,
    copy,
  ]);
  const look = JSON.parse(stdout) as PlainLook; // written by plain-http-client.ts
  const { cpuUs, peakMb } = server;
  await server.end();
  const { cpuUs: plainClient, ...times } = look;
  return { ...times, same: (await hashOf(copy)) === file.hash, cpuUs: { ...cpuUs, plainClient }, peakMb };
}

function megabytes(bytes = Number.NaN): number {
  return Math.round(bytes / BYTES_PER_MB);
}
