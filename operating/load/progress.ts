// What is seen while it runs: one line on a terminal, written anew; a line now and then where there is none; or JSON for programs.
import { visible } from '#protocol/visible.ts';
import type { Second } from './recorder.ts';

type Output = { readonly isTTY?: boolean; write(text: string): unknown };

/** Without a terminal a line of figures is for a log. */
const PLAIN_EVERY_SECONDS = 5;
const CLEAR_LINE = '\r\x1b[K';

export class Progress {
  readonly #out: Output;
  readonly #json: boolean;
  readonly #live: boolean;
  #seconds = 0;

  constructor(out: Output, json: boolean) {
    this.#out = out;
    this.#json = json;
    this.#live = !json && out.isTTY === true;
  }

  /** Accounts and such: `done` of `of`. */
  count(phase: string, done: number, of: number): void {
    if (this.#json) return this.#object({ phase, done, of });
    if (this.#live) this.#write(`${phase}: ${done} of ${of}`);
    else if (done === of || done % Math.ceil(of / 10) === 0) this.#write(`${phase}: ${done} of ${of}`);
  }

  second(phase: string, second: Second, errors: Readonly<Record<string, number>>): void {
    if (this.#json) return this.#object({ phase, ...second, errors });
    this.#seconds += 1;
    if (this.#live || this.#seconds % PLAIN_EVERY_SECONDS === 1) this.#write(lineOf(phase, second, errors));
  }

  /** A sentence that stays; it may quote the server. */
  say(sentence: string): void {
    if (this.#json) return this.#object({ said: sentence });
    this.#out.write(`${this.#live ? CLEAR_LINE : ''}${visible(sentence)}\n`);
  }

  end(result: Readonly<Record<string, unknown>>): void {
    if (this.#json) this.#object(result);
  }

  #write(line: string): void {
    this.#out.write(this.#live ? `${CLEAR_LINE}${line}` : `${line}\n`);
  }

  #object(value: Readonly<Record<string, unknown>>): void {
    this.#out.write(`${JSON.stringify(value)}\n`);
  }
}

function lineOf(phase: string, second: Second, errors: Readonly<Record<string, number>>): string {
  const { s, offered, accepted, delivered, acceptedMs, deliveredMs, connected, inFlight, busy } = second;
  const told = Object.entries(errors).map(([code, count]) => `${code} ${count}`);
  return [
    `${phase} ${s} s`,
    `${offered}/${accepted}/${delivered} offered/accepted/delivered a second`,
    `accepted p50 ${ms(acceptedMs.p50)} p99 ${ms(acceptedMs.p99)}`,
    `delivered p50 ${ms(deliveredMs.p50)} p99 ${ms(deliveredMs.p99)} ms`,
    `${connected} connected, ${inFlight} in flight`,
    `itself busy ${Math.round(busy * 100)} %`,
    ...told,
  ].join(' · ');
}

export function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
