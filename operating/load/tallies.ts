// What the clients of one thread report, gathered until the main thread is told of it.
import { performance } from 'node:perf_hooks';
import type { Tick } from './messages.ts';

export class Tallies {
  #sent: number[] = [];
  #accepted: number[] = [];
  #refused: number[] = [];
  #arrived: number[] = [];
  #errors: Record<string, number> = {};
  #reconnects = 0;
  #lateMs = 0;
  #utilization = performance.eventLoopUtilization();

  sent(stream: number, n: number, lateMs: number): void {
    this.#sent.push(stream, n);
    this.#lateMs = Math.max(this.#lateMs, lateMs);
  }

  accepted(stream: number, n: number, dueMs: number, latencyMs: number): void {
    this.#accepted.push(stream, n, dueMs, latencyMs);
  }

  refused(stream: number, n: number): void {
    this.#refused.push(stream, n);
  }

  arrived(recipient: number, stream: number, n: number, order: number, dueMs: number, latencyMs: number): void {
    this.#arrived.push(recipient, stream, n, order, dueMs, latencyMs);
  }

  trouble(code: string): void {
    this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  reconnecting(): void {
    this.#reconnects += 1;
  }

  /** All since the last one. */
  take(connected: number): Tick {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    const tick: Tick = {
      type: 'tick',
      rows: {
        sent: Float64Array.from(this.#sent),
        accepted: Float64Array.from(this.#accepted),
        refused: Float64Array.from(this.#refused),
        arrived: Float64Array.from(this.#arrived),
      },
      ...{ errors: this.#errors, reconnects: this.#reconnects, lateMs: this.#lateMs, connected, utilization },
    };
    this.#sent = [];
    this.#accepted = [];
    this.#refused = [];
    this.#arrived = [];
    this.#errors = {};
    this.#reconnects = 0;
    this.#lateMs = 0;
    this.#utilization = now;
    return tick;
  }
}
