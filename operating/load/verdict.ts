// The verdict, in sentences: whether each message came once and in order, and whether the rate was reached.
import type { Fault, Faults } from './ledger.ts';

/** The rate that was asked for may be missed by so much. */
const RATE_SHORTFALL_MAX = 0.05;

export type Verdict = {
  /** Nothing was lost, doubled, out of order or left without an answer. */
  readonly kept: boolean;
  readonly rateReached: boolean;
  readonly sentences: readonly string[];
};

const WORDS: Readonly<Record<keyof Faults, string>> = {
  lost: 'lost',
  duplicated: 'delivered twice',
  misordered: 'out of order',
  strange: 'delivered to somebody whom they were not for, or never sent',
  unanswered: 'neither accepted nor refused',
  refused: 'refused for good',
};

/** Rates in messages a second. */
export function verdictOf(faults: Faults, acceptedRate: number, rate: number): Verdict {
  const found = Object.entries(WORDS).flatMap(([kind, words]) => {
    const { count, first }: Fault = faults[kind as keyof Faults]; // WORDS has exactly its keys
    return count === 0 ? [] : [`${count} ${words}, first ${first}.`];
  });
  const rateReached = acceptedRate >= rate * (1 - RATE_SHORTFALL_MAX);
  const reached = `${acceptedRate.toFixed(1)} of ${rate} messages a second were accepted`;
  return {
    kept: found.length === 0,
    rateReached,
    sentences: [
      ...(found.length === 0 ? ['Nothing was lost, duplicated or misordered.'] : found),
      rateReached ? `The rate was reached: ${reached}.` : `The rate was missed by more than 5 %: ${reached}.`,
    ],
  };
}
