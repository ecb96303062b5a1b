// A process that uploads a file to plain-http.ts, and downloads it to another, which it syncs. Arguments: the server's URL, the file, the other file.
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { get, type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';

export type PlainLook = { readonly uploadMs: number; readonly downloadMs: number; readonly cpuUs: number };

const [server = '', path = '', copy = ''] = process.argv.slice(2);
const url = server.replace(/^ws/, 'http');

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const cpu = process.cpuUsage();
const uploadMs = await timed(async () => {
  const put = request(url, { method: 'PUT', headers: { 'content-length': (await stat(path)).size } });
  const answered = once(put, 'response') as Promise<[IncomingMessage]>; // as node:http documents the event
  await pipeline(createReadStream(path), put);
  const [answer] = await answered;
  if (answer.statusCode !== 204) throw new Error(`It was answered with ${answer.statusCode}.`);
  answer.resume();
});
const downloadMs = await timed(async () => {
  const [answer] = (await once(get(url), 'response')) as [IncomingMessage]; // as node:http documents the event
  await pipeline(answer, createWriteStream(copy, { flush: true }));
});
const { user, system } = process.cpuUsage(cpu);
const look: PlainLook = { uploadMs, downloadMs, cpuUs: user + system };
process.stdout.write(`${JSON.stringify(look)}\n`);
process.exit(); // the connection would stay open for the next request
