// A profile with a long history, for measuring: texts of a made-up language whose words are as unevenly common as those of a real one, in a few
// conversations, written as they come from a server. The same texts every time.
import { createHash, randomFillSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { encodeBase64 } from '#protocol/base64.ts';
import { textContent } from '../clients/sdk/content/content.ts';
import { nodeProfileHome } from '../clients/sdk/node/profile-home.ts';
import type { StretchCost } from '../clients/sdk/profile/key.ts';
import type { NewAccount, Profile, Received } from '../clients/sdk/profile/profile.ts';

export const PASSWORD = 'lantern quarry biscuit';
/** What `open` is measured with: the stretching of the password, which costs what it is meant to cost, is measured by itself. */
const CHEAP: StretchCost = { memoryKiB: 64, passes: 1, lanes: 1 };
export const CONVERSATIONS = Array.from({ length: 20 }, (_, index) => `friend${index}@example.org`);
/** More than come at a time: to make the profile is not what is measured. */
const BATCH = 512;
const VOCABULARY_WORDS = 20_000;
/** Words of a text: 1 to 29; 112 bytes on average. */
const WORDS_MAX = 29;
const SYLLABLES = [
  'ba',
  'ke',
  'lo',
  'mi',
  'nu',
  'ra',
  'se',
  'ti',
  'vo',
  'zu',
  'pra',
  'stu',
  'gran',
  'fel',
  'mö',
  'шка',
];
const FIRST_TIME = Date.UTC(2026, 0, 1);
const BETWEEN_MS = 60_000;

export const home = (directory: string, cost: StretchCost = CHEAP) =>
  nodeProfileHome({ directory, random: (bytes) => randomFillSync(new Uint8Array(bytes)), cost });

/** Messages of one sender's device each, correctly numbered and chained, from `first` on. `plain`: content that no search looks into. */
export class Writers {
  readonly #chains = new Map<string, { seq: number; mh: Uint8Array; readonly device: string }>();
  readonly #run: string;
  #count: number;

  /** `run`: two with different names have different devices. */
  constructor(run: string, first: number) {
    this.#run = run;
    this.#count = first;
  }

  next(searched = true): Received {
    const index = this.#count++;
    const from = CONVERSATIONS[index % CONVERSATIONS.length] ?? '';
    const before = this.#chains.get(from) ?? { seq: 0, mh: new Uint8Array(32), device: hash(`${this.#run} ${from}`) };
    const mh = new Uint8Array(createHash('sha256').update(`${this.#run} ${index}`).digest());
    const seq = before.seq + 1;
    this.#chains.set(from, { ...before, seq, mh });
    const at = FIRST_TIME + index * BETWEEN_MS;
    const content = textContent(textOf(index));
    // A kind that is no text.
    if (!searched) content[0] = 0xff;
    return {
      ...{
        conversation: from,
        from,
        device: before.device,
        id: hash(`${this.#run} id ${index}`).slice(0, 22).concat('=='),
        seq,
        mh,
      },
      ...{
        previous: before.mh,
        order: 0,
        kind: 'text',
        content,
        sentAt: at,
        receivedAt: at,
        takenAt: at,
        expiry: 0,
        show: true,
      },
    };
  }
}

/** The text of a message; `wordOf` is in it and in no other. */
function textOf(index: number): string {
  const random = sequence(index);
  const words = Array.from({ length: 1 + Math.floor(random() * WORDS_MAX) }, () => wordAt(random()));
  words.splice(Math.floor(random() * words.length), 0, wordOf(index));
  return `${words[0]?.replace(/^./, (letter) => letter.toUpperCase())} ${words.slice(1).join(' ')}`;
}

export const wordOf = (index: number): string => `no${index}.`;
/** In two of three texts. */
export const COMMON_WORD = 'Bake';

/** Makes a profile of so many messages in this directory, and the same texts, folded already, one a line, in a file that is not encrypted. */
export async function makeHistory(directory: string, plainFile: string, messages: number): Promise<void> {
  const account: NewAccount = {
    ...{ address: 'al@example.org', domain: 'example.org', servers: ['ws://127.0.0.1:7070'], serverKey: 'none' },
    ...{
      identity: new Uint8Array(32),
      device: hash('own'),
      boxSecret: new Uint8Array(32),
      signSeed: new Uint8Array(32),
    },
    passwordVersion: 0,
  };
  const profile = await home(directory).create(account, PASSWORD);
  const writers = new Writers('made', 0);
  for (let made = 0; made < messages; made += BATCH) {
    await write(
      profile,
      Array.from({ length: Math.min(BATCH, messages - made) }, () => writers.next()),
    );
  }
  await profile.close();
  writeFileSync(plainFile, Array.from({ length: messages }, (_, index) => textOf(index).toLowerCase()).join('\n'));
}

export async function write(profile: Profile, messages: readonly Received[]): Promise<void> {
  await profile.receiving.commitReceived({ messages });
}

/** A word by its rank: half of all words are among the first hundred. */
function wordAt(share: number): string {
  let rank = Math.floor(VOCABULARY_WORDS ** share) - 1;
  let word = '';
  do {
    word += SYLLABLES[rank % SYLLABLES.length];
    rank = Math.floor(rank / SYLLABLES.length);
  } while (rank > 0);
  return word.length < 4 ? `${word}ke` : word;
}

/** Numbers from 0 to 1 (xorshift), the same for the same seed. */
function sequence(seed: number): () => number {
  let state = (seed + 1) * 2_654_435_761;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function hash(text: string): string {
  return encodeBase64(new Uint8Array(createHash('sha256').update(text).digest()));
}
