import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '#protocol/limits.ts';
import { SureTime } from './sure-time.ts';

const T = 1_700_000_000_000;
const WEEK_MS = 7 * DAY_MS;

/** A machine whose clock can be set, and that can sleep: then the monotonic clock stands still. */
class Machine {
  wall = T;
  ticks = 0;
  readonly clock = { now: () => this.wall, monotonic: () => this.ticks };

  pass(ms: number): void {
    this.wall += ms;
    this.ticks += ms;
  }

  sleep(ms: number): void {
    this.wall += ms;
  }
}

describe('the time by which something is destroyed', () => {
  it('is that of the clock where nothing is strange: through hours, sleep, and a day without the profile', () => {
    const machine = new Machine();
    const time = new SureTime(machine.clock, T - DAY_MS);
    expect(time.now()).toBe(machine.wall);
    machine.pass(WEEK_MS);
    expect(time.now()).toBe(machine.wall);
    machine.sleep(12 * HOUR_MS);
    expect(time.now()).toBe(machine.wall);
  });

  it('goes on as time passes where the clock has jumped ahead, until a server bears the clock out', () => {
    const machine = new Machine();
    const time = new SureTime(machine.clock, T - WEEK_MS);
    machine.pass(HOUR_MS);
    expect(time.now()).toBe(T - WEEK_MS + HOUR_MS);
    time.heard(machine.wall + 5);
    expect(time.now()).toBe(machine.wall);
    machine.pass(HOUR_MS);
    expect(time.now()).toBe(machine.wall);
  });

  it('is that of the server where the clock is ahead of it by whatever', () => {
    const machine = new Machine();
    const time = new SureTime(machine.clock, undefined);
    time.heard(T - 5 * HOUR_MS);
    expect(time.now()).toBe(T - 5 * HOUR_MS);
    machine.pass(HOUR_MS);
    expect(time.now()).toBe(T - 4 * HOUR_MS);
  });

  it('is never more than the clock says, nor than the server said and what has passed since', () => {
    const step = fc.record({ act: fc.constantFrom('pass', 'sleep', 'set', 'heard'), by: fc.nat({ max: WEEK_MS }) });
    fc.assert(
      fc.property(fc.array(step), fc.nat({ max: WEEK_MS }), (steps, away) => {
        const machine = new Machine();
        const time = new SureTime(machine.clock, T - away);
        let said: number | undefined;
        for (const { act, by } of steps) {
          if (act === 'pass') machine.pass(by);
          else if (act === 'sleep') machine.sleep(by);
          else if (act === 'set') machine.wall = T + 2 * by - WEEK_MS;
          else {
            time.heard(T + by);
            said = T + by - machine.ticks;
          }
          expect(time.now()).toBeLessThanOrEqual(machine.wall);
          if (said !== undefined) expect(time.now()).toBeLessThanOrEqual(said + machine.ticks);
        }
      }),
    );
  });
});
