// A process that opens the profile of bench/history.ts as a user's would, looks into it once, and says how long each look took, in ms.
// Arguments: directory, file of the same texts in the clear, how many messages there are, a name for this run.
import { readFileSync } from 'node:fs';
import { COMMON_WORD, CONVERSATIONS, home, PASSWORD, Writers, wordOf, write } from './history-profile.ts';

/** A page of the last messages, and of what is found. */
const PAGE_LINES = 50;
const WARM_SEARCHES = 5;
const SAMPLES = 3;
const ALONE = 150;
const BATCHES = 10;
const BATCH = 64;
/** In no text. */
const NOWHERE = 'nowhere at all';

/** `lost`: samples that were not found, or not alone. */
export type Look = {
  readonly ms: {
    readonly [name in Metric]: number;
  };
  readonly plainMs: number;
  readonly lost: number;
  readonly rssMb: number;
};
export type Metric =
  | 'open_cold'
  | 'last_page'
  | 'search_cold'
  | 'search_warm'
  | 'search_common'
  | 'append'
  | 'append_unsearched'
  | 'append_64'
  | 'append_64_unsearched';

const [directory = '', plainFile = '', count = '', run = ''] = process.argv.slice(2);
const messages = Number(count);

async function timed(work: () => Promise<unknown>, times = 1): Promise<number> {
  const start = performance.now();
  for (let done = 0; done < times; done++) await work();
  return (performance.now() - start) / times;
}

const opening = performance.now();
const profile = await home(directory).open(PASSWORD);
await profile.history.conversations();
const openCold = performance.now() - opening;

const { history } = profile;
const search = (text: string) => history.search({ text, limit: PAGE_LINES }, 0);
const lastPage = await timed(() => history.before(CONVERSATIONS[0] ?? '', PAGE_LINES));
const searchCold = await timed(() => search(NOWHERE));
const searchWarm = await timed(() => search(NOWHERE), WARM_SEARCHES);
const searchCommon = await timed(() => search(COMMON_WORD));
let lost = 0;
for (let sample = 0; sample < SAMPLES; sample++) {
  const index = Math.floor(((messages - 1) * sample) / (SAMPLES - 1));
  if ((await search(wordOf(index))).length !== 1) lost++;
}

const plainMs = await timed(async () =>
  readFileSync(plainFile, 'utf8')
    .split('\n')
    .filter((line) => line.includes(NOWHERE)),
);

// Both kinds in turn, so that whatever else the machine does meets both; made ahead, in the order in which they come.
const writers = new Writers(run, messages);
async function appends(size: number, times: number): Promise<[searched: number, unsearched: number]> {
  const batchOf = (searched: boolean) => Array.from({ length: size }, () => writers.next(searched));
  const pairs = Array.from({ length: times }, () => [batchOf(true), batchOf(false)] as const);
  let [searched, unsearched] = [0, 0];
  for (const [one, other] of pairs) {
    searched += await timed(() => write(profile, one));
    unsearched += await timed(() => write(profile, other));
  }
  return [searched / times, unsearched / times];
}
const [append, appendUnsearched] = await appends(1, ALONE);
const [append64, append64Unsearched] = await appends(BATCH, BATCHES);
await profile.close();

const look: Look = {
  ms: {
    ...{ open_cold: openCold, last_page: lastPage, search_cold: searchCold, search_warm: searchWarm },
    ...{ search_common: searchCommon, append, append_unsearched: appendUnsearched },
    ...{ append_64: append64, append_64_unsearched: append64Unsearched },
  },
  plainMs,
  lost,
  rssMb: process.memoryUsage.rss() / 1e6,
};
process.stdout.write(`${JSON.stringify(look)}\n`);
