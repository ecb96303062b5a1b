// Exports as they lie in the repository (test/export.*): what hostile people wrote stays text in them.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type HistoryEntry, textContent } from '../../sdk/index.ts';
import { exported, type Format } from './exporting.ts';
import { writeNewFile } from './new-file.ts';

const AL = 'al@localhost';
const BO = 'bo@localhost';
const START = Date.UTC(2026, 10, 21, 12, 31);

const HOSTILE = [
  '# Not a heading\n===\n\n- no list\n> no quote',
  '[a link](https://evil.example) ![an image](https://evil.example/x.png) <https://evil.example> www.evil.example a@evil.example',
  '<script>alert(1)</script> <img src=x onerror=alert(1)> &lt; &amp;\n[x]: https://evil.example "title"',
  '```\nno fence\n~~~\n`no code`\n    `',
  '\n\n# after empty lines\n\n\tbehind a tab',
  '`bo@localhost`, 2026-11-21T12:31:00.000Z:\n\n    forged',
  '\u001b[2Jescape \u202egnirts\u202c \u2028 separators \r # carriage return',
  'plain: Grüße, 東京, مرحبا, 👩‍👩‍👧',
];

function client(texts: readonly string[], change: Partial<HistoryEntry> = {}) {
  const lines = texts.map(
    (text, i): HistoryEntry => ({
      ...{
        conversation: BO,
        position: i + 1,
        id: `id ${i + 1}`,
        from: BO,
        device: 'device of bo',
        seq: i + 1,
        kind: 'text',
      },
      ...{
        content: textContent(text),
        sentAt: START + i * 60_000,
        receivedAt: START + i * 60_000 + 21,
        expiry: 0,
        own: false,
      },
      ...change,
    }),
  );
  return {
    account: { address: AL },
    lines,
    history: {
      before: async () => [],
      after: async (_name: string, limit: number, after: number) =>
        lines.filter(({ position }) => position > after).slice(0, limit),
      late: async () => [],
    },
  };
}

async function written(from: ReturnType<typeof client>, format: Format): Promise<string> {
  let text = '';
  for await (const { lines } of exported(from, BO, format)) text += lines.map((line) => `${line}\n`).join('');
  return text;
}

/** What became of an own message, of which an export names the outcome and the recipients. */
const sent: NonNullable<HistoryEntry['sent']> = {
  ...{ id: 'id 1', device: 'device of al', conversation: BO, seq: 1, sentAt: START, slotted: ['device of bo'] },
  ...{ k: new Uint8Array(32), mh: new Uint8Array(32) },
  outcome: 'accepted',
  recipients: { [BO]: { state: 'delivered' } },
};

function example() {
  const from = client(HOSTILE);
  const own = client(['my answer\nin two lines'], { own: true, from: AL, device: 'device of al' }).lines[0];
  const late = client(['written before, came later'], { late: true, receivedAt: START + 3_600_000 }).lines[0];
  const unknown = client(['x'], { content: Uint8Array.of(9, 35, 32, 35) }).lines[0];
  for (const [i, line] of [own, late, unknown].entries()) {
    const position = HOSTILE.length + 1 + i;
    if (line) from.lines.push({ ...line, position, ...(line.own ? { sent } : {}) });
  }
  return from;
}

it.each([
  ['jsonl', 'export.jsonl'],
  ['markdown', 'export.md'],
] as const)('the export as %s is what it was', async (format, file) => {
  await expect(await written(example(), format)).toMatchFileSnapshot(`../test/${file}`);
});

it('each JSON line is the whole of a message', async () => {
  const lines = (await written(client(HOSTILE), 'jsonl')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).text)).toEqual(HOSTILE);
});

it('in Markdown every line of a text is code, whatever somebody wrote', async () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '\n', '\r', '\t', '`', '#', '<', '>', '[', ']', '-', '~', '\0', '\u2028'),
    minLength: 1,
  });
  await fc.assert(
    fc.asyncProperty(text, async (of) => {
      const [heading, empty, who, between, ...code] = (await written(client([of]), 'markdown'))
        .slice(0, -1)
        .split('\n');
      expect([heading, empty, who, between]).toEqual([
        ...['# Conversation with `bo@localhost`', '', '`bo@localhost`, 2026-11-21T12:31:00.000Z:', ''],
      ]);
      expect(code.filter((line) => !line.startsWith('    '))).toEqual([]);
      expect(code.join('')).not.toMatch(/[\t\r\0\u2028]/);
    }),
  );
});

it('a file is made anew for its owner, never overwritten, and gone again where its writing ends early', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-export-'));
  const file = join(directory, 'bo.md');
  async function* pieces(fails: boolean) {
    yield 'one\n';
    if (fails) throw new Error('ended');
    yield 'two\n';
  }
  try {
    await expect(writeNewFile(file, pieces(true))).rejects.toThrow('ended');
    expect(readdirSync(directory)).toEqual([]);
    await writeNewFile(file, pieces(false));
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, 'mine');
    await expect(writeNewFile(file, pieces(false))).rejects.toThrow(/bo\.md cannot be written: it exists already/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await expect(writeNewFile(join(file, 'x'), pieces(false))).rejects.toThrow(/is a file\.$/);
    await expect(writeNewFile(join(directory, 'no', 'x'), pieces(false))).rejects.toThrow(/folder does not exist\.$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
