// How long something takes where everybody is given their turns: for tests that hold this deployment to the times of DESIGN section 2 on
// machines that are busy with others.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect } from 'amqplib';

const STEP_MS = 50;
/** One after the other, in each step: they take some ms, and as much longer as this process or the broker is kept waiting. */
const ROUND_TRIPS = 8;
/** What a step counts for at most. An idle machine needs less, so that there its time is that of any clock. */
const STEP_MAX_MS = 60;

export class FairClock {
  readonly #model: ChannelModel;
  readonly #channel: Channel;

  private constructor(model: ChannelModel, channel: Channel) {
    this.#model = model;
    this.#channel = channel;
  }

  /** With a connection of its own to that broker. */
  static async open(url: string): Promise<FairClock> {
    const model = await connect(url);
    return new FairClock(model, await model.createChannel());
  }

  /** How long `work` takes, in ms. */
  async measure(work: () => Promise<unknown>): Promise<number> {
    let ended = false;
    const steps = (async () => {
      let ms = 0;
      while (!ended) {
        const start = performance.now();
        await sleep(STEP_MS);
        for (let n = 0; n < ROUND_TRIPS; n += 1) await this.#channel.prefetch(1);
        ms += Math.min(performance.now() - start, STEP_MAX_MS);
      }
      return ms;
    })();
    await Promise.race([work(), steps]).finally(() => {
      ended = true;
    });
    return steps;
  }

  async close(): Promise<void> {
    await this.#model.close();
  }
}
