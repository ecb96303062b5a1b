// Tells for owners that are not known yet, or were found gone: kept for the few seconds of a take-over instead of being lost, so that
// whoever asked needs no second try. Pure: it is told the time.
import type { Addressed } from '#protocol/commands.ts';

const KEPT_MAX = 1_024;
/** After this whoever asked has asked again, or gave up. */
const KEPT_MAX_MS = 10_000;

export class Tells {
  #kept: { readonly command: Addressed; readonly until: number }[] = [];

  /** Keeps a tell; the oldest gives way. `now`: monotonic, in ms. */
  keep(command: Addressed, now: number): void {
    if (this.#kept.length >= KEPT_MAX) this.#kept.shift();
    this.#kept.push({ command, until: now + KEPT_MAX_MS });
  }

  /** Takes out, in order, what is for owners that are known now. */
  take(isKnown: (command: Addressed) => boolean, now: number): readonly Addressed[] {
    const young = this.#kept.filter(({ until }) => until > now);
    this.#kept = young.filter(({ command }) => !isKnown(command));
    return young.flatMap(({ command }) => (isKnown(command) ? [command] : []));
  }
}
