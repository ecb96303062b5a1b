// A process that uploads a file until it is killed; one JSON line on stdout for each part that is stored.
// Arguments: directory of the profile, address of the blobs' double (ws://…), path of the file.
import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { nodeHttp } from '../node/http.ts';
import { nodePlatform } from '../node/platform.ts';
import { PASSWORD } from '../profile/example.fixture.ts';
import { ticketText } from '../test/blobs-double.ts';
import type { BlobSession } from './blob-door.ts';
import { RETENTION } from './transfers.fixture.ts';
import { upload } from './upload.ts';

const STDOUT = 1;
const [directory = '', url = '', path = ''] = process.argv.slice(2);
const { clock, timers, random, profiles } = nodePlatform({ directory, cheapPasswords: true });
const { uploads } = await profiles.open(PASSWORD);
const file = await open(path);
const { size } = await file.stat();
const source = {
  ...{ name: 'film.bin', type: 'application/octet-stream', place: path, size },
  async read(at: number, length: number) {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, at);
    return bytes.subarray(0, bytesRead);
  },
};
const session = async (): Promise<BlobSession> => ({
  url,
  put: async ({ blob, size: bytes }) => ({ ticket: ticketText({ right: 'put', blob, size: bytes, number: 0 }) }),
  get: () => Promise.reject(new Error('An upload gets nothing.')),
});
const signal = new AbortController().signal;
const onProgress = ({ done }: { done: number }) => writeSync(STDOUT, `${JSON.stringify({ done })}\n`);
const deps = { uploads, clock, timers, random, http: nodeHttp(), session };
const { blob, key, root } = await upload(deps, source, { retention: RETENTION, signal, onProgress });
writeSync(STDOUT, `${JSON.stringify({ blob: [...blob], key: [...key], root: [...root] })}\n`);
process.exit(0);
