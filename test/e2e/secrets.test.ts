// What a server never gets: passwords and texts, or anything that one of them could be tried against without a costly stretch. Every frame of
// every connection is read, and every byte that the server has on its disk.
import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Client } from '../../clients/sdk/client.ts';
import { People, Person } from '../../clients/sdk/test/people.ts';
import type { Transport } from '../../clients/sdk/transport.ts';
import { ServerProcess } from '../server.fixture.ts';

const PASSWORD = 'lantern quarry biscuit';
const FRESH = 'seven otters at dusk';
const TEXT = 'The key is under the mat.';
const HASHES = ['md5', 'sha1', 'sha256', 'sha512', 'blake2b512'];

/** Bytes that give a secret away: itself, and each plain hash of it; of both what they are in text. */
const tellTales = [PASSWORD, FRESH, TEXT].flatMap((secret) =>
  [Buffer.from(secret), ...HASHES.map((hash) => createHash(hash).update(secret).digest())].flatMap((bytes) => [
    bytes,
    ...(['hex', 'base64', 'base64url'] as const).map((form) => Buffer.from(bytes.toString(form))),
  ]),
);
const toldBy = (bytes: Buffer) => tellTales.filter((tale) => bytes.includes(tale)).map(String);

/** All strings of a frame, as they are and as what they are Base64 of. */
function piecesOf(frame: string): Buffer {
  const strings = [...frame.matchAll(/"([^"\\]*)"/g)].map(([, text = '']) => Buffer.from(text, 'base64'));
  return Buffer.concat([Buffer.from(frame), ...strings]);
}

test('neither a password nor a text, nor a plain hash of one, is in any frame or on the disk of the server', async () => {
  const server = await ServerProcess.start();
  onTestFinished(() => server.remove());
  const people = new People(server.urls);
  onTestFinished(() => people.end());
  const frames: string[] = [];
  const overheard = ({ connect }: Transport): Transport => ({
    connect(url, events) {
      const wire = connect(url, {
        ...events,
        received(text) {
          frames.push(text);
          events.received(text);
        },
      });
      return {
        ...wire,
        send(text) {
          frames.push(text);
          wire.send(text);
        },
      };
    },
  });
  const device = async (enrol: typeof Client.signUp, address: string, password: string): Promise<Person> => {
    const given = await people.platform();
    const platform = { ...given, transport: overheard(given.transport) };
    const person = new Person(await enrol(platform, { address, password, servers: server.urls }), platform);
    people.keep(person);
    return person;
  };

  const al = await device(Client.signUp, 'al@localhost', PASSWORD);
  const bo = await device(Client.signUp, 'bo@localhost', PASSWORD);
  await Promise.all([al.online(), bo.online()]);
  await al.client.changePassword(PASSWORD, FRESH);
  await device(Client.logIn, 'al@localhost', FRESH);
  for (const { client } of [al, bo]) await client.groups.join('lobby@localhost');
  await bo.client.close();
  for (const to of ['bo@localhost', '#lobby@localhost']) await al.say(to, TEXT); // for somebody who is away: the server keeps it

  const types = new Set(frames.flatMap((frame) => /"type":"([\w.]+)"/.exec(frame)?.slice(1) ?? []));
  for (const type of ['signup.finish', 'login.finish', 'password.finish', 'group.append', 'send'])
    expect(types).toContain(type);
  expect(frames.flatMap((frame) => toldBy(piecesOf(frame)))).toEqual([]);
  const files = globSync('**', { cwd: server.data }).map((name) => join(server.data, name));
  const disk = Buffer.concat(files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file)));
  expect(disk.includes('bo@localhost')).toBe(true);
  expect(toldBy(disk)).toEqual([]);
});
