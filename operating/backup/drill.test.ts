// The drill: everything that a deployment keeps is lost, a backup is restored, and the same people come back with what they have on their devices.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PART_BYTES } from '#protocol/sealed-file.ts';
import { readContent } from '../../clients/sdk/content/content.ts';
import type { FileInfo } from '../../clients/sdk/content/file.ts';
import { exampleBytes, MemorySource, MemoryTarget } from '../../clients/sdk/test/files.ts';
import { People, type Person } from '../../clients/sdk/test/people.ts';
import { MongoMailboxStore } from '../../services/delivery/mongo-store.ts';
import type { Deployment } from '../../test/deployment.fixture.ts';
import { runToEnd } from '../../test/listening.fixture.ts';
import { describeInBothModes } from '../../test/modes.fixture.ts';
import { connectMongo } from './mongo-backup.ts';

const SETTINGS = ['--rate-factor', '100', '--tries-per-source', '1000'];
/** A stack of services has a dozen processes to start, each time. */
const DRILL_MS = 800_000;
/** More than anybody here has. */
const CHUNKS = 100;
const BACKUP = join(import.meta.dirname, '../backup.ts');
const RESTORE = join(import.meta.dirname, '../restore.ts');

const textOf = (content: Uint8Array): string => new TextDecoder().decode(content.subarray(1));
const filesOf = (person: Person): FileInfo[] =>
  person.of('message').flatMap(({ entry }) => {
    const content = readContent(entry.content);
    return content.kind === 'file' ? [content.file] : [];
  });
const hears = (person: Person, text: string) => person.until(({ texts }) => texts.includes(text));

describeInBothModes((start) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-drill-'));
  let server: Deployment;
  let people: People;

  beforeAll(async () => {
    server = await start(SETTINGS);
    people = new People(server.urls);
  }, DRILL_MS);

  afterAll(async () => {
    await people?.end();
    await server?.remove();
    rmSync(folder, { recursive: true });
  });

  /** While it works. */
  async function backUp(name: string): Promise<string> {
    const file = join(folder, name);
    const { status, stderr } = await runToEnd([BACKUP, '--to', file], server.environment);
    expect(stderr).toMatch(/^A backup of localhost, /);
    expect(status).toBe(0);
    return file;
  }

  /** Resolves once so many messages for this user are stored. Services have accepted what stands in a queue, and that is in no backup. */
  async function stored(user: string, messages: number): Promise<void> {
    const { PARLEY_MONGO_URL: url } = server.environment;
    if (url === undefined) return; // one database holds its queues, too
    const mongo = await connectMongo(url);
    const store = new MongoMailboxStore(mongo);
    await vi.waitFor(
      async () => {
        const { next = 0 } = (await store.load(user)) ?? {};
        const items = (await store.read(user, 0, next, CHUNKS)).flatMap((chunk) => chunk.items);
        expect(items.filter(({ item }) => item?.type === 'message')).toHaveLength(messages);
      },
      { timeout: DRILL_MS },
    );
    await mongo.close();
  }

  /** Nothing is left of it but the file. */
  async function loseAndRestore(file: string): Promise<void> {
    await server.remove();
    const { status, stderr } = await runToEnd([RESTORE, '--from', file], server.environment);
    expect(stderr).toMatch(/^Restored\. /);
    expect(status).toBe(0);
    await server.restart();
  }

  async function back(...gone: Person[]): Promise<Person[]> {
    await Promise.all(gone.map(({ client }) => client.close()));
    const again = await Promise.all(gone.map((person) => people.reopen(person)));
    await Promise.all(again.map((person) => person.online()));
    return again;
  }

  async function lines(person: Person, conversation: string): Promise<string[]> {
    return (await person.client.history.before(conversation, 100)).map(({ content }) => textOf(content));
  }

  test(
    'people come back to their accounts, contacts, groups and unread messages, each once',
    async () => {
      let [al, bo, cy] = (await Promise.all(['al', 'bo', 'cy'].map((name) => people.signUp(name)))) as [
        Person,
        Person,
        Person,
      ];
      await Promise.all([al, bo, cy].map((person) => person.online()));
      await al.client.groups.create('team@localhost', { members: ['bo@localhost', 'cy@localhost'] });
      await Promise.all([bo, cy].map((person) => person.until((one) => one.of('membership').length > 0)));
      await al.say('#team@localhost', 'hello team');
      await Promise.all([bo, cy].map((person) => hears(person, 'hello team')));
      await bo.say('al@localhost', 'hello al');
      await hears(al, 'hello al');
      await al.client.block('cy@localhost');
      const safety = await al.client.safetyNumber('bo@localhost');
      await bo.client.close();
      await al.say('bo@localhost', 'one', 'two', 'three');
      await al.say('#team@localhost', 'bo is away');
      await hears(cy, 'bo is away');

      await stored('bo@localhost', 4);
      const file = await backUp('all');
      await Promise.all([al, cy].map(({ client }) => client.close()));
      await loseAndRestore(file);

      [al, bo, cy] = (await back(al, bo, cy)) as [Person, Person, Person];
      await bo.until((one) => one.of('synced').length > 0);
      await Promise.all(['one', 'two', 'three', 'bo is away'].map((text) => hears(bo, text)));
      expect([...bo.texts].sort()).toEqual(['bo is away', 'one', 'three', 'two']);
      expect(await lines(bo, 'al@localhost')).toEqual(['hello al', 'one', 'two', 'three']);
      expect(await al.client.safetyNumber('bo@localhost')).toEqual(safety);
      await bo.say('#team@localhost', 'here again');
      await Promise.all([al, cy].map((person) => hears(person, 'here again')));
      await cy.say('al@localhost', 'do you hear me?');
      await bo.say('al@localhost', 'good to see you');
      await hears(al, 'good to see you');
      expect(al.texts).not.toContain('do you hear me?');
      const second = await people.logIn('bo');
      await second.online();
      await al.say('bo@localhost', 'to both');
      await Promise.all([bo, second].map((device) => hears(device, 'to both')));
      for (const person of [al, bo, cy, second]) expect([person.of('gap'), person.of('unreadable')]).toEqual([[], []]);
      await Promise.all([al, bo, cy, second].map(({ client }) => client.close()));
    },
    DRILL_MS,
  );

  test(
    'a file that was sent before is fetched afterwards, by who was there and by who was away',
    async () => {
      const [fay, gus, hal] = (await Promise.all(['fay', 'gus', 'hal'].map((name) => people.signUp(name)))) as [
        Person,
        Person,
        Person,
      ];
      await Promise.all([fay, gus].map((person) => person.online()));
      await hal.client.close();
      const film = exampleBytes(PART_BYTES + 100_000);
      const sent = await fay.client.sendFile(['gus@localhost', 'hal@localhost'], new MemorySource(film));
      await fay.until((one) => one.of('accepted').length === sent.length);
      await gus.until((one) => filesOf(one).length === 1);
      await stored('hal@localhost', 1);
      const file = await backUp('files');
      await Promise.all([fay, gus].map(({ client }) => client.close()));
      await loseAndRestore(file);

      const again = await back(gus, hal);
      await again[1]?.until((one) => filesOf(one).length === 1);
      const [info] = filesOf(gus);
      if (info === undefined) throw new Error('no file came');
      for (const person of again) {
        const target = new MemoryTarget();
        await person.client.fetchFile(info, target);
        expect(Buffer.from(target.bytes).equals(film)).toBe(true);
      }
      await Promise.all(again.map(({ client }) => client.close()));
    },
    DRILL_MS,
  );

  test(
    'people who had gone further than the backup lose nothing that is said afterwards, and see it behind what they have',
    async () => {
      let [dan, eve] = (await Promise.all(['dan', 'eve'].map((name) => people.signUp(name)))) as [Person, Person];
      await Promise.all([dan, eve].map((person) => person.online()));
      await dan.client.groups.create('pair@localhost', { members: ['eve@localhost'] });
      await eve.until((one) => one.of('membership').length > 0);
      await dan.say('#pair@localhost', 'before');
      await dan.say('eve@localhost', 'direct before');
      await Promise.all(['before', 'direct before'].map((text) => hears(eve, text)));
      const file = await backUp('old');
      const later = Array.from({ length: 70 }, (_, index) => `later ${index}`);
      await dan.say('#pair@localhost', ...later);
      await Promise.all(later.map((text) => hears(eve, text)));
      await eve.client.close(); // these are stored: numbers of the mailbox go on, too
      await dan.say('eve@localhost', 'direct later');
      eve = (await back(eve))[0] as Person;
      await hears(eve, 'direct later');
      await Promise.all([dan, eve].map(({ client }) => client.close()));
      await loseAndRestore(file);

      [dan] = (await back(dan)) as [Person];
      await dan.say('#pair@localhost', 'after, while eve is away');
      await dan.say('eve@localhost', 'direct after, while eve is away');
      eve = (await back(eve))[0] as Person;
      await Promise.all(
        ['after, while eve is away', 'direct after, while eve is away'].map((text) => hears(eve, text)),
      );
      await eve.say('#pair@localhost', 'after');
      await eve.say('dan@localhost', 'direct after');
      await Promise.all(['after', 'direct after'].map((text) => hears(dan, text)));
      const said = ['before', ...later, 'after, while eve is away', 'after'];
      for (const person of [dan, eve]) {
        expect(await lines(person, '#pair@localhost')).toEqual(said);
        expect([person.of('gap'), person.of('unreadable'), person.of('group')]).toEqual([[], [], []]);
      }
      expect(await lines(eve, 'dan@localhost')).toEqual([
        'direct before',
        'direct later',
        'direct after, while eve is away',
        'direct after',
      ]);
    },
    DRILL_MS,
  );
});
