// What is found in a profile, on whatever storage: the same as a plain filter over all lines would find.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeText } from '#protocol/bytes.ts';
import { fileContent, readContent, textContent } from '../content/content.ts';
import { exampleChain, exampleMessage } from './example.fixture.ts';
import { folded } from './folded.ts';
import type { Found, Profile, Received, Search } from './profile.ts';
import type { ProfileOn } from './profile-on.fixture.ts';

const EVER = Number.MAX_SAFE_INTEGER;

export function searchContract({ start }: ProfileOn): void {
  test('what is found is what a plain filter finds, newest first, page after page, whatever was written and has expired', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.array(query, { minLength: 1, maxLength: 6 }),
        async (...of) => {
          const [steps, queries] = of;
          const { profile } = await start();
          const model = new Model(profile);
          for (const one of steps) await model.take(one);
          for (const one of queries) {
            const expected = model.found(one);
            const pages: string[] = [];
            for (let before: number | undefined; ; ) {
              const page = await profile.history.search(before === undefined ? one : { ...one, before }, model.now);
              pages.push(...page.map(textOf));
              before = page.at(-1)?.number;
              if (page.length < one.limit || before === undefined) break;
            }
            expect(pages).toEqual(expected);
          }
          await profile.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  test('case, width, accents typed in two ways and final letters make no difference; parts of words and any script are found', async () => {
    const { profile } = await start();
    const texts = [
      'GRÜSSE aus Möln',
      'Gru\u0308ße',
      '東京タワー',
      'ﾀﾜｰ',
      'ΟΔΟΣ',
      'مرحبا بالعالم',
      '👩‍👩‍👧 family',
      'a\0b',
    ];
    await write(profile, texts);
    const finds = async (text: string) => (await profile.history.search({ text, limit: 9 }, 0)).map(textOf);
    expect(await finds('grü')).toEqual(['Gru\u0308ße', 'GRÜSSE aus Möln']);
    expect(await finds('GRU\u0308')).toEqual(['Gru\u0308ße', 'GRÜSSE aus Möln']);
    expect(await finds('タワー')).toEqual(['ﾀﾜｰ', '東京タワー']);
    expect(await finds('京')).toEqual(['東京タワー']);
    expect(await finds('οδοσ')).toEqual(['ΟΔΟΣ']);
    expect(await finds('ΔΟΣ')).toEqual(['ΟΔΟΣ']);
    expect(await finds('عالم')).toEqual(['مرحبا بالعالم']);
    expect(await finds('👧')).toEqual(['👩‍👩‍👧 family']);
    expect(await finds('a\0b')).toEqual(['a\0b']);
    expect(await finds('möln\0gru')).toEqual([]);
    expect(await finds('')).toEqual([]);
    expect(await finds('nowhere')).toEqual([]);
  });

  test('own lines are found with what became of them, late ones in the place where they came, and only texts at all', async () => {
    const { profile } = await start();
    await write(profile, ['one gull', 'two gulls']);
    await profile.sending.enqueue([exampleMessage({ content: textContent('my gull') })]);
    await profile.receiving.commitReceived({
      messages: exampleChain(1, { content: encodeText('\u0002 a gull of another kind') }),
    });
    const found = await profile.history.search({ text: 'gull', limit: 9 }, 0);
    expect(found.map(textOf)).toEqual(['my gull', 'two gulls', 'one gull']);
    expect(found[0]).toMatchObject({ own: true, sent: { outcome: 'pending' } });
    const [line] = await profile.history.before(found[1]?.conversation ?? '', 1, (found[1]?.position ?? 0) + 1);
    expect({ ...line, number: found[1]?.number }).toEqual(found[1]);
  });

  test('files are found by their names, until they expire', async () => {
    const { profile } = await start();
    const bytes = new Uint8Array(32);
    const file = { blob: bytes, key: bytes, root: bytes, size: 5, type: 'image/png', name: 'Möwe am Strand.png' };
    const [line] = exampleChain(1, { content: fileContent(file), kind: 'file', expiry: 50 });
    if (line === undefined) throw new Error('one was made');
    await profile.receiving.commitReceived({ messages: [line] });
    const finds = async (text: string) => (await profile.history.search({ text, limit: 9 }, 0)).map(({ id }) => id);
    expect(await finds('MÖWE')).toEqual([line.id]);
    expect(await finds('image')).toEqual([]);
    await profile.history.deleteExpired(50);
    expect(await finds('möwe')).toEqual([]);
  });

  test('what expired is not found from that moment on, also before it is deleted, and what stands beside it is', async () => {
    const { profile } = await start();
    const chain = exampleChain(300, { content: textContent('a gull') });
    await profile.receiving.commitReceived({
      messages: chain.map((one, i) => (i % 3 === 0 ? one : { ...one, expiry: 50 })),
    });
    const count = async (now: number) => (await profile.history.search({ text: 'gull', limit: 1_000 }, now)).length;
    expect([await count(49), await count(50)]).toEqual([300, 100]);
    expect(await profile.history.deleteExpired(50)).toBe(200);
    expect([await count(0), await count(50)]).toEqual([100, 100]);
    await write(profile, ['one more gull']);
    expect(await count(50)).toBe(101);
  });

  test('of a conversation all of which expired no pack stays but the one that takes the next text, which is found', async () => {
    const { profile, place } = await start();
    const packs = async () => {
      const storage = place.open();
      const rows = await storage.read((tx) => tx.range(20, {}));
      await storage.close();
      return rows.length;
    };
    const chain = exampleChain(500, { content: textContent('a text of some length '.repeat(20)), expiry: 50 });
    await profile.receiving.commitReceived({ messages: chain });
    expect(await packs()).toBeGreaterThan(5);
    await profile.history.deleteExpired(50);
    expect(await packs()).toBeLessThanOrEqual(1);
    await write(profile, ['a gull']);
    expect((await profile.history.search({ text: 'gull', limit: 9 }, 50)).map(textOf)).toEqual(['a gull']);
  });

  test('several processes write into one profile, and each finds the lines of all', async () => {
    const { profile, again } = await start();
    const other = await again();
    await Promise.all([1, 2, 3, 4].flatMap((n) => [write(profile, [`gull a${n}`]), write(other, [`gull b${n}`])]));
    for (const one of [profile, other]) {
      expect(await one.history.search({ text: 'GULL', limit: 99 }, 0)).toHaveLength(8);
    }
  });
}

async function write(profile: Profile, texts: readonly string[]): Promise<void> {
  const chain = exampleChain(texts.length);
  const messages = chain.map((one, i) => ({ ...one, content: textContent(texts[i] ?? '') })); // one for each
  await profile.receiving.commitReceived({ messages });
}

function textOf({ content }: Pick<Found, 'content'>): string {
  const read = readContent(content);
  return read.kind === 'text' ? read.text : '';
}

const NAMES = ['bo@localhost', 'cy@localhost'];
/** Few letters, so that much is found; some grow or shrink when they are folded. */
const text = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', ' ', 'é', 'e\u0301', 'İ', 'ﬃ', 'ς', '京', '\u{1f44b}'),
  minLength: 1,
  maxLength: 6,
});
const written = fc.record({
  conversation: fc.constantFrom(...NAMES),
  // Long ones fill packs.
  text: fc.oneof(
    text,
    text.map((short) => short.repeat(2_000)),
  ),
  own: fc.boolean(),
  expiry: fc.constantFrom(0, 0, 10, 20, EVER),
});
const step = fc.oneof(
  fc.array(written, { minLength: 1, maxLength: 5 }),
  fc.constantFrom(10, 15, 20).map((deleteAt) => ({ deleteAt })),
);
type Written = typeof written extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const query: fc.Arbitrary<Search> = fc.record(
  {
    text,
    conversation: fc.constantFrom(...NAMES),
    from: fc.constantFrom(...NAMES),
    limit: fc.integer({ min: 1, max: 4 }),
  },
  { requiredKeys: ['text', 'limit'] },
);

/** All lines that were written and did not expire, in a list. */
class Model {
  readonly #profile: Profile;
  readonly #devices = new Map(NAMES.map((name) => [name, exampleChain(200, { conversation: name, from: name })]));
  #lines: Written[] = [];
  now = 0;

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  async take(step: Step): Promise<void> {
    if ('deleteAt' in step) {
      this.now = Math.max(this.now, step.deleteAt);
      await this.#profile.history.deleteExpired(this.now);
      return;
    }
    for (const { conversation, text, own, expiry } of step) {
      const content = textContent(text);
      if (own) {
        await this.#profile.sending.enqueue([exampleMessage({ conversation, content, expiry })]);
      } else {
        const next = this.#devices.get(conversation)?.shift() as Received; // 200 are enough
        await this.#profile.receiving.commitReceived({ messages: [{ ...next, content, expiry }] });
      }
    }
    this.#lines.push(...step);
  }

  found({ text, conversation, from }: Search): string[] {
    return this.#lines
      .filter((line) => line.expiry === 0 || line.expiry > this.now)
      .filter((line) => conversation === undefined || line.conversation === conversation)
      .filter((line) => from === undefined || (!line.own && line.conversation === from))
      .filter((line) => folded(line.text).includes(folded(text)))
      .map((line) => line.text)
      .reverse();
  }
}
