// Groups against a model: people do in them what fast-check makes up, alone and at once, go away and come back, while the server is whole or
// is killed; in the end everybody has the same log, and every message has reached exactly those who were members, in one order.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Deployment } from '../deployment.fixture.ts';
import { ServerProcess } from '../server.fixture.ts';
import { describeOnAll } from '../services.fixture.ts';
import { SERVICES, StackProcesses } from '../stack.fixture.ts';
import { RUN_MAX_MS, UNDER_LOAD } from './form.ts';
import { GROUP_SEEDS, type Scale, scaleOf } from './group-form.ts';
import { runModel } from './group-runs.ts';

const RUNS = 100;
/** The short form of a mode takes less than a minute: none of its runs begins after this. */
const TIME_MS = 30_000;
const FAULTS_TIME_MS = 15_000;
/** On a busy machine there may be fewer: then not everything need have happened. */
const RUNS_THAT_SAY = 40;
/** What has happened after so many. */
const HAPPENS = ['create', 'add', 'remove', 'join', 'leave', 'admin', 'delete', 'message', 'refusal'];

type Faults = readonly (() => Promise<void>)[];

/** The runs of all seeds at the same time, each with people of its own. */
async function runAll(server: Deployment, seeds: readonly number[], scale: Scale, faults: Faults): Promise<void> {
  const log = () => server.stderr;
  const runs = seeds.map((seed) => runModel({ seed, scale, servers: server.urls, faults, log }));
  await Promise.allSettled(runs);
  const tallies = await Promise.all(runs);
  // Where one run is repeated there need not be everything.
  if (scale.runs.path !== undefined) return;
  const happened = new Set(tallies.flatMap((tally) => [...tally.keys()]));
  const runsDone = tallies.reduce((sum, tally) => sum + (tally.get('run') ?? 0), 0);
  const awaited = runsDone < RUNS_THAT_SAY ? ['message'] : faults.length > 0 ? ['fault', 'message'] : HAPPENS;
  expect(awaited.filter((what) => !happened.has(what))).toEqual([]);
}

describe('groups on one server', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await ServerProcess.start(UNDER_LOAD);
  });
  afterAll(() => server.remove());

  test(
    `are for everybody what the model says (seeds ${GROUP_SEEDS.join(', ')})`,
    () => runAll(server, GROUP_SEEDS, scaleOf(RUNS, TIME_MS), []),
    RUN_MAX_MS,
  );

  const seed = -(GROUP_SEEDS.at(-1) ?? 0);
  test(
    `and while it is killed now and then (seed ${seed})`,
    async () => {
      const kill = async (): Promise<void> => {
        await server.kill();
        await server.restart();
      };
      await runAll(server, [seed], scaleOf(RUNS, FAULTS_TIME_MS), [kill]);
    },
    RUN_MAX_MS,
  );
});

describeOnAll('groups on two of each service', (urls) => {
  let stack: StackProcesses;
  beforeAll(async () => {
    stack = await StackProcesses.start(urls, UNDER_LOAD);
  });
  afterAll(() => stack.remove());

  test(
    `are for everybody what the model says (seeds ${GROUP_SEEDS.join(', ')})`,
    () => runAll(stack, GROUP_SEEDS, scaleOf(RUNS, FAULTS_TIME_MS), []),
    RUN_MAX_MS,
  );

  const seed = -(GROUP_SEEDS.at(-1) ?? 0);
  test(
    `and while services are killed now and then (seed ${seed})`,
    async () => {
      const kills = SERVICES.map((service) => () => stack.replace(service, 'SIGKILL'));
      await runAll(stack, [seed], scaleOf(RUNS, FAULTS_TIME_MS), kills);
    },
    RUN_MAX_MS,
  );
});
