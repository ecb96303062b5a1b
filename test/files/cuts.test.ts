// Files are carried while the sender, the recipient and the server are killed and networks are cut, at random points of the way up and of the way down.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MIB } from '#protocol/limits.ts';
import { UNDER_LOAD } from '../chaos/form.ts';
import { randomFrom } from '../chaos/traffic.ts';
import { type Cut, openCut } from '../cut.fixture.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { ServerProcess } from '../server.fixture.ts';
import { describeOnAll } from '../services.fixture.ts';
import { StackProcesses } from '../stack.fixture.ts';
import { Carrier } from './carrier.fixture.ts';
import { type Happening, Journey, mustBeWhole, type Planned, type Way } from './cuts.ts';

/** In all files together; the full form, CONTRIBUTING.md. */
const CUTS = Number(process.env.PARLEY_CHAOS_FILE_CUTS ?? 12);
const SEED = Number(process.env.PARLEY_CHAOS_SEED ?? Date.now() & 0x7fffffff);
const CUTS_EACH = 6;
const SIZE_MAX_BYTES = 48 * MIB;
const RUN_MAX_MS = 1_800_000;
const [SENDER, RECIPIENT] = ['al@localhost', 'bo@localhost'];

/** What a process may say that gives up: no name of a bug, no line of a program. */
const SENTENCE = /^(Refusal|RequestError|Unavailable|Unreachable): [^\n]+\.$/;

type Random = () => number;

/** A file each time, and what happens to it. */
async function carryAll(
  server: string,
  happenings: readonly Happening[],
  seed: number,
  log: () => string,
): Promise<void> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'parley-files-')));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const [folder, sources] = [join(place, 'saved'), join(place, 'sources')];
  mkdirSync(folder);
  mkdirSync(sources);
  const random = randomFrom(seed);
  const hashes = new Set<string>();
  const happened: string[] = [];
  const carriers: Carrier[] = [];
  onTestFinished(async () => void (await Promise.all(carriers.map((one) => one.kill()))));
  const started = (role: 'sender' | 'recipient', args: readonly string[]): Carrier => {
    const carrier = new Carrier(role, [server, join(place, role), ...args]);
    carriers.push(carrier);
    return carrier;
  };
  // Both have an account before anything can go wrong: what follows is about files.
  for (let file = 0; happened.length < CUTS; file += 1) {
    const name = `file${file}.bin`;
    const bytes = randomBytes(Math.floor(random() * SIZE_MAX_BYTES));
    const path = join(sources, name);
    writeFileSync(path, bytes);
    hashes.add(createHash('sha256').update(bytes).digest('hex'));
    const programs = {
      up: () => started('sender', [SENDER, RECIPIENT, path]),
      down: () => started('recipient', [RECIPIENT, SENDER, name, folder]),
    };
    if (file === 0) {
      const recipient = programs.down();
      await recipient.next();
      await recipient.kill();
    }
    const journey = new Journey(programs, () => mustBeWhole(folder, hashes), log);
    const planned = planOf(random, happenings, CUTS - happened.length);
    await journey.go('up', planned);
    const saved = (await journey.go('down', planned)) ?? '';
    expect(dirname(saved), journey.told).toBe(folder);
    expect(readFileSync(saved).equals(bytes), journey.told).toBe(true);
    mustBeWhole(folder, hashes);
    for (const one of readdirSync(folder)) rmSync(join(folder, one));
    for (const sentence of journey.sentences) expect(sentence, journey.told).toMatch(SENTENCE);
    happened.push(...journey.happened);
  }
}

function planOf(random: Random, happenings: readonly Happening[], most: number): Planned[] {
  return Array.from({ length: Math.min(CUTS_EACH, most) }, () => {
    const which = Math.floor(random() * (happenings.length + 1));
    const way: Way = random() < 0.5 ? 'up' : 'down';
    return { way, at: random() * 0.95, happening: happenings[which] ?? 'killed' };
  });
}

function cutAndMend(network: Cut, how: 'cut' | 'freeze', name: string): Happening {
  return {
    name,
    async happen() {
      await network[how]();
      await network.mend();
    },
  };
}

async function serverOf(start: () => Promise<Deployment>): Promise<Deployment> {
  const server = await start();
  onTestFinished(() => server.remove());
  return server;
}

test(
  `embedded: files arrive whole over ${CUTS} cuts of sender, recipient, server and network, and never in parts (seed ${SEED})`,
  async () => {
    const server = await serverOf(() => ServerProcess.start(UNDER_LOAD));
    const network = await openCut(server.url);
    onTestFinished(() => network.close());
    const happenings = [
      {
        name: 'server killed',
        async happen() {
          await server.kill();
          await server.restart();
        },
      },
      cutAndMend(network, 'cut', 'network cut'),
    ];
    await carryAll(network.url, happenings, SEED, () => server.stderr);
  },
  RUN_MAX_MS,
);

describeOnAll('distributed', (urls) => {
  test(
    `files arrive whole over ${CUTS} cuts of sender, recipient, services and store, and never in parts (seed ${SEED})`,
    async () => {
      const store = await openCut(urls.MONGO);
      onTestFinished(() => store.close());
      const stack = await StackProcesses.start({ ...urls, MONGO: store.url }, UNDER_LOAD);
      onTestFinished(() => stack.remove());
      const replaced = (service: 'delivery' | 'gateway'): Happening => ({
        name: `${service} killed`,
        happen: () => stack.replace(service, 'SIGKILL'),
      });
      const happenings = [replaced('delivery'), replaced('gateway'), cutAndMend(store, 'cut', 'store cut')];
      await carryAll(stack.url, happenings, SEED, () => stack.stderr);
    },
    RUN_MAX_MS,
  );
});
