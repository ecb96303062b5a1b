import { expect, test } from 'vitest';
import { decodeText } from '#protocol/bytes.ts';
import { textContent } from '../content/content.ts';
import { bulkNacl } from '../crypto/bulk.nacl.ts';
import { random } from './example.fixture.ts';
import { memoryStorage } from './memory-storage.ts';
import { matching, pack, unpack } from './packs.ts';
import { SealedRecords } from './sealed-records.ts';
import { PACKS, type PackedAt, type PackRecord, SINGLE, TAIL } from './spaces.ts';

const newRecords = () => new SealedRecords({ storage: memoryStorage(), random, bulk: bulkNacl }, random(32));
const line = (position: number) => ({ conversation: 'bo@localhost', from: 'bo@localhost', position });

test('texts that go one after the other, each before the next one comes, leave no packs behind', async () => {
  await newRecords().write(async (tx) => {
    for (let position = 1; position <= 12_000; position++) {
      const packed = await pack(tx, line(position), textContent('a text'));
      if (packed) await unpack(tx, [packed]);
    }
    expect((await tx.range(PACKS, {})).length).toBeLessThanOrEqual(1);
  });
});

test('of a text that was taken out nothing is left, in the tail or in a pack, and the others have their numbers', async () => {
  await newRecords().write(async (tx) => {
    const places: PackedAt[] = [];
    for (let position = 1; position <= 100; position++) {
      const packed = await pack(tx, line(position), textContent(`gull ${position}.`));
      if (packed) places.push(packed);
    }
    const all = async (): Promise<[PackRecord, number][]> => {
      const packs = (await tx.range(PACKS, {})).map(({ value }): [PackRecord, number] => [value, 1]);
      const tail = await tx.get(TAIL, SINGLE);
      return tail === undefined ? packs : [...packs, [tail, tail.first]];
    };
    expect(await all()).toHaveLength(2);
    await unpack(
      tx,
      places.filter((_, at) => at % 2 === 0),
    );
    const texts = (await all()).map(([{ texts, lines }]) => decodeText(texts) + decodeText(lines)).join('');
    const found = (await all()).flatMap(([record, first]) => matching(record, first, 'gull').reverse());
    expect(found).toEqual(Array.from({ length: 50 }, (_, i) => ({ ...line(2 * i + 2), number: 2 * i + 2 })));
    for (let position = 1; position <= 100; position += 2) expect(texts).not.toContain(`gull ${position}.`);
  });
});
