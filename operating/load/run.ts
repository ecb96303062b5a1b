// A run from its first look at the server to its figures: accounts, groups, messages at their rate, the last deliveries, farewell.
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '#runtime/config.ts';
import { StartError } from '#runtime/start-error.ts';
import { RequestError, withConnection } from '../../clients/sdk/index.ts';
import { nodePlatform } from '../../clients/sdk/node/platform.ts';
import type { LoadSettings } from './config.ts';
import { Crew } from './crew.ts';
import type { Figures } from './figures.ts';
import type { Phase } from './messages.ts';
import { nowMs } from './now.ts';
import { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { Recorder, type Second } from './recorder.ts';
import { verdictOf } from './verdict.ts';

const SECOND_MS = 1_000;
/** Threads get their order, and clients that have just come are done with what a session begins with. */
const START_IN_MS = 500;
const LOOK_MS = 100;
const US_PER_MS = 1_000;
const NAMES: Readonly<Record<Phase, string>> = {
  'sign up': 'Accounts',
  'make groups': 'Groups',
  run: 'Messages',
  leave: 'Farewells',
};

export class Run {
  readonly #settings: LoadSettings;
  readonly #progress: Progress;
  readonly #plan: Plan;
  readonly #recorder: Recorder;
  readonly #seconds: Second[] = [];
  readonly #counts = new Map<Phase, number>();
  readonly #stopping = Promise.withResolvers<void>();
  #interrupted = false;
  #crew: Crew | undefined;
  #toldOfLimits = false;

  constructor(settings: LoadSettings, progress: Progress) {
    this.#settings = settings;
    this.#progress = progress;
    this.#plan = new Plan(settings.shape, randomInt(2 ** 31));
    this.#recorder = new Recorder(this.#plan);
  }

  /** Ends it early: what was sent is waited for, and there is a report of it. */
  interrupt(): void {
    this.#interrupted = true;
    this.#stopping.resolve();
    this.#crew?.stop();
  }

  /** Resolves with the figures, undefined if it was interrupted before a message was sent. Throws ConfigError, StartError. */
  async go(): Promise<Figures | undefined> {
    const { servers, caBundle, invitations, shape, workers, keep } = this.#settings;
    const domain = await this.#domain();
    const prefix = `load-${randomBytes(4).toString('hex')}`;
    const password = randomBytes(18).toString('base64url');
    const data = { shape, seed: this.#plan.seed, servers, caBundle, domain, prefix, password, invitations };
    const crew = new Crew(data, workers, {
      tick: (tick, thread) => this.#recorder.take(tick, thread),
      one: (phase) => this.#count(phase),
      waiting: (reason, seconds) => this.#waiting(reason, seconds),
    });
    this.#crew = crew;
    try {
      this.#progress.say(`The accounts of this run are ${prefix}-0 to ${prefix}-${shape.users - 1} at ${domain}.`);
      await crew.all({ type: 'sign up' });
      if (this.#interrupted) return undefined;
      await crew.all({ type: 'make groups', addresses: crew.addresses });
      if (this.#interrupted) return undefined;
      return { ...(await this.#measure(crew)), domain, prefix };
    } finally {
      await this.#farewell(crew, keep, prefix);
    }
  }

  /** What the server says of itself. Throws ConfigError where it will not take the accounts, StartError where it is away. */
  async #domain(): Promise<string> {
    const { servers, caBundle, invitations } = this.#settings;
    const platform = nodePlatform({ directory: '', ...(caBundle === undefined ? {} : { caBundle }) });
    const { domain, signUp } = await withConnection(platform, servers, async ({ challenge }) => challenge).catch(
      (error: unknown) => {
        throw new StartError(error instanceof Error ? error.message : String(error));
      },
    );
    if (signUp === 'closed')
      throw new StartError(`${servers[0]} takes no new accounts: ${new RequestError('sign_up_closed').message}`);
    if (signUp === 'invitation' && invitations === undefined) {
      throw new ConfigError(
        `${servers[0]} asks for invitations: give --invitations FILE with one a line, ${this.#settings.shape.users} of them.`,
      );
    }
    return domain;
  }

  async #measure(crew: Crew): Promise<Omit<Figures, 'domain' | 'prefix'>> {
    const { servers, shape, seconds, warmUp, settle, workers } = this.#settings;
    const { ledger } = this.#recorder;
    const startMs = nowMs() + START_IN_MS;
    const fromMs = startMs + warmUp * SECOND_MS;
    const endMs = fromMs + seconds * SECOND_MS;
    const startedAt = new Date().toISOString();
    this.#recorder.measure(fromMs, endMs);
    const running = crew.all({ type: 'run', startMs, endMs });
    running.catch(() => {}); // thrown below
    const measuring = () => {
      const phase = nowMs() < fromMs ? 'warm-up' : 'measured';
      this.#second(nowMs() < endMs && !this.#interrupted ? phase : 'settling');
    };
    await this.#untilOr(startMs);
    const timer = setInterval(measuring, SECOND_MS);
    try {
      await this.#untilOr(fromMs);
      const cpu = process.cpuUsage();
      await this.#untilOr(endMs);
      const measuredMs = Math.max(0, Math.min(endMs, nowMs()) - fromMs);
      const { user, system } = process.cpuUsage(cpu);
      this.#recorder.measure(fromMs, fromMs + measuredMs);
      await running;
      await this.#settled(nowMs() + settle * SECOND_MS);
      const per = measuredMs === 0 ? 0 : 1 / measuredMs;
      const acceptedRate = this.#recorder.acceptedInTime * per * SECOND_MS;
      const faults = ledger.faults();
      return {
        ...{ startedAt, servers, interrupted: this.#interrupted, faults, acceptedRate },
        parameters: { ...shape, seconds, warmUp, workers },
        measuredSeconds: measuredMs / SECOND_MS,
        ...{ sent: ledger.sent, accepted: ledger.accepted, delivered: ledger.arrived },
        acceptedMs: this.#recorder.accepted.summary,
        deliveredMs: this.#recorder.delivered.summary,
        acceptedDistribution: this.#recorder.accepted.distribution,
        deliveredDistribution: this.#recorder.delivered.distribution,
        verdict: verdictOf(faults, acceptedRate, shape.rate),
        errors: this.#recorder.errors,
        reconnects: this.#recorder.reconnects,
        generatorCpus: ((user + system) / US_PER_MS) * per,
        seconds: this.#seconds,
      };
    } finally {
      clearInterval(timer);
    }
  }

  #second(phase: string): void {
    const second = this.#recorder.second(nowMs());
    if (phase !== 'settling') this.#seconds.push(second);
    this.#progress.second(phase, second, this.#recorder.errors);
  }

  /** Until then, or until it is interrupted. */
  async #untilOr(timeMs: number): Promise<void> {
    const over = new AbortController();
    const waited = delay(Math.max(0, timeMs - nowMs()), undefined, { signal: over.signal }).catch(() => {});
    await Promise.race([waited, this.#stopping.promise]);
    over.abort();
  }

  async #settled(latestMs: number): Promise<void> {
    while (!this.#recorder.ledger.settled && nowMs() < latestMs) await delay(LOOK_MS);
  }

  async #farewell(crew: Crew, keep: boolean, prefix: string): Promise<void> {
    const left = await crew.leave(keep).catch((error: unknown) => {
      this.#progress.say(`Accounts could not be deleted: ${error instanceof Error ? error.message : error}`);
      return 0;
    });
    if (left > 0) this.#progress.say(`${left} accounts ${prefix}-… are still at the server.`);
    await crew.end();
  }

  #count(phase: Phase): void {
    const { users, groups } = this.#settings.shape;
    const done = (this.#counts.get(phase) ?? 0) + 1;
    this.#counts.set(phase, done);
    this.#progress.count(NAMES[phase], done, phase === 'make groups' ? groups : users);
  }

  #waiting(reason: string, seconds: number): void {
    if (this.#toldOfLimits) return;
    this.#toldOfLimits = true;
    this.#progress.say(
      `The server asks to wait ${seconds} s: ${reason} Its limits for one network are the reason, as a rule: it goes on by itself, or start the server with PARLEY_RATE_FACTOR=1000 for the test.`,
    );
  }
}
