// Blobs through whole servers, in both modes: tickets of a session, the port that they name, settings, restarts and ends.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KIB, MIB } from '#protocol/limits.ts';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { describeInBothModes } from '../modes.fixture.ts';
import { describeOnAll } from '../services.fixture.ts';
import { StackProcesses } from '../stack.fixture.ts';
import { WirePerson } from '../wire-person.fixture.ts';
import { addPart, type BlobTicket, blobRequest, blobTicket, random64 } from './blob-wire.fixture.ts';

/** A stack of many processes ends and starts again within a test. */
const RESTART_MAX_MS = 240_000;
const QUOTA_MIB = 6;
const SMALL = 4_112;

describeInBothModes((start) => {
  let server: Deployment;
  let al: WirePerson;
  let bo: WirePerson;
  beforeAll(async () => {
    server = await start(['--rate-factor', '100', '--file-quota-mib', String(QUOTA_MIB), '--log-level', 'info']);
    al = await WirePerson.signedUp(server.url, 'al@localhost');
    bo = await WirePerson.signedUp(server.url, 'bo@localhost');
  });
  afterAll(() => server?.remove());

  const toPut = (blob: string, size: number): Promise<BlobTicket> =>
    blobTicket(al, server.url, { type: 'blob.put', blob, size });
  const toGet = (blob: string): Promise<BlobTicket> => blobTicket(bo, server.url, { type: 'blob.get', blob });

  test(
    'a blob goes up part by part, from whichever port a ticket names, and comes down whole, also after kill -9',
    async () => {
      const blob = random64(32);
      const bytes = randomBytes(PART_BYTES + SMALL);
      const size = bytes.length;
      expect((await addPart(await toPut(blob, size), 0, bytes.subarray(0, PART_BYTES))).status).toBe(204);
      await server.kill();
      await server.restart();
      const stands = await blobRequest(await toPut(blob, size), 'HEAD');
      expect([stands.status, stands.headers.get('upload-offset')]).toEqual([204, String(PART_BYTES)]);
      expect((await blobRequest(await toGet(blob), 'GET')).status).toBe(404);
      expect((await addPart(await toPut(blob, size), PART_BYTES, bytes.subarray(PART_BYTES))).status).toBe(204);
      const whole = await blobRequest(await toGet(blob), 'GET');
      expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
      const range = await blobRequest(await toGet(blob), 'GET', { headers: { range: 'bytes=10-19' } });
      expect(range.status).toBe(206);
      expect(Buffer.from(await range.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
    },
    RESTART_MAX_MS,
  );

  test('what an account may store is a setting', async () => {
    const refused = await addPart(await toPut(random64(32), QUOTA_MIB * MIB + 1), 0, randomBytes(PART_BYTES));
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ code: 'files_over_quota', retry: false });
  });

  test('a ticket of bo does not go on with an upload of al, and no ticket is no entry', async () => {
    const blob = random64(32);
    const size = PART_BYTES + SMALL;
    const theirs = await blobTicket(bo, server.url, { type: 'blob.put', blob, size });
    expect((await addPart(await toPut(blob, size), 0, randomBytes(PART_BYTES))).status).toBe(413); // the quota has room for one
    const other = random64(32);
    expect((await addPart(await toPut(other, SMALL), 0, randomBytes(SMALL))).status).toBe(204);
    const asBo = await blobTicket(bo, server.url, { type: 'blob.put', blob: other, size: SMALL });
    expect((await blobRequest(asBo, 'HEAD')).status).toBe(404);
    expect((await fetch(theirs.url)).status).toBe(401);
  });

  test('only /blob is for files: with a query or below it, nothing is', async () => {
    const { url } = await toGet(random64(32));
    for (const path of [`${url}?x`, `${url}/`, `${url}/x`]) expect((await fetch(path)).status).toBe(404);
  });

  test(
    'a server that is told to end finishes the part that comes in, and takes it up after its start',
    async () => {
      const blob = random64(32);
      const bytes = randomBytes(200 * KIB);
      const { ticket, url } = await toPut(blob, bytes.length);
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      const lines = ['Host: parley', `Authorization: Parley-Ticket ${ticket}`, 'Upload-Offset: 0'];
      const head = [
        'PATCH /blob HTTP/1.1',
        ...lines,
        `Content-Length: ${bytes.length}`,
        'Expect: 100-continue',
        '',
        '',
      ];
      socket.write(head.join('\r\n'));
      await new Promise((resolve) => socket.once('data', resolve)); // it waits for the body now
      socket.write(bytes.subarray(0, 1_000));
      const ended = server.stop();
      await server.said(/draining/);
      socket.write(bytes.subarray(1_000));
      expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toMatch(/^HTTP\/1\.1 204 /);
      socket.destroy();
      expect(await ended).toBe(0);
      await server.restart();
      const got = await blobRequest(await toGet(blob), 'GET');
      expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
    },
    RESTART_MAX_MS,
  );
});

describeOnAll('deliveries that serve files', (urls) => {
  let stack: StackProcesses;
  beforeAll(async () => {
    stack = await StackProcesses.start(urls, ['--rate-factor', '100']);
  });
  afterAll(() => stack?.remove());

  test('are named one after the other, so that what one began goes on at another while the first stands still', async () => {
    const al = await WirePerson.signedUp(stack.url, 'al@localhost');
    const bytes = randomBytes(SMALL);
    const asked = { type: 'blob.put', blob: random64(32), size: SMALL } as const;
    const byUrl = new Map<string, BlobTicket>();
    while (byUrl.size < 2) {
      const ticket = await blobTicket(al, stack.url, asked);
      byUrl.set(ticket.url, ticket);
    }
    const ports = [...byUrl.values()];
    const thaw = stack.freeze('delivery');
    try {
      const enough = new AbortController();
      const tried = ports.map((at) => blobRequest(at, 'HEAD', { signal: enough.signal }).then(() => at));
      const living: BlobTicket = await Promise.any(tried);
      expect((await addPart(living, 0, bytes)).status).toBe(204);
      enough.abort();
      const outcomes = await Promise.allSettled(tried);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    } finally {
      thaw();
    }
    const get = { type: 'blob.get', blob: asked.blob } as const;
    for (let count = 0; count < 2; count += 1) {
      const got = await blobRequest(await blobTicket(al, stack.url, get), 'GET');
      expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
    }
  });
});
