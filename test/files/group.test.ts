// A file to a large group: uploaded once, whoever is a member can fetch it, and who was removed before has nothing to fetch it by.
import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sealedBytes } from '#protocol/sealed-file.ts';
import { readCounter } from '../../bench/counters.ts';
import { readContent } from '../../clients/sdk/content/content.ts';
import type { FileInfo } from '../../clients/sdk/content/file.ts';
import type { FileSource, FileTarget } from '../../clients/sdk/files/file-source.ts';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import { UNDER_LOAD } from '../chaos/form.ts';
import { ServerProcess } from '../server.fixture.ts';

const MEMBERS = 200;
/** Five chunks. */
const FILE_BYTES = 300_000;
/** People who make accounts, and who fetch, at a time. */
const AT_A_TIME = 20;
const TEST_MAX_MS = 600_000;
const TEAM = 'team@localhost';

function sourceOf(name: string, bytes: Uint8Array): FileSource {
  const read = async (at: number, length: number) => bytes.subarray(at, at + length);
  return { name, type: 'application/octet-stream', size: bytes.length, place: `memory:${name}`, read };
}

/** In memory; what is kept is handed to `keep`. */
function targetFor(keep: (bytes: Buffer) => void): FileTarget {
  let all = Buffer.alloc(0);
  return {
    size: async () => all.length,
    read: async (at, length) => all.subarray(at, at + length),
    async write(bytes) {
      all = Buffer.concat([all, bytes]);
    },
    async cut(bytes) {
      all = all.subarray(0, bytes);
    },
    async keep() {
      keep(all);
      return 'memory';
    },
  };
}

function filesOf(person: Person): FileInfo[] {
  return person.of('message').flatMap(({ entry }) => {
    const content = readContent(entry.content);
    return content.kind === 'file' ? [content.file] : [];
  });
}

/** Resolves once the file of that name was told; with what it holds. */
async function fetched(person: Person, name: string): Promise<Buffer> {
  const find = () => filesOf(person).find((file) => file.name === name);
  await person.until(() => find() !== undefined);
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  await person.client.fetchFile(find() as FileInfo, targetFor(resolve)); // it was there just now
  return promise;
}

async function inTurns<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < all.length; at += AT_A_TIME) {
    results.push(...(await Promise.all(all.slice(at, at + AT_A_TIME).map(work))));
  }
  return results;
}

describe('a file to a group', () => {
  test(
    `of ${MEMBERS} is uploaded once and fetched by each; a removed member hears nothing of the next one`,
    async () => {
      const server = await ServerProcess.start(UNDER_LOAD);
      onTestFinished(() => server.remove());
      const people = new People(server.urls, { inMemory: true });
      onTestFinished(() => people.end());
      const names = Array.from({ length: MEMBERS }, (_, index) => `member${index}`);
      const members = await inTurns(names, async (name) => {
        const person = await people.signUp(name);
        await person.online();
        return person;
      });
      const [al, ...others] = members as [Person, ...Person[]]; // MEMBERS of them
      await al.client.groups.create(TEAM, { members: names.slice(1).map((name) => `${name}@localhost`) });
      await Promise.all(others.map((one) => one.until(() => one.of('membership').length > 0)));

      const counts = async () => {
        const text = await (await server.http('/metrics')).text();
        const [uploads, received, sent] = ['uploads', 'received_bytes', 'sent_bytes'].map((what) =>
          readCounter(text, `parley_blob_${what}_total`),
        );
        return { uploads, received, sent };
      };
      const send = async (name: string): Promise<Buffer> => {
        const bytes = randomBytes(FILE_BYTES);
        const [result] = await al.client.sendFile([`#${TEAM}`], sourceOf(name, bytes));
        expect(result).toHaveProperty('ids');
        return bytes;
      };
      const sealed = sealedBytes(FILE_BYTES);

      const first = await send('first.bin');
      const copies = await inTurns(others, (one) => fetched(one, 'first.bin'));
      expect(copies.filter((copy) => copy.equals(first))).toHaveLength(MEMBERS - 1);
      expect(await counts()).toEqual({ uploads: 1, received: sealed, sent: (MEMBERS - 1) * sealed });

      const [removed, ...left] = others as [Person, ...Person[]]; // MEMBERS - 1 of them
      await al.client.groups.remove(TEAM, `${names[1]}@localhost`);
      const second = await send('second.bin');
      const next = await inTurns(left, (one) => fetched(one, 'second.bin'));
      expect(next.filter((copy) => copy.equals(second))).toHaveLength(MEMBERS - 2);
      // All that was for them has come by now: this was said last.
      await al.say(`${names[1]}@localhost`, 'sorry');
      await removed.until(() => removed.texts.includes('sorry'));
      expect(filesOf(removed).map(({ name }) => name)).toEqual(['first.bin']);
      // What they had been told of they may fetch as long as it is there.
      expect((await fetched(removed, 'first.bin')).equals(first)).toBe(true);
    },
    TEST_MAX_MS,
  );
});
