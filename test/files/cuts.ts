// A file on its way from one person's disk to another's, and what happens at random points of it: whoever is killed comes again, whatever is cut is mended. What
// must hold: it arrives whole, or somebody reads in a sentence why not; and never is a part of it under its name.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Progress } from '../chaos/progress.ts';
import type { Carrier } from './carrier.fixture.ts';
import type { Line } from './line.ts';

/** Something that happens to others than the two: resolves when it is over. */
export type Happening = { readonly name: string; happen(): Promise<void> };

export type Way = 'up' | 'down';
/** `at`: share of the file that is there by then. `happening`: 'killed' is the one who carries it. */
export type Planned = { readonly way: Way; readonly at: number; readonly happening: Happening | 'killed' };

/** Of the server's log, where nothing happens any more. */
const LOG_CHARS = 10_000;
/** So often in a row a process may fail by itself, each time with a sentence. */
const FAILURES_MAX = 5;

export class Journey {
  /** What a process said when it gave up; another began again after that. */
  readonly sentences: string[] = [];
  /** What has really happened, in words. */
  readonly happened: string[] = [];
  readonly #programs: Readonly<Record<Way, () => Carrier>>;
  readonly #look: () => void;
  readonly #log: () => string;
  #heard = 0;

  /** `look`: at what the recipient sees, whenever something happened. `log`: of the server, for what a journey tells that came to no end. */
  constructor(programs: Readonly<Record<Way, () => Carrier>>, look: () => void, log: () => string) {
    this.#programs = programs;
    this.#look = look;
    this.#log = log;
  }

  /** For whoever has to find out why it failed. */
  get told(): string {
    return [...this.happened, ...this.sentences].join('\n');
  }

  /** Brings the file one way over all that is planned; resolves with where it was saved, if it was. Throws if whoever carries it says nothing any more. */
  async go(way: Way, planned: readonly Planned[]): Promise<string | undefined> {
    let last = '';
    const progress = new Progress(
      () => this.#heard,
      () => [`It goes ${way} no more, after ${last}`, this.told, this.#log().slice(-LOG_CHARS)].join('\n'),
    );
    const heard = (line: Line | undefined) => {
      this.#heard += 1;
      last = JSON.stringify(line) ?? 'the end of a process';
      this.#look();
      return line;
    };
    try {
      return await progress.within(this.#go(way, planned, heard));
    } finally {
      progress.end();
    }
  }

  async #go(
    way: Way,
    planned: readonly Planned[],
    heard: (line: Line | undefined) => Line | undefined,
  ): Promise<string | undefined> {
    const ahead = planned.filter((one) => one.way === way).sort((one, other) => one.at - other.at);
    let failures = 0;
    let carrier = this.#programs[way]();
    for (;;) {
      const line = heard(await carrier.next());
      if (line?.type === 'done') return line.path;
      if (line === undefined || line.type === 'failed') {
        failures += 1;
        this.sentences.push(line?.message ?? 'It ended without a word');
        if (failures > FAILURES_MAX) throw new Error(`It went ${way} in vain: ${this.sentences.join(' ')}`);
        await carrier.kill();
        carrier = this.#programs[way]();
        continue;
      }
      const [next] = ahead;
      const share = line.type === 'progress' ? line.done / Math.max(1, line.total) : 0;
      if (!next || share < next.at) continue;
      ahead.shift();
      failures = 0;
      this.happened.push(`${way} ${share.toFixed(2)} ${next.happening === 'killed' ? 'killed' : next.happening.name}`);
      if (next.happening === 'killed') {
        await carrier.kill();
        this.#look();
        carrier = this.#programs[way]();
      } else {
        await next.happening.happen();
      }
    }
  }
}

/**
 * Throws if a file that anybody can see in this folder is none of these, whole; by whatever name: whoever is killed between saving and saying so saves it
 * again beside it. `hashes`: SHA-256 in hexadecimal.
 */
export function mustBeWhole(folder: string, hashes: ReadonlySet<string>): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('.')) continue; // what is not whole yet has no name that anybody sees
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    if (!hashes.has(hash)) throw new Error(`${name} is not what was sent.`);
  }
}
